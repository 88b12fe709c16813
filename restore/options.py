"""Options that commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from restore.config import Anchors, Time, settings_from

if TYPE_CHECKING:
    from pipelines.settings import Settings

Decorator = Callable[[Any], Any]


def join(*options: Decorator) -> Decorator:
    """Several options as one decorator, shown in this order."""

    def add(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return add


WEIGHTS_DIR = click.option(
    "--weights-dir",
    envvar="RESTORE_WEIGHTS",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of fetched weights, also RESTORE_WEIGHTS. [in the user's cache]",
)

HINTS = click.option(
    "--hints",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON of colours for points of the film, for --network siggraph17.",
)


def colour_options(several: bool = False) -> Decorator:
    """How a film is coloured; with `several`, what can be compared may be given more than once."""
    return join(
        click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), help="Where the network runs. [auto]"),
        click.option("--network", metavar="NAME", multiple=several,
                     help="Its name, or a .safetensors file: see restore weights. [compact]"),
        WEIGHTS_DIR,
        click.option("--anchors", type=Anchors(), metavar="SECONDS|every|auto",
                     help="Time between coloured frames; auto: less of it where motion is fast. [auto]"),
        click.option("--steady", type=Time(), metavar="SECONDS", multiple=several,
                     help="How far colours agree; 0: not at all. [1.75]"),
        click.option("--saturation", type=float, metavar="X", multiple=several,
                     help="Factor on the colours, 0 to 4. [1]"),
        click.option("--temperature", type=float, metavar="T", help="Sharpens colours below 1. [the weights' own]"),
        click.option("--instances", type=int, metavar="N",
                     help="Colour up to N things of a picture on their own too. [0; instcolor: 8]"),
        click.option("--detector", type=click.Choice(["compact", "maskrcnn"]),
                     help="What finds these things. [compact]"),
    )  # fmt: skip


SKIP_DAMAGED = click.option(
    "--skip-damaged/--no-skip-damaged", default=None, help="Hold the last good frame over damaged packets."
)
READ_OPTIONS = join(
    SKIP_DAMAGED,
    click.option("--recolour/--no-recolour", default=None, help="Colour a film anew that has colours already."),
    click.option("--deinterlace/--no-deinterlace", default=None, help="Make whole frames of interlaced ones."),
)
SETTING_OPTIONS = join(
    colour_options(),
    click.option("--codec", type=click.Choice(["h264", "h265", "av1", "prores", "dnxhr", "ffv1"]),
                 help="How the picture is written; ffv1 loses nothing. [h264]"),
    click.option("--crf", type=int, metavar="N", help="Quality of h264, h265, av1; lower is better. [18, 20, 24]"),
    click.option("--preset", metavar="NAME", help="Speed of h264, h265 (ultrafast to placebo), av1 (0 to 13)."),
    click.option("--start", type=Time(), help="Begin here: seconds or HH:MM:SS.mmm."),
    click.option("--end", type=Time(), help="End here."),
    READ_OPTIONS,
)  # fmt: skip
"""What becomes `pipelines.settings.Settings`; None where it was not given."""

DEVICE_OPTIONS = join(
    click.option("--gpus", type=click.IntRange(min=1), metavar="N", help="Share the work among N GPUs, through Ray."),
    click.option("--workers", type=click.IntRange(min=1), metavar="N", help="The same among N CPU processes."),
    click.option(
        "--address", metavar="HOST:PORT", envvar="RAY_ADDRESS", help="The Ray cluster to do it. [this machine]"
    ),
)
"""What becomes `restore.devices.Devices`."""

SHOW_OPTIONS = join(
    click.option("--json", "as_json", is_flag=True, help="One JSON event a line, for machines."),
    click.option("--quiet", is_flag=True, help="Show errors only."),
)

COLUMNS = {
    option: param
    for param in SETTING_OPTIONS(click.Command("manifest")).params
    for option in (param.opts[-1].removeprefix("--"), param.name)
}
"""Columns that a manifest may have beside `film` and `out`, in either spelling."""


def settings_of_row(cells: dict[str, str], base: "Settings") -> "Settings":
    """Settings from a row of a manifest, over those of the run.

    Raises:
        ValueError: there is no such option, or it has no such value.
    """
    unknown = [name for name in cells if name not in COLUMNS]
    if unknown:
        raise ValueError(f"no option {unknown[0]!r}; columns are film, out, {', '.join(sorted(set(COLUMNS)))}")
    try:
        options = {COLUMNS[name].name: COLUMNS[name].type.convert(cell, None, None) for name, cell in cells.items()}
        return settings_from(options, base)  # type: ignore[no-any-return]
    except click.UsageError as error:
        raise ValueError(error.message) from error
