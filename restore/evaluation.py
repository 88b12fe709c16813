"""The work of `restore evaluate`: networks measured on pictures, steadiness measured on films."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, TypeVar

from pipelines.evaluate.colour import evaluate_colour
from pipelines.evaluate.content import ContentJudge, read_labels
from pipelines.evaluate.detector import evaluate_detector
from pipelines.evaluate.faults import evaluate_faults
from pipelines.evaluate.hints import evaluate_hints
from pipelines.evaluate.judges import open_judge
from pipelines.evaluate.masks import Masks
from pipelines.evaluate.paint import PicturePainter, PictureSet
from pipelines.evaluate.repair import RepairTrial, evaluate_dust
from pipelines.evaluate.repair_light import evaluate_light
from pipelines.evaluate.sequences import as_films
from pipelines.evaluate.sheet import Sheet
from pipelines.evaluate.steadiness import evaluate_steadiness
from pipelines.evaluate.stills import evaluate_stills
from pipelines.media.labels import read_classes
from pipelines.media.pictures import read_boxes
from pipelines.media.probe import probe
from pipelines.painting.choice import choose, choose_network
from pipelines.painting.detect import Detect
from pipelines.painting.paint import Paint
from pipelines.painting.painter import open_painter
from pipelines.places import check_place
from pipelines.preview.compare import write_comparison
from pipelines.settings import PaintSettings, Settings
from pipelines.source import Film
from pipelines.streams import Stream, in_process
from restore.exits import Refused, raised_as
from restore.measuring import OnPictures, ShowReport, check_results, keys_in, stepping, weights_files
from restore.show.counting import counting

MAX_FOUND, MIN_FOUND = 100, 0.05
"""Boxes of a picture that are ranked, as in COCO's AP, and the score from which they are."""
In = TypeVar("In")
Out = TypeVar("Out")


def measure_colour(asked: OnPictures, settings: dict[str, Any], given: Mapping[str, Path | None]) -> None:
    """Measures colours on colour pictures that are made gray and coloured again.

    Args:
        asked: pictures and results.
        settings: of `PaintSettings`, by name.
        given: the files of `boxes`, `classes`, `classifier`, `labels`; `sheet` is written.

    Raises:
        ValueError, OSError: an input cannot be read, or a result not be written.
    """
    read = (*asked.pictures, *weights_files(settings["weights_dir"], settings["network"]))
    files = [path for name, path in given.items() if name != "sheet"]
    check_results((*read, *files), {"--json": asked.json_out, "--sheet": given["sheet"]})
    classes = read_classes(given["classes"]) if given["classes"] else None
    with raised_as(Refused, FileNotFoundError, ValueError):
        paint = PicturePainter(PaintSettings(**settings), classes=classes)
    boxes = read_boxes(given["boxes"]) if given["boxes"] else None
    labels = read_labels(given["labels"]) if given["labels"] else None
    judge = ContentJudge(given["classifier"], labels) if given["classifier"] else None
    sheet = Sheet(given["sheet"]) if given["sheet"] else None
    chosen = PictureSet(asked.pictures, asked.limit, classes)
    with counting("pictures", len(chosen)) as step:
        report = evaluate_colour(chosen, stepping(paint, step), boxes, judge, sheet)
    asked.show(report)
    if sheet:
        sheet.write()


def measure_detector(asked: OnPictures, settings: dict[str, Any], boxes: Path, keys: Path | None) -> None:
    """Measures a network's detector on pictures, against given boxes.

    Args:
        asked: pictures and results.
        settings: of `PaintSettings`, by name.
        boxes: JSON lines of the boxes to be found.
        keys: names of the pictures that are taken; None: all that have boxes.

    Raises:
        ValueError, OSError: an input cannot be read, or a result not be written.
    """
    read = (*asked.pictures, *weights_files(settings["weights_dir"], settings["network"]), boxes, keys)
    check_results(read, {"--json": asked.json_out})
    given = read_boxes(boxes)
    wanted = given.keys() & keys_in(keys) if keys else given.keys()
    with raised_as(Refused, FileNotFoundError, ValueError):
        chosen = choose(PaintSettings(batch=1, instances=MAX_FOUND, least_score=MIN_FOUND, **settings))
        find = Detect(open_painter(chosen))
    measured = PictureSet(asked.pictures, asked.limit, wanted)
    with counting("pictures", len(measured)) as step:
        report = evaluate_detector(measured, chosen.rows, stepping(find, step), given)
    asked.show(report)


def measure_on_masks(
    kind: Literal["hints", "faults"], asked: OnPictures, settings: dict[str, Any], keys: Path | None, masks: Path | None
) -> None:
    """Measures hints, or faults by name, on colour pictures; `masks` are class maps of some of them.

    Raises:
        ValueError, OSError: an input cannot be read, or a result not be written.
    """
    read = (*asked.pictures, *weights_files(settings["weights_dir"], settings["network"]), keys, masks)
    check_results(read, {"--json": asked.json_out})
    with raised_as(Refused, FileNotFoundError, ValueError):
        chosen = choose(PaintSettings(**settings))
        if kind == "hints" and not chosen.takes("hints"):
            raise ValueError(f"{settings['network']} takes no hints; give --network of one that does")
        paint = PicturePainter(PaintSettings(**settings), takes=0)
    wanted = keys_in(keys) if keys else None
    measured = PictureSet(asked.pictures, asked.limit, wanted)
    measure = evaluate_hints if kind == "hints" else evaluate_faults
    with counting("pictures", len(measured)) as step:
        counted = (stepping(lambda named: named, step)(named) for named in measured)
        report = measure(counted, paint, Masks(masks) if masks else None)
    asked.show(report)


def measure_steadiness(  # noqa: PLR0913, PLR0917  # one measurement's all
    films: Sequence[Path],
    settings: Settings,
    seconds: Fraction,
    judge: Literal["farneback", "raft"],
    json_out: Path | None,
    compare: Path | None,
    overwrite: bool,
    show: ShowReport,
) -> None:
    """Measures how steady the colours of films are, beside the network on every frame with nothing smoothed.

    Args:
        films: films; a folder or zip file of pictures is a film for each folder in it.
        settings: of the run.
        seconds: how much of each film, from its start.
        judge: finds the motion along which frames are compared.
        json_out: a file for all figures, which `show` writes.
        compare: a folder for films that show both; None writes none.
        overwrite: whether comparisons that exist are replaced.
        show: takes the figures.

    Raises:
        FilmError, ValueError, OSError: an input cannot be read, or a result not be written.
    """
    paint = settings.paint
    read = (*films, *weights_files(paint.weights_dir, paint.network, paint.detector, judge))
    check_results(read, {"--json": json_out})
    with TemporaryDirectory() as drawn:
        chosen = choose_network(films[0], settings)
        judging = open_judge(judge, chosen.device.type, settings.paint.weights_dir)
        opened = [probe(film) for path in films for film in as_films(path, Path(drawn))]
        compared = _places(opened, compare, overwrite, json_out) if compare else []
        painting = in_process(Paint())
        batches = sum(float(min(seconds, film.duration)) for film in opened)
        with counting("batches of anchors", max(1, round(batches))) as step:
            report = evaluate_steadiness(opened, settings, chosen, _stream(painting, step), seconds, judging)
        show(report)
        for film, out in zip(opened, compared, strict=False):
            write_comparison(film, settings, painting, seconds, out)


def measure_stills(  # one measurement's all
    films: Sequence[Path],
    settings: Settings,
    seconds: Fraction,
    judge: Literal["farneback", "raft"],
    json_out: Path | None,
    show: ShowReport,
) -> None:
    """Measures how far one painted frame reaches: the true first frame of each film.

    Args:
        films: in colour; a folder or zip file of pictures is a film for each folder in it.
        settings: of the run.
        seconds: how much of each film, from its start.
        judge: finds the motion along which flicker is measured.
        json_out: a file for all figures, which `show` writes.
        show: takes the figures.

    Raises:
        FilmError, ValueError, OSError: an input cannot be read, or a result not be written.
    """
    check_results(
        (*films, *weights_files(settings.paint.weights_dir, settings.paint.network, judge)), {"--json": json_out}
    )
    with TemporaryDirectory() as drawn:
        chosen = choose_network(films[0], settings)
        judging = open_judge(judge, chosen.device.type, settings.paint.weights_dir)
        opened = [probe(film) for path in films for film in as_films(path, Path(drawn))]
        show(evaluate_stills(opened, settings, chosen, in_process(Paint()), seconds, judging))


def measure_repair(  # one measurement's all
    films: Sequence[Path],
    damage: Literal["dust", "worn", "light"],
    seconds: Fraction,
    trial: Mapping[str, int],
    json_out: Path | None,
    show: ShowReport,
) -> None:
    """Measures repair on clean films on which damage is drawn.

    Args:
        films: films; a folder or zip file of pictures is a film for each folder in it.
        damage: what is drawn.
        seconds: how much of each film, from its start.
        trial: of `RepairTrial`, by name; `seeds` is how many.
        json_out: a file for all figures, which `show` writes.
        show: takes the figures.

    Raises:
        FilmError, ValueError, OSError: an input cannot be read, or a result not be written.
    """
    check_results(films, {"--json": json_out})
    asked = RepairTrial(
        range(trial["seeds"]), trial["frames"], trial["rows"], trial["strength"], is_worn=damage == "worn"
    )
    measure = evaluate_light if damage == "light" else evaluate_dust
    with TemporaryDirectory() as drawn:
        opened = [probe(film) for path in films for film in as_films(path, Path(drawn))]
        with counting("seeds", len(opened) * trial["seeds"]) as step:
            report = measure(opened, seconds, asked, step)
    show(report)


def _stream(stream: Stream[In, Out], step: Callable[[], None]) -> Stream[In, Out]:
    """A stream that counts its batches."""
    return lambda batches: (stepping(lambda batch: batch, step)(batch) for batch in stream(batches))


def _places(films: list[Film], folder: Path, overwrite: bool, json_out: Path | None) -> list[Path]:
    """Where each film's comparison goes, in a folder made if it is missing; never where a film or the figures lie."""
    names = [film.path.stem for film in films]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ValueError(f"two films are called {twice}, and {folder} takes one; compare one after the other")
    places = [folder / f"{name}.compared.mp4" for name in names]
    if json_out and json_out.resolve() in [place.resolve() for place in places]:
        raise ValueError(f"{json_out}: is named for two results; name another file with --json")
    folder.mkdir(parents=True, exist_ok=True)
    for place, film in product(places, films):
        check_place(place, film.path, overwrite, "--compare")
    return places
