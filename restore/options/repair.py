"""Options of repair, and of the masks of what is mended."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from pipelines.repair_settings import RepairSettings
from restore.options.layout import OUTPUT, REPAIR, join, option


class Repairs(click.ParamType[str]):
    """dust:2,flicker | auto."""

    name = "WHAT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The words as they are, once they are known to be right."""
        try:
            RepairSettings().with_strengths(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return str(value)


class Threshold(click.ParamType[int]):
    """A level, 1 to 255; <N for the levels up to it."""

    name = "N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The level, below 0 where defects are dark in the mask."""
        words = str(value).replace("<", "-", 1)
        if not words.removeprefix("-").isdecimal() or not 1 <= int(words.removeprefix("-")[:9]) <= 255:
            self.fail(f"{value!r} is not a level from 1 to 255; <64 means the levels below 64", param, ctx)
        return int(words)


class Show(click.ParamType[tuple[str, ...]]):
    """before,mask,after."""

    name = "WHAT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """The pictures, by name."""
        from pipelines.preview.shown import shown_from

        try:
            return value if isinstance(value, tuple) else shown_from(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


SHOW = option(
    OUTPUT,
    "--show",
    type=Show(),
    metavar="WHAT",
    help="The pictures beside each other, with commas: before, after, mask, difference. [before,after]",
)
REPAIR_OPTIONS = option(
    REPAIR,
    "--repair",
    type=Repairs(),
    metavar="WHAT",
    help="Mend dust, scratches, flicker, flicker-local, weave or weave-fine, each from :1, careful, to :5; "
    "auto measures the film, and decides on dust and flicker. [nothing]",
)
MASK_IN_OPTIONS = join(
    option(
        REPAIR,
        "--mask-in",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="A film of defects to be mended, made elsewhere: as large as FILM, white where a defect is.",
    ),
    option(
        REPAIR,
        "--mask-threshold",
        type=Threshold(),
        metavar="N",
        help="Level of the mask, of 255, from which it means a defect; <N: below which. [128]",
    ),
    option(
        REPAIR,
        "--mask-growth",
        type=click.IntRange(0, 16),
        metavar="N",
        help="Pixels by which the mask's defects are grown. [0]",
    ),
)
MASK_OUT = option(
    REPAIR,
    "--mask-out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what was mended as a film, .mkv: dark dust 160, bright 255.",
)


def repair_from(options: dict[str, Any], base: RepairSettings) -> RepairSettings:
    """The settings of repair from the options of a command, over those of `base`.

    Raises:
        ValueError: they do not go together.
    """
    names = ("mask_in", "mask_threshold", "mask_growth", "mask_out")
    masks = {name: options[name] for name in names if options.get(name) is not None}
    wanted = replace(base, **masks)
    return RepairSettings.with_strengths(wanted, options["repair"]) if options.get("repair") else wanted
