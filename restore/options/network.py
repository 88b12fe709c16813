"""Options of how a network is run."""

import click

from restore.options.layout import COLOUR, MACHINES, join, option

FILM_CLASS = option(
    COLOUR,
    "--class",
    "film_class",
    metavar="NAME",
    help="Colour all as this class: its name in the weights, or its ImageNet number. [told for each shot]",
)
RUN = join(
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
        help="Side of the square that DeOldify's networks see, in units of 16 pixels. [video: 21, the others: 35]",
    ),
    option(
        MACHINES,
        "--memory",
        type=click.FloatRange(min=0, min_open=True),
        metavar="GB",
        help="Memory that the network may take in a process; batches are cut to it. [as much as it takes]",
    ),
    option(
        COLOUR,
        "--class-network",
        metavar="FILE",
        help="The classifier of each shot, for networks that colour by class. [efficientnet-lite0]",
    ),
    FILM_CLASS,
)
