"""`restore evaluate`: how well a network does, as tables for people and JSON for machines."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from fractions import Fraction
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal
from zipfile import BadZipFile

import click

from restore.config import Failure, Length, Refused, settings_from, told_as
from restore.options import WEIGHTS_DIR, colour_options

if TYPE_CHECKING:  # click alone, so that --help answers at once
    from pipelines.evaluate.report import Report, Section
    from pipelines.source import Film

NEEDS_EXTRA = "pictures are read by {}, which is not installed; pip install 'restore[train]'"
COLUMN = 12
"""Characters of a figure."""
MOST_FOUND, LEAST_FOUND = 100, 0.05
"""Boxes of a picture that are ranked, as in COCO's AP, and the score from which they are."""
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
RESULT = click.Path(dir_okay=False, path_type=Path)


@contextmanager
def told_in_one_line() -> Iterator[None]:
    """What is wrong with the input, said without a traceback."""
    from pipelines.errors import FilmError, SettingsError

    try:
        yield
    except ModuleNotFoundError as error:
        raise Failure(NEEDS_EXTRA.format(error.name)) from error
    except SettingsError as error:
        raise Refused(error) from error
    except (FilmError, ValueError, OSError, BadZipFile) as error:
        raise Failure(error) from error


@click.group()
def evaluate() -> None:
    """Measure a network: its colours and what it finds on pictures, or how steady its colours are on films."""
    from pipelines.process import keep_freed_memory, keep_what_was_imported

    keep_freed_memory()
    keep_what_was_imported()


SHARED = [
    click.argument("pictures", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)),
    click.option("--network", default="compact", show_default=True, help="Its name, or a .safetensors file."),
    WEIGHTS_DIR,
    click.option("--rows", default=0, help="Short side of what the network sees, in pixels. [its own]"),
    click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Take N pictures only, evenly spread."),
    click.option("--json", "json_out", type=RESULT, help="Write all figures, each picture's too, to this file."),
]


def _shared(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(SHARED):
        command = option(command)
    return command


@evaluate.command()
@_shared
@click.option("--temperature", type=float, metavar="T", help="T of the annealed mean. [the weights' own]")
@click.option("--saturation", type=float, default=1.0, show_default=True, help="Factor on the colours, 0 to 4.")
@click.option(
    "--instances",
    type=int,
    metavar="N",
    help="Colour up to N found things of a picture on their own too. [0; instcolor: 8]",
)
@click.option("--boxes", type=FILE, help="JSON lines of boxes that part the pictures. [what the network finds]")
@click.option("--classifier", type=FILE, help="MobileNetV2 weights, for Fréchet distance and top-1.")
@click.option("--labels", type=FILE, help="Lines of picture and class number, for top-1 against the truth.")
@click.option("--sheet", type=RESULT, help="Write a PNG of gray | ours | true.")
def colour(pictures: tuple[Path, ...], limit: int | None, json_out: Path | None, **options: Any) -> None:
    """Measure colours on colour PICTURES (zip files or folders) that are made gray and coloured again."""
    if options["labels"] and not options["classifier"]:
        raise click.UsageError("--labels is the truth for what a classifier sees; give --classifier, too")
    with told_in_one_line():
        weights = _weights(options["weights_dir"], options["network"])
        read = (*pictures, *weights, *(options[name] for name in ("boxes", "classifier", "labels")))
        _check_results(read, {"--json": json_out, "--sheet": options["sheet"]})
        from pipelines.evaluate.colour import evaluate_colour
        from pipelines.evaluate.content import Judge, read_labels
        from pipelines.evaluate.paint import Chosen, Paint
        from pipelines.evaluate.sheet import Sheet
        from pipelines.media.pictures import read_boxes
        from pipelines.settings import PaintSettings

        names = ("network", "weights_dir", "rows", "temperature", "saturation", "instances")
        with told_as(Refused, FileNotFoundError, ValueError):
            paint = Paint(PaintSettings(**{name: options[name] for name in names}))
        boxes = read_boxes(options["boxes"]) if options["boxes"] else None
        labels = read_labels(options["labels"]) if options["labels"] else None
        judge = Judge(options["classifier"], labels) if options["classifier"] else None
        sheet = Sheet(options["sheet"]) if options["sheet"] else None
        _show(evaluate_colour(Chosen(pictures, limit), paint, boxes, judge, sheet), json_out)
        if sheet:
            sheet.write()
    if not judge:
        click.echo("\nwithout --classifier there is no Fréchet distance and no top-1")


@evaluate.command()
@_shared
@click.option("--boxes", required=True, type=FILE, help="JSON lines of the boxes that are to be found.")
@click.option("--keys", type=FILE, help="Take only the pictures named here, one a line, without suffix.")
def detector(pictures: tuple[Path, ...], limit: int | None, json_out: Path | None, boxes: Path, keys: Path | None,
             **options: Any) -> None:  # fmt: skip
    """Measure what a network finds in PICTURES (zip files or folders), against given boxes: AP50."""
    with told_in_one_line():
        _check_results(
            (*pictures, *_weights(options["weights_dir"], options["network"]), boxes, keys), {"--json": json_out}
        )
        from pipelines.evaluate.detector import evaluate_detector
        from pipelines.evaluate.paint import Chosen
        from pipelines.media.pictures import read_boxes
        from pipelines.painting.detect import Detect
        from pipelines.painting.painter import open_painter
        from pipelines.settings import PaintSettings

        given = read_boxes(boxes)
        wanted = given.keys() & set(keys.read_text("utf-8").split()) if keys else given.keys()
        with told_as(Refused, FileNotFoundError, ValueError):
            painter = open_painter(PaintSettings(batch=1, instances=MOST_FOUND, least_score=LEAST_FOUND, **options))
        report = evaluate_detector(Chosen(pictures, limit, wanted), painter.settings.rows, Detect(painter), given)
        _show(report, json_out)


@evaluate.command()
@click.argument("films", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@colour_options()
@click.option(
    "--seconds", type=Length(), default="10", show_default=True, help="How much of each film, from its start."
)
@click.option(
    "--judge",
    type=click.Choice(["farneback", "raft"]),
    default="farneback",
    show_default=True,
    help="What finds the motion along which frames are compared; raft needs restore[raft] and its weights.",
)
@click.option("--json", "json_out", type=RESULT, help="Write all figures to this file.")
@click.option(
    "--compare",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write FILM.compared.mp4 of each film into this folder: every frame on the left, restore on the right.",
)
@click.option("--overwrite", is_flag=True, help="Replace comparisons that exist.")
def steadiness(films: tuple[Path, ...], seconds: Fraction, judge: Literal["farneback", "raft"], json_out: Path | None,
               compare: Path | None, overwrite: bool, **options: Any) -> None:  # fmt: skip
    """Measure how steady the colours of FILMS are, beside the same network on every frame with nothing smoothed.

    Films in colour are made gray first, and their own colours are the truth. A folder or zip file of pictures is taken
    as a film of 24 frames a second for each folder in it.

    The warping error is that from frame to frame; the jump is how far colours lie apart along the motion between frames
    8 apart, the same ones for both, wherever the anchors are.
    """
    settings = settings_from(options | {"recolour": True})
    with told_in_one_line(), TemporaryDirectory() as drawn:
        weights = _weights(settings.paint.weights_dir, settings.paint.network, settings.paint.detector, judge)
        _check_results((*films, *weights), {"--json": json_out})
        from pipelines.evaluate.judges import open_judge
        from pipelines.evaluate.sequences import as_films
        from pipelines.evaluate.steadiness import evaluate_steadiness
        from pipelines.media.probe import probe
        from pipelines.painting.choice import find_network
        from pipelines.painting.paint import Paint
        from pipelines.preview.compare import write_comparison
        from pipelines.streams import in_process

        settings = find_network(films[0], settings)[1]
        judging = open_judge(judge, settings.paint.device, settings.paint.weights_dir)
        opened = [probe(film) for path in films for film in as_films(path, Path(drawn))]
        compared = _places(opened, compare, overwrite, json_out) if compare else []
        painting = in_process(Paint())
        _show(evaluate_steadiness(opened, settings, painting, seconds, judging), json_out, "frame")
        for film, out in zip(opened, compared, strict=False):
            write_comparison(film, settings, painting, seconds, out)


def _weights(folder: Path | None, *names: str) -> list[Path]:
    """The files of weights that go by these names; what is not here is told where it is opened."""
    from models.weights.catalogue import find_weights

    found = []
    for name in names:
        with suppress(FileNotFoundError):
            found.append(find_weights(name, folder))
    return found


def _check_results(read: Iterable[Path | None], results: Mapping[str, Path | None]) -> None:
    """Raises ValueError, before anything is measured, where a result has no place or would replace what is read.

    Figures of an earlier run are replaced.
    """
    from pipelines.media.pictures import pictures_in
    from pipelines.places import check_place

    asked = {option: result for option, result in results.items() if result}
    given = [file for path in read if path for file in (pictures_in(path) if path.is_dir() else [path])]
    for option, result in asked.items():
        if result.exists() and any(result.samefile(path) for path in given):
            raise ValueError(f"{result}: is read to measure, and is never written to; name another file")
        check_place(result, next(iter(given), result.parent), overwrite=True, option=option)
    if len({result.resolve() for result in asked.values()}) < len(asked):
        raise ValueError(f"{asked['--json']}: is named for two results; name another file for one")


def _places(films: list["Film"], folder: Path, overwrite: bool, json_out: Path | None) -> list[Path]:
    """Where each film's comparison goes, in a folder made if it is missing; never where a film or the figures lie."""
    from pipelines.places import check_place

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


def _show(report: "Report", json_out: Path | None, counted: str = "picture") -> None:
    by = f", judged by {report.judge}" if report.judge else ""
    heads = [f"{each.title}, {each.pictures} {counted}{'s' * (each.pictures != 1)}{by}" for each in report.sections]
    width = max(len(name) + 2 for row in (heads, *(section.figures for section in report.sections)) for name in row)
    tables = zip(heads, report.sections, strict=True)
    click.echo("\n\n".join(_table(head, section, width) for head, section in tables))
    if json_out:
        json_out.write_text(json.dumps(report.as_json(), indent=1) + "\n", "utf-8")


def _table(head: str, section: "Section", width: int) -> str:
    columns = list(dict.fromkeys(kind for row in section.figures.values() for kind in row))
    lines = [f"{head:<{width}}" + "".join(f"{kind:>{COLUMN}}" for kind in columns)]
    for name, row in section.figures.items():
        lines.append((f"  {name:<{width - 2}}" + "".join(_cell(row.get(kind)) for kind in columns)).rstrip())
    return "\n".join(lines)


def _cell(value: float | None) -> str:
    if value is None:
        return " " * COLUMN
    return f"{value:>{COLUMN}}" if isinstance(value, int) else f"{value:>{COLUMN}.3f}"
