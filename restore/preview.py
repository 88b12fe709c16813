"""`restore preview`, `still`, `sheet` and `shots`: a look at a film before the run, in the run's own pictures."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from restore.config import Length, Time, settings_from
from restore.options import HINTS, READ_OPTIONS, SHOW_OPTIONS, SKIP_DAMAGED, Decorator, colour_options, join

if TYPE_CHECKING:  # click alone, so that --help answers at once
    from pipelines.preview.sheet import Tile
    from pipelines.preview.view import Kind, View
    from pipelines.settings import Settings
    from restore.progress import Show

COMPARED = "network", "saturation", "steady"
"""Options that --variants compares."""
FINDING, COLOURING = "finding shots", "colouring"
"""Phases, as machines are told of them."""
AT = "Seconds or HH:MM:SS.mmm from the film's start."


def _files(out: str) -> Decorator:
    return join(
        click.argument("film", type=click.Path(path_type=Path)),
        click.option("-o", "--out", type=click.Path(path_type=Path), help=out),
        click.option("--overwrite", is_flag=True, help="Replace a result that exists."),
        SHOW_OPTIONS,
    )


@contextmanager
def _looking(kind: "Kind", settings: "Settings", files: dict[str, Any]) -> Iterator[tuple["View", "Show"]]:
    """The film of a command, and who is told how it goes; a failure ends the process with the right code."""
    from pipelines.preview.view import open_view
    from pipelines.process import keep_freed_memory, keep_what_was_imported
    from restore.progress import choose_show, told

    keep_freed_memory()
    keep_what_was_imported()
    show = choose_show(files["as_json"], files["quiet"])
    with told(show, "nothing was written"):
        yield open_view(files["film"], files["out"], kind, settings, files["overwrite"]), show


def _begin(show: "Show", view: "View", how: str, seconds: Fraction, coloured: Sequence["View"] = ()) -> None:
    """So many seconds of the film are looked at first; it is shown as these views colour it."""
    from restore.progress import facts_of

    film, picture, by = view.film, view.film.picture, {}
    if coloured:
        networks = dict.fromkeys(each.settings.paint.network for each in coloured)
        by = {"network": ", ".join(networks), "device": view.settings.paint.device}
        how = f"{how}, {by['network']} on {by['device']}"
    show.begin(
        f"{facts_of(film)} -> {how} -> {view.out}", seconds, film=str(film.path), out=str(view.out),
        width=picture.width, height=picture.height, frame_rate=str(picture.frame_rate), **by,
    )  # fmt: skip


def _in_film(show: "Show", view: "View") -> Callable[[int], None]:
    from restore.progress import ticker

    tick = ticker(show)
    return lambda pts: tick(float(view.film.seconds(pts)))


@click.command()
@_files("The result, an mp4. [FILM.preview.mp4]")
@click.option("--at", type=Time(), help=f"{AT} [the middles of the 3 longest shots]")
@click.option("--seconds", type=Length(), help="Length of what is shown, at a time or of each shot. [5, 2]")
@click.option(
    "--layout",
    type=click.Choice(["side", "split", "over", "colour"]),
    help="Beside each other, halves of one picture, above each other, or colour alone. [side]",
)
@click.option(
    "--height", type=click.IntRange(min=16), default=540, show_default=True, help="Rows of each picture at most."
)
@click.option("--labels/--no-labels", default=False, help="Say in the picture which is which.")
@click.option("--timecode/--no-timecode", default=False, help="Show the film's own timecode in the picture.")
@click.option(
    "--variants/--no-variants",
    default=False,
    help="A grid of all values of --network, --saturation and --steady, each given several times.",
)
@colour_options(several=True)
@HINTS
@READ_OPTIONS
def preview(at: Fraction | None, seconds: Fraction | None, layout: Any, height: int, labels: bool,
            timecode: bool, variants: bool, **options: Any) -> None:  # fmt: skip
    """Show a few seconds of FILM, before and after, in a small file that plays anywhere."""
    ways = [(label, settings_from(each)) for label, each in _ways(options, variants, layout)]
    from pipelines.painting.paint import Paint
    from pipelines.preview.canvas import Composition, make_canvas
    from pipelines.preview.render import SPANS, Preview, Variant, choose_spans, total
    from pipelines.preview.view import PREVIEW, ready
    from pipelines.streams import in_process
    from restore.progress import counted, ticker

    how, began = Composition(layout or "side", height, labels, timecode), time.monotonic()
    with _looking(PREVIEW, ways[0][1], options) as (opened, show):
        if at is not None:
            opened.check_frame(at)
        view, *others = ready(opened, *(settings for _, settings in ways[1:]))
        compared = [Variant(label, each) for (label, _), each in zip(ways, (view, *others), strict=True)]
        make_canvas(view.film, how, [each.label for each in compared] if variants else [])
        choose = partial(choose_spans, view, at, seconds, 1 if variants else SPANS)
        spans = choose() if at is not None else []
        looked_at = total(spans) if spans else view.film.duration
        _begin(
            show, view, f"{len(ways)} variants" if variants else f"preview, {how.layout}", looked_at, [view, *others]
        )
        if not spans:
            show.expect(view.film.duration, FINDING)
            spans = choose(_in_film(show, view))
        show.expect(total(spans), COLOURING)
        tick = ticker(show)
        made = Preview(view, how, spans, compared if variants else [])
        frames = made(in_process(Paint()), lambda done: tick(float(done)))
        took = time.monotonic() - began
        show.end(
            f"{view.out}, {counted(frames, 'frame')}, {took:.1f} s", out=str(view.out), frames=frames, seconds=took
        )


def _ways(options: dict[str, Any], are_wanted: bool, layout: str | None) -> list[tuple[str, dict[str, Any]]]:
    """Each way to colour that is asked for: what it is called, and its options, of which each has one value.

    Raises:
        click.UsageError: the options do not go together.
    """
    given = {name: options[name] for name in COMPARED}
    several = [name for name, values in given.items() if len(values) > 1]
    if several and not are_wanted:
        raise click.UsageError(f"--{several[0]} is given more than once; --variants shows all its values")
    if are_wanted and not several:
        raise click.UsageError("--variants compares values; give --network, --saturation or --steady more than once")
    if are_wanted and layout:
        raise click.UsageError("--variants has a layout of its own, a grid; leave out --layout")
    ways = [dict(zip(given, way, strict=True)) for way in product(*(values or (None,) for values in given.values()))]
    return [(", ".join(f"{name} {_worded(way[name])}" for name in several), options | way) for way in ways]


def _worded(value: Any) -> str:
    return Path(value).stem if isinstance(value, str) else f"{float(value):g}"


@click.command()
@_files("The result, a png. [FILM.still.png]")
@click.option("--at", type=Time(), required=True, help=f"{AT} The first frame from there on.")
@click.option("--bits", type=click.Choice(["8", "16"]), help="Depth of the png. [8; 16 for films of more than 8 bits]")
@colour_options()
@HINTS
@READ_OPTIONS
def still(at: Fraction, bits: str | None, **options: Any) -> None:
    """Write one frame of FILM at its full size, before and after."""
    settings = settings_from(options)
    from pipelines.errors import timecode
    from pipelines.painting.paint import Paint
    from pipelines.preview.still import write_still
    from pipelines.preview.view import STILL, ready
    from pipelines.streams import in_process

    with _looking(STILL, settings, options) as (opened, show):
        opened.check_frame(at)
        (view,) = ready(opened)
        _begin(show, view, "still", Fraction(0), [view])
        shown = write_still(view, at, in_process(Paint()), int(bits) if bits else None)
        show.end(f"{view.out}, the frame at {timecode(shown)}", out=str(view.out), at=float(shown))


@click.command()
@_files("The result, a png, pdf or html. [FILM.sheet.png]")
@colour_options()
@HINTS
@READ_OPTIONS
def sheet(**options: Any) -> None:
    """Write a contact sheet of FILM: a picture of each shot, before and after."""
    settings = settings_from(options)
    from pipelines.painting.paint import Paint
    from pipelines.preview.pages import sheet_places, write_sheet
    from pipelines.preview.sheet import tiles
    from pipelines.preview.shots import find_shots
    from pipelines.preview.timecode import clock_of
    from pipelines.preview.view import SHEET, ready
    from pipelines.streams import in_process
    from restore.progress import counted

    with _looking(SHEET, settings, options) as (opened, show):
        sheet_places(opened, 1, options["overwrite"])
        clock_of(opened.film)
        (view,) = ready(opened)
        _begin(show, view, "contact sheet", view.film.duration, [view])
        show.expect(view.film.duration, FINDING)
        found = find_shots(view.film, view.settings, _in_film(show, view))
        show.note(counted(len(found), "shot"))
        places = sheet_places(view, len(found), options["overwrite"])
        show.expect(view.film.duration, COLOURING)
        write_sheet(view, list(_shown_by(show, tiles(view, found, in_process(Paint())))), places)
        written = [str(place) for place in places]
        show.end(f"{', '.join(written)}, {counted(len(found), 'shot')}", out=written, shots=len(found))


def _shown_by(show: "Show", drawn: Iterator["Tile"]) -> Iterator["Tile"]:
    from restore.progress import ticker

    tick = ticker(show)
    for tile in drawn:
        tick(float(tile.ends))
        yield tile


@click.command()
@_files("The result, a csv, edl (CMX3600) or otio. [FILM.shots.csv]")
@SKIP_DAMAGED
def shots(**options: Any) -> None:
    """List the shots of FILM, to the frame, for people or an editing program."""
    settings = settings_from(options)
    from pipelines.preview.shot_list import clock_for, write_shots
    from pipelines.preview.shots import find_shots
    from pipelines.preview.view import SHOTS
    from restore.progress import counted

    with _looking(SHOTS, settings, options) as (view, show):
        clock_for(view)
        _begin(show, view, "shot list", view.film.duration)
        show.expect(view.film.duration, FINDING)
        found = find_shots(view.film, view.settings, _in_film(show, view))
        write_shots(view, found)
        show.end(f"{view.out}, {counted(len(found), 'shot')}", out=str(view.out), shots=len(found))
