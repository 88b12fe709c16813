"""Options that measurements share."""

from pathlib import Path

import click

from restore.options.layout import COLOUR, REPORTING, TASK, join, option
from restore.options.shared import WEIGHTS_DIR

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


JUDGE = option(
    TASK,
    "--judge",
    type=click.Choice(["farneback", "raft"]),
    default="farneback",
    show_default=True,
    help="What finds the motion along which frames are compared; raft needs restore-film[raft] and its weights.",
)
