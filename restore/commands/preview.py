"""`restore preview`, `still`, `sheet` and `shots`: a look at a film before the run, in the run's own pictures."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import click

from pipelines.process import start_work
from pipelines.ranges import TIMES, When
from pipelines.settings import Settings
from restore.exits import shown_by
from restore.options.guides import GUIDES
from restore.options.layout import COLOUR, OUTPUT, TASK, Command, Decorator, join, option
from restore.options.repair import MASK_IN_OPTIONS, REPAIR_OPTIONS, SHOW
from restore.options.shared import (
    NO_COLOUR,
    READ_OPTIONS,
    SCAN_OPTIONS,
    SHOW_OPTIONS,
    SKIP_DAMAGED,
    TIMECODE_START,
    colour_options,
    look_option,
    overwrite_option,
    settings_from,
)
from restore.options.values import Length, Place
from restore.reporting import Reporter
from restore.show import choose_show

REPAIRED = join(SHOW, NO_COLOUR, REPAIR_OPTIONS, MASK_IN_OPTIONS)
"""Options of what is mended, and shown of that."""
COMPARED = "network", "saturation", "warmth", "temperature", "steady", "look"
"""Options that --variants compares."""
AT = f"{TIMES[0].upper()}{TIMES[1:]}."


def _files(out: str) -> Decorator:
    return join(
        click.argument("film", type=click.Path(path_type=Path)),
        option(OUTPUT, "-o", "--out", type=click.Path(path_type=Path), help=out),
        overwrite_option("Replace a result that exists."),
        SHOW_OPTIONS,
    )


@contextmanager
def _followed(as_json: bool, quiet: bool) -> Iterator[Reporter]:
    """Who follows a look; a failure ends the command with the right code."""
    start_work()
    show = choose_show(as_json, quiet)
    with shown_by(show):
        yield Reporter(show)


@click.command(cls=Command, examples=[
    ("restore preview film.mp4 --at 00:12:04", "5 seconds before and after"),
    ("restore preview film.mp4 --at 90 --layout split --labels", "halves of one picture"),
    ("restore preview film.mp4 --variants --saturation 0.8 --saturation 1.2", "both saturations in a grid"),
])  # fmt: skip
@_files("The result, an mp4. [FILM.preview.mp4]")
@option(TASK, "--at", type=Place(), help=f"{AT} [the middles of the 3 longest shots]")
@option(TASK, "--seconds", type=Length(), help="Length of what is shown. [5 with --at, 2 of each shot]")
@option(
    OUTPUT,
    "--layout",
    type=click.Choice(["side", "split", "over", "colour"]),
    help="Side by side, split: halves of one picture, over: one above the other, or colour alone. [side]",
)
@option(
    OUTPUT,
    "--height",
    type=click.IntRange(min=16),
    default=540,
    show_default=True,
    help="Rows of each picture at most, in pixels.",
)
@option(OUTPUT, "--labels/--no-labels", default=False, help="Say in the picture which is which.")
@option(OUTPUT, "--timecode/--no-timecode", default=False, help="Show the film's own timecode in the picture.")
@option(
    COLOUR,
    "--variants/--no-variants",
    default=False,
    help="Show several settings in one grid: what is given more than once of --network, --saturation, --warmth, "
    "--sharpen, --steady and --look.",
)
@TIMECODE_START
@colour_options(several=True)
@look_option(several=True)
@GUIDES
@REPAIRED
@READ_OPTIONS
def preview(  # noqa: PLR0913, PLR0917  # an argument for each option
    film: Path, out: Path | None, overwrite: bool, as_json: bool, quiet: bool, at: Fraction | When | None,
            seconds: Fraction | None, layout: Any, height: int, labels: bool, timecode: bool, variants: bool, show: Any,
            **options: Any) -> None:  # fmt: skip
    """Show a few seconds of FILM, before and after, in a small file that plays anywhere."""
    ways = {label: settings_from(each) for label, each in _ways(options, variants, layout)}
    from restore.api import render_preview

    compared: dict[str, Settings] = ways if len(ways) > 1 else {}
    how = _composed(layout, height, labels, timecode, show)
    with _followed(as_json, quiet) as reporter:
        render_preview(film, out, next(iter(ways.values())), at=at, seconds=seconds, how=how, variants=compared,
                       overwrite=overwrite, reporter=reporter)  # fmt: skip


def _composed(layout: Any, height: int, labels: bool, timecode: bool, show: Any) -> Any:
    """The `Composition` of a preview.

    Raises:
        click.UsageError: they cannot be shown so.
    """
    from restore.api import Composition

    try:
        return Composition(layout or "side", height, labels, timecode, *([show] if show else []))
    except ValueError as error:
        raise click.UsageError(f"--show: {error}") from error


def _ways(options: dict[str, Any], are_wanted: bool, layout: str | None) -> list[tuple[str, dict[str, Any]]]:
    """Each way to colour that is asked for: its label, and its options, of which each has one value.

    Raises:
        click.UsageError: the options do not go together.
    """
    given = {name: options[name] for name in COMPARED}
    several = [name for name, values in given.items() if len(values) > 1]
    are_wanted = are_wanted or several == ["look"]
    if several and not are_wanted:
        raise click.UsageError(f"--{several[0]} is given more than once; --variants shows all its values")
    if are_wanted and not several:
        raise click.UsageError("--variants compares values; give one of them more than once, such as --saturation")
    if are_wanted and layout:
        raise click.UsageError("--variants has a layout of its own, a grid; leave out --layout")
    ways = [dict(zip(given, way, strict=True)) for way in product(*(values or (None,) for values in given.values()))]
    return [(", ".join(f"{name} {_worded(way[name])}" for name in several), options | way) for way in ways]


def _worded(value: Any) -> str:
    return Path(value).stem.removesuffix(".look") if isinstance(value, str | Path) else f"{float(value):g}"


@click.command(cls=Command, examples=[
    ("restore still film.mp4 --at 00:12:04", "film.still.png"),
    ("restore still film.mp4 --at 00:12:04 --layout colour -o a.tif", "to be painted over, for --still a.tif"),
])  # fmt: skip
@_files("The result, a png or tif. [FILM.still.png]")
@option(TASK, "--at", type=Place(), required=True, help=f"{AT} The first frame from there on.")
@option(
    OUTPUT,
    "--layout",
    type=click.Choice(["side", "colour"]),
    default="side",
    help="Black and white beside colour, or colour alone. [side]",
)
@option(
    OUTPUT,
    "--bits",
    type=click.Choice(["8", "16"]),
    help="Depth of the picture. [8; 16 for films of more than 8 bits, and for colour alone]",
)
@TIMECODE_START
@colour_options()
@look_option()
@GUIDES
@REPAIRED
@READ_OPTIONS
def still(  # noqa: PLR0913, PLR0917  # an argument for each option
    film: Path, out: Path | None, overwrite: bool, as_json: bool, quiet: bool, at: Fraction | When,
          layout: Any, bits: str | None, show: Any, **options: Any) -> None:  # fmt: skip
    """Write one frame of FILM at its full size, before and after, or its colour alone to be painted over."""
    settings = settings_from(options)
    from restore import api

    with _followed(as_json, quiet) as reporter:
        depth = int(bits) if bits else None
        shown = {"show": show} if show else {}
        api.still(film, at, out, settings, layout=layout, bits=depth, **shown, overwrite=overwrite, reporter=reporter)


@click.command(cls=Command, examples=[("restore sheet film.mp4 -o sheet.pdf", "all shots on pages of A4")])
@_files("The result, a png, pdf or html. [FILM.sheet.png]")
@TIMECODE_START
@colour_options()
@look_option()
@GUIDES
@REPAIRED
@READ_OPTIONS
def sheet(film: Path, out: Path | None, overwrite: bool, as_json: bool, quiet: bool, show: Any, **options: Any
          ) -> None:  # fmt: skip
    """Write a contact sheet of FILM: a picture of each shot, before and after."""
    settings = settings_from(options)
    if show and len(show) > 2:
        raise click.UsageError("--show: a sheet has room for two pictures of each shot")
    from restore import api

    with _followed(as_json, quiet) as reporter:
        api.sheet(film, out, settings, **({"show": show} if show else {}), overwrite=overwrite, reporter=reporter)


@click.command(cls=Command, examples=[
    ("restore shots film.mp4 -o film.edl", "for an editing program"),
    ("restore shots film.mp4 --result film.restored.mov -o film.fcpxml", "film and result, one above the other"),
    ("restore shots film.mp4 --look film.look.toml -o film.ccc", "the look's saturation of each shot as ASC CDL"),
])  # fmt: skip
@_files("The result, a csv, edl (CMX3600), otio, fcpxml, ccc or cdl (ASC CDL), or toml (a look). [FILM.shots.csv]")
@option(
    TASK,
    "--result",
    type=click.Path(exists=True, path_type=Path),
    help="The whole film in colour: a track or lane above the film's; in an edl its clips alone.",
)
@look_option()
@SCAN_OPTIONS
@SKIP_DAMAGED
def shots(film: Path, out: Path | None, overwrite: bool, as_json: bool, quiet: bool, result: Path | None, **options: Any
          ) -> None:  # fmt: skip
    """List the shots of FILM, to the frame, for people or an editing program."""
    settings = settings_from(options)
    from restore import api

    with _followed(as_json, quiet) as reporter:
        api.shots(film, out, settings, result=result, overwrite=overwrite, reporter=reporter)
