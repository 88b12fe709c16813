"""Options of how a network is run."""

import click

from restore.options.layout import COLOUR, join, option

SIZE = join(
    option(
        COLOUR,
        "--rows",
        type=click.IntRange(min=16),
        metavar="N",
        help="Short side of what the network sees, in pixels: less is faster, and coarser. [the network's own]",
    ),
    option(
        COLOUR,
        "--render-factor",
        type=click.IntRange(min=1),
        metavar="N",
        help="The same for DeOldify's networks, in its measure of 16 pixels. [video: 21, the others: 35]",
    ),
)
