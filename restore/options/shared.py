"""Options that commands share, and the settings that they mean."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from pipelines.ranges import TIMES, When
from pipelines.settings import Settings
from restore.options.beside import BESIDE
from restore.options.encode import ENCODE_OPTIONS
from restore.options.guides import references_of, stills_of
from restore.options.hints import read_hints
from restore.options.layout import COLOUR, MACHINES, OUTPUT, REPORTING, TASK, Decorator, join, option
from restore.options.look import with_look
from restore.options.network import RUN
from restore.options.repair import REPAIR_OPTIONS, repair_from
from restore.options.values import AUTO_ANCHORS, AUTO_CLOSEST, Anchors, Place, Rate, Time

SHOTS = click.IntRange(1, 999_999_999)
"""Numbers of shots: of nine digits at most, as `ranges.PLACES` takes."""
WEIGHTS_DIR = option(
    MACHINES,
    "--weights-dir",
    envvar="RESTORE_WEIGHTS",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of downloaded weights; RESTORE_WEIGHTS names it too. [see restore weights where]",
)

DEVICES = ["auto", "cpu", "cuda", "mps"]
"""Where a network runs; mps is for who asks for it."""


def look_option(several: bool = False) -> Decorator:
    """Settings of parts of a film; with `several`, looks can be compared."""
    return option(
        COLOUR,
        "--look",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        multiple=several,
        help="Settings of shots and ranges of the film, a TOML file; restore shots FILM -o film.look.toml writes one.",
    )


def colour_options(several: bool = False) -> Decorator:
    """How a film is coloured; with `several`, what can be compared may be given more than once."""
    return join(
        option(MACHINES, "--device", type=click.Choice(DEVICES), help="Where the network runs. [auto]"),
        option(
            COLOUR,
            "--network",
            metavar="NAME",
            multiple=several,
            help="The network that colours: a name of restore weights list, or a .safetensors file; A+B or A:0.6+B:0.4 "
            "blends. [compact]",
        ),
        WEIGHTS_DIR,
        option(
            COLOUR,
            "--anchors",
            type=Anchors(),
            metavar="SECONDS|every|auto",
            help="Time between anchors, the frames that the network colours; auto: less where motion is fast. [auto]",
        ),
        option(
            COLOUR,
            "--steady",
            type=Time(),
            metavar="SECONDS",
            multiple=several,
            help="How far anchors look for others to average colours with, against flicker; 0: off. [1.75]",
        ),
        option(
            COLOUR,
            "--saturation",
            type=float,
            metavar="X",
            multiple=several,
            help="Multiplies the colours: 0 is gray, 2 doubles them, 4 is the most. [1]",
        ),
        option(
            COLOUR,
            "--warmth",
            type=click.FloatRange(-100, 100),
            metavar="N",
            multiple=several,
            help="Shift colours: yellower above 0, bluer below; -100 to 100. [0]",
        ),
        option(
            COLOUR,
            "--sharpen",
            "--temperature",
            "temperature",
            type=float,
            metavar="T",
            multiple=several,
            help="Below 1, colours are stronger and more decided. [the weights' own]",
        ),
        option(
            COLOUR,
            "--instances",
            type=int,
            metavar="N",
            help="Detect up to N things in an anchor, and colour each separately too. [0; instcolor: 8]",
        ),
        RUN,
        option(
            COLOUR,
            "--detector",
            type=click.Choice(["compact", "maskrcnn"]),
            help="The detector that --instances uses. [compact]",
        ),
    )


NO_COLOUR = option(
    COLOUR, "--colour/--no-colour", default=None, help="Leave the film black and white, and mend it alone. [colour]"
)
SKIP_DAMAGED = option(
    TASK, "--skip-damaged/--no-skip-damaged", default=None, help="Repeat the last good frame where the film is damaged."
)
TIMECODE_START = option(
    TASK,
    "--timecode-start/--no-timecode-start",
    default=None,
    help="Count HH:MM:SS:FF from the film's own timecode. [from 0]",
)
SCAN_OPTIONS = join(
    option(TASK, "--fps", type=Rate(), metavar="N", help="Of scans: pictures shown in a second. [their headers']"),
    option(
        TASK,
        "--sound",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Of scans: a file with the sound that goes with them, such as a .wav.",
    ),
)
READ_OPTIONS = join(
    SCAN_OPTIONS,
    SKIP_DAMAGED,
    option(
        TASK,
        "--recolour/--no-recolour",
        default=None,
        help="Colour a film that is in colour already, from its luma alone.",
    ),
    option(
        TASK,
        "--deinterlace/--no-deinterlace",
        default=None,
        help="Make whole frames from the fields of interlaced film.",
    ),
)
SETTING_OPTIONS = join(
    colour_options(),
    NO_COLOUR,
    REPAIR_OPTIONS,
    ENCODE_OPTIONS,
    BESIDE,
    option(TASK, "--start", type=Place(), help=f"Begin here: {TIMES}."),
    option(TASK, "--end", type=Place(), help="End here; with a shot, at its end."),
    option(TASK, "--shot", type=SHOTS, metavar="N", help="Write this shot alone; shots count from 1."),
    TIMECODE_START,
    option(
        OUTPUT,
        "--first-timecode",
        metavar="HH:MM:SS:FF",
        help="Timecode of the result's first frame. [the film's own, from --start on; none where it has none]",
    ),
    option(
        TASK,
        "--keep-start/--no-keep-start",
        default=None,
        help="Let the result begin as late as its film. [at 0, where that begins after 10 seconds]",
    ),
    READ_OPTIONS,
)
"""Options that become `pipelines.settings.Settings`; None where one was not given."""

SHOW_OPTIONS = join(
    option(
        REPORTING,
        "--json",
        "as_json",
        is_flag=True,
        help="Print one JSON event a line; with --quiet the last one alone.",
    ),
    option(REPORTING, "-q", "--quiet", is_flag=True, help="Show errors only."),
)


def overwrite_option(help_: str) -> Decorator:
    """The option that replaces what is there."""
    return option(OUTPUT, "-y", "--overwrite", is_flag=True, help=help_)


def _closest(options: dict[str, Any]) -> dict[str, Any]:
    """Anchors are made between the ticks only where these are not given in seconds."""
    anchors = options.get("anchors")
    return {} if anchors is None else {"closest": AUTO_CLOSEST if anchors == AUTO_ANCHORS else anchors}


def _shot(options: dict[str, Any]) -> dict[str, When]:
    """Start and end of the one shot that is asked for.

    Raises:
        click.UsageError: a start or an end is asked for too.
    """
    shot = options.get("shot")
    if shot and (options.get("start") is not None or options.get("end") is not None):
        raise click.UsageError("--shot is a span of its own; leave out --start and --end")
    return dict.fromkeys(("start", "end"), When(f"shot {shot}")) if shot else {}


def _layer_codec(options: dict[str, Any], base: Settings | None) -> dict[str, str]:
    """The codec of a layer for which nobody chose one."""
    is_open = base is None or base.encode.codec == "keep"
    return {"codec": "prores"} if options.get("layer") and is_open else {}


def settings_from(options: dict[str, Any], base: Settings | None = None) -> Settings:
    """`pipelines.settings.Settings` from the options of `restore FILM`, by their names there.

    Args:
        options: None where one was not given.
        base: settings that hold where an option was not given; None takes the defaults.

    Raises:
        click.UsageError: a value is out of its range.
    """

    def given(*names: str) -> dict[str, Any]:
        return {name: options[name] for name in names if options.get(name) is not None}

    codec = _layer_codec(options, base)
    base, span = base or Settings(), given("start", "end") | _shot(options)
    try:
        settings = replace(
            base,
            hints=read_hints(options["hints"]) if options.get("hints") else base.hints,
            stills=stills_of(options) or base.stills,
            references=references_of(options) or base.references,
            paint=replace(
                base.paint,
                **given("network", "weights_dir", "device", "saturation", "temperature", "warmth"),
                **given("instances", "detector", "rows", "render_factor", "memory", "class_network", "film_class"),
                is_off=base.paint.is_off if options.get("colour") is None else not options["colour"],
            ),
            repair=repair_from(options, base.repair),
            motion=replace(base.motion, **given("anchors", "steady"), **_closest(options)),
            encode=replace(base.encode, **(codec | given("codec", "profile", "layer", "crf", "preset", "encoder"))),
            scans=replace(base.scans, **given("fps", "sound")),
            **span,
            **given("timecode_start", "first_timecode", "keep_start", "skip_damaged", "recolour", "deinterlace"),
            **given("sidecar", "checksum", "verify", "c2pa_cert", "c2pa_key"),
        )
        return with_look(settings, options["look"]) if options.get("look") else settings
    except ValueError as error:
        raise click.UsageError(str(error)) from error
