"""Options that measurements share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from restore.options.layout import COLOUR, REPORTING, TASK, join, option
from restore.options.shared import WEIGHTS_DIR, colour_options
from restore.options.values import Length
from restore.show.figures import printer

if TYPE_CHECKING:
    from restore.measuring import OnPictures

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
READ = click.Path(exists=True, path_type=Path)
RESULT = click.Path(dir_okay=False, path_type=Path)
PICTURES = click.argument("pictures", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
NETWORK = "Its name, or a .safetensors file."
ROWS_AND_LIMIT = join(
    WEIGHTS_DIR,
    option(COLOUR, "--rows", default=0, metavar="N", help="Short side of what the network sees, in pixels. [its own]"),
    option(TASK, "--limit", type=click.IntRange(min=1), metavar="N", help="Take N pictures only, evenly spread."),
    option(REPORTING, "--json", "json_out", type=RESULT, help="Write all figures, each picture's too, to this file."),
)
SHARED = join(PICTURES, option(COLOUR, "--network", default="compact", show_default=True, help=NETWORK), ROWS_AND_LIMIT)
TABLES = ["eccv16", "instcolor", "scgan", "bigcolor"]
ON_FILMS = join(
    click.argument("films", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)),
    colour_options(),
    option(
        TASK, "--seconds", type=Length(), default="10", show_default=True, help="How much of each film, from its start."
    ),
    option(
        TASK,
        "--judge",
        type=click.Choice(["farneback", "raft"]),
        default="farneback",
        show_default=True,
        help="What finds the motion along which frames are compared; raft needs restore-film[raft] and its weights.",
    ),
    option(REPORTING, "--json", "json_out", type=RESULT, help="Write all figures to this file."),
)


def on_pictures(pictures: Sequence[Path], limit: int | None, json_out: Path | None) -> OnPictures:
    """The measurement that arguments and options ask for, which prints its figures."""
    from restore.measuring import OnPictures  # it loads torch

    return OnPictures(pictures, limit, json_out, printer(json_out))
