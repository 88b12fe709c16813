"""Options of how the coloured picture is written."""

import click

from restore.options.layout import OUTPUT, join, option
from restore.options.values import CODECS, PROFILE_NAMES

ENCODE_OPTIONS = join(
    option(
        OUTPUT,
        "--codec",
        type=CODECS,
        help="How the picture is written; ffv1 loses nothing, keep follows the film. "
        "[h264; in archives keep; of a layer prores]",
    ),
    option(
        OUTPUT,
        "--profile",
        type=PROFILE_NAMES,
        metavar="NAME",
        help="Of prores: proxy, lt, 422, hq, 4444; of dnxhr: lb, sq, hq, hqx, 444. [the best for the film's samples]",
    ),
    option(
        OUTPUT,
        "--layer/--no-layer",
        default=None,
        help="Write the colour alone, without sound, to be laid over FILM in an editor: over even gray; with --profile "
        "4444 with an alpha channel.",
    ),
    option(OUTPUT, "--crf", type=int, metavar="N", help="Quality; lower is better. [h264: 18, h265: 20, av1: 24]"),
    option(
        OUTPUT,
        "--preset",
        metavar="NAME",
        help="Speed of encoding: ultrafast to placebo, for av1 0 to 13. [veryfast, 8]",
    ),
    option(
        OUTPUT,
        "--encoder",
        type=click.Choice(["cpu", "nvenc", "auto"]),
        help="Of h264 and h265: the CPU's, an NVIDIA card's, or the card's where it loses nothing. [cpu]",
    ),
)
