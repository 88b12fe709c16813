"""`restore evaluate`: how well a network does, as tables for people and JSON for machines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal
from zipfile import BadZipFile

import click

from pipelines.errors import FilmError, SettingsError
from pipelines.process import start_work
from restore.exits import Failure, Refused
from restore.options.layout import COLOUR, HELP, OUTPUT, REPORTING, TASK, Command, join, option
from restore.options.measured import (
    FILE,
    NETWORK,
    ON_FILMS,
    PICTURES,
    READ,
    RESULT,
    ROWS_AND_LIMIT,
    SHARED,
    TABLES,
    on_pictures,
)
from restore.options.network import FILM_CLASS
from restore.options.shared import WEIGHTS_DIR, overwrite_option, settings_from
from restore.options.values import Length
from restore.show.figures import printer


@contextmanager
def in_one_line() -> Iterator[None]:
    """Re-raises a fault of the input as a failure in one line."""
    try:
        yield
    except ModuleNotFoundError as error:
        needs = f"pictures are read by {error.name}, which is not installed; pip install 'restore-film[train]'"
        raise Failure(needs) from error
    except SettingsError as error:
        raise Refused(error) from error
    except (FilmError, ValueError, OSError, BadZipFile) as error:
        raise Failure(error) from error


@click.group(context_settings={"help_option_names": HELP})
def evaluate() -> None:
    """Measure a network: its colours and what it finds on pictures, or how steady its colours are on films."""


@evaluate.command(
    cls=Command,
    examples=[
        ("restore evaluate colour photos.zip --limit 200", "200 of its pictures"),
        ("restore evaluate colour photos.zip --table scgan --network compact --network eccv16", "a paper's columns"),
    ],
)
@PICTURES
@option(COLOUR, "--network", "networks", multiple=True, default=["compact"], show_default=True,
        help=f"{NETWORK} With --table it may be repeated.")  # fmt: skip
@ROWS_AND_LIMIT
@option(TASK, "--table", type=click.Choice(TABLES), help="The columns of a paper's table, beside its own figures.")
@option(TASK, "--answers", type=FILE, multiple=True, help="With --table eccv16: results of evaluate turing.")
@FILM_CLASS
@option(TASK, "--classes", type=FILE, help="Lines of key and class: these pictures only, each coloured as its class.")
@option(COLOUR, "--temperature", type=float, metavar="T", help="T of the annealed mean. [the weights' own]")
@option(COLOUR, "--saturation", type=float, default=1.0, show_default=True, help="Factor on the colours, 0 to 4.")
@option(
    COLOUR,
    "--instances",
    type=int,
    metavar="N",
    help="Colour up to N found things of a picture on their own too. [0; instcolor: 8]",
)
@option(TASK, "--boxes", type=FILE, help="JSON lines of boxes that part the pictures. [what the network finds]")
@option(TASK, "--classifier", type=FILE, help="MobileNetV2 weights, for Fréchet distance and top-1.")
@option(TASK, "--labels", type=FILE, help="Lines of picture and class number, for top-1 against the truth.")
@option(OUTPUT, "--sheet", type=RESULT, help="Write a PNG of gray | ours | true.")
def colour(pictures: tuple[Path, ...], networks: tuple[str, ...], limit: int | None, json_out: Path | None,
           table: str | None, answers: tuple[Path, ...], **options: Any) -> None:  # fmt: skip
    """Measure colours on colour PICTURES (zip files or folders) that are made gray and coloured again.

    With --table the columns of a paper's table, for each network, for gray and for the true pictures. A network's
    pictures are coloured one by one then, and "seconds" is what it takes for one on this machine.
    """
    if options["labels"] and not options["classifier"]:
        raise click.UsageError("--labels is the truth for what a classifier sees; give --classifier, too")
    if not table and (len(networks) > 1 or answers):
        raise click.UsageError("several --network, and --answers, are for a paper's columns; give --table, too")
    if table and (options["boxes"] or options["sheet"]):
        raise click.UsageError("--boxes and --sheet are of one network; leave them out with --table")
    if options["classes"] and options["film_class"]:
        raise click.UsageError("--class is one for all pictures, and --classes gives each its own; leave one out")
    given = {name: options.pop(name) for name in ("boxes", "classes", "classifier", "labels", "sheet")}
    lacks = [] if given["classifier"] else ["not measured: Fréchet distance and top-1; give --classifier"]
    with in_one_line():
        start_work()
        asked = on_pictures(pictures, limit, json_out)
        if table:
            from restore.tables import measure_table

            lacks = measure_table(table, asked, networks, options, given, answers)
        else:
            from restore.evaluation import measure_colour

            options["network"] = networks[0]
            measure_colour(asked, options, given)
    for line in lacks:
        click.echo(f"\n{line}")


@evaluate.command(cls=Command)
@SHARED
@option(TASK, "--boxes", required=True, type=FILE, help="JSON lines of the boxes that are to be found.")
@option(TASK, "--keys", type=FILE, help="Take only the pictures named here, one a line, without suffix.")
def detector(pictures: tuple[Path, ...], limit: int | None, json_out: Path | None, boxes: Path, keys: Path | None,
             **options: Any) -> None:  # fmt: skip
    """Measure what a network finds in PICTURES (zip files or folders), against given boxes: AP50."""
    with in_one_line():
        from restore.evaluation import measure_detector

        start_work()
        measure_detector(on_pictures(pictures, limit, json_out), options, boxes, keys)


ON_MASKS = join(
    SHARED,
    option(COLOUR, "--saturation", type=float, default=1.0, show_default=True, help="Factor on the colours, 0 to 4."),
    option(TASK, "--keys", type=FILE, help="Take only the pictures named here, one a line, without suffix."),
    option(TASK, "--masks", type=FILE, help="Zip of PNG class maps (PASCAL VOC's 21), named like the pictures."),
)


@evaluate.command(cls=Command, examples=[("restore evaluate hints photos.zip --limit 200", "200 of its pictures")])
@ON_MASKS
def hints(**options: Any) -> None:
    """Measure how much closer colours come to the truth with 10 and 50 random true points in each of PICTURES.

    With --masks also with one point on the largest thing of each picture, in its mean true colour.
    """
    _on_masks("hints", **options)


@evaluate.command(cls=Command, examples=[("restore evaluate faults photos.zip --masks masks.zip", "all five faults")])
@ON_MASKS
def faults(**options: Any) -> None:
    """Measure faults of colour by name on colour PICTURES that are made gray and coloured again.

    Clouds of colour on even surfaces, blue ground under a blue sky, pictures of one hue; with --masks also things in
    two colours, and skin of a wrong hue. Each figure is 0 for true colours.
    """
    _on_masks("faults", **options)


@evaluate.command(cls=Command)
@SHARED
@option(TASK, "--saliency", type=READ, help="Where people look: a zip or folder of maps, named like the pictures.")
@option(TASK, "--masks", type=READ, help="Zip or folder of class maps; what they show counts where no map is given.")
@option(TASK, "--keys", type=FILE, help="Take only the pictures named here, one a line, without suffix.")
@option(TASK, "--classifier", type=FILE, help="MobileNetV2 weights, for Fréchet distance and top-1.")
def saliency(pictures: tuple[Path, ...], limit: int | None, json_out: Path | None, **options: Any) -> None:
    """Measure colours where people look in PICTURES, and elsewhere; of scgan also how well it finds these places."""
    if not options["saliency"] and not options["masks"]:
        raise click.UsageError("nothing says where people look; give --saliency or --masks")
    given = {name: options.pop(name) for name in ("saliency", "masks", "keys", "classifier")}
    with in_one_line():
        from restore.saliency import measure_saliency

        start_work()
        measure_saliency(on_pictures(pictures, limit, json_out), options, given)


def _on_masks(kind: Literal["hints", "faults"], pictures: tuple[Path, ...], limit: int | None, keys: Path | None,
              masks: Path | None, json_out: Path | None, **options: Any) -> None:  # fmt: skip
    with in_one_line():
        from restore.evaluation import measure_on_masks

        start_work()
        measure_on_masks(kind, on_pictures(pictures, limit, json_out), options, keys, masks)


@evaluate.command(
    cls=Command,
    examples=[
        ("restore evaluate features photos --network compact --network random", "what training brought"),
        ("restore evaluate features VOCdevkit/VOC2007 --network eccv16", "PASCAL VOC, as it unpacks"),
    ],
)
@click.argument("pictures", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@option(COLOUR, "--network", "networks", multiple=True, default=("compact", "random"), show_default=True,
        help="Its name or a .safetensors file, of a classifier, too; random: no training.")  # fmt: skip
@WEIGHTS_DIR
@option(TASK, "--classes", type=FILE, help="Lines of picture and class, with a tab between. [the pictures' folders]")
@option(TASK, "--masks", type=FILE, help="Zip or folder of PNG class maps, named like the pictures: places, too.")
@option(
    COLOUR,
    "--colour",
    "has_colour",
    is_flag=True,
    help="A second column for each network, which sees colours, too; weights for them begin at zero and learn.",
)
@option(TASK, "--limit", type=click.IntRange(min=1), metavar="N", help="Take N pictures only, evenly spread.")
@option(REPORTING, "--json", "json_out", type=RESULT, help="Write all figures to this file.")
def features(pictures: tuple[Path, ...], networks: tuple[str, ...], weights_dir: Path | None, limit: int | None,
             has_colour: bool, json_out: Path | None, **given: Path | None) -> None:  # fmt: skip
    """Measure what a network's features tell of gray PICTURES: linear probes after each block, the network as it is.

    PICTURES are zip files or folders, or one folder of PASCAL VOC as it unpacks, with its own classes, maps and
    pictures to test on. Of others every fourth is one to test on.
    """
    with in_one_line():
        from restore.probes import measure_features

        start_work()
        measure_features(on_pictures(pictures, limit, json_out), networks, weights_dir, given, has_colour)


@evaluate.command(cls=Command)
@ON_FILMS
@option(
    OUTPUT,
    "--compare",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write FILM.compared.mp4 of each film into this folder: every frame on the left, restore on the right.",
)
@overwrite_option("Replace comparisons that exist.")
def steadiness(films: tuple[Path, ...], seconds: Fraction, judge: Literal["farneback", "raft"], json_out: Path | None,
               compare: Path | None, overwrite: bool, **options: Any) -> None:  # fmt: skip
    """Measure how steady the colours of FILMS are, beside the same network on every frame with nothing smoothed.

    Films in colour are made gray first, and their own colours are the truth. A folder or zip file of pictures is taken
    as a film of 24 frames a second for each folder in it.

    The warping error is that from frame to frame; the jump is how far colours lie apart along the motion between frames
    8 apart, the same ones for both, wherever the anchors are.
    """
    settings = settings_from(options | {"recolour": True})
    with in_one_line():
        from restore.evaluation import measure_steadiness

        start_work()
        show = printer(json_out, "frame")
        measure_steadiness(films, settings, seconds, judge, json_out, compare, overwrite, show)


@evaluate.command(cls=Command, examples=[("restore evaluate stills davis.zip", "a film for each folder in it")])
@ON_FILMS
def stills(films: tuple[Path, ...], seconds: Fraction, judge: Literal["farneback", "raft"], json_out: Path | None,
           **options: Any) -> None:  # fmt: skip
    """Measure how far a painted frame reaches in FILMS in colour, of one shot each, which are made gray.

    The true first frame is given as a still; beside it stand the same picture as a reference, the film without either,
    and the first frame's colours brought along optical flow (DIS, MEDIUM) from frame to frame and nothing else. PSNR
    and CIEDE2000 are those of whole pictures at film size.
    """
    settings = settings_from(options | {"recolour": True})
    with in_one_line():
        from restore.evaluation import measure_stills

        start_work()
        measure_stills(films, settings, seconds, judge, json_out, printer(json_out, "frame"))


@evaluate.command(cls=Command, examples=[("restore evaluate repair films.zip --seeds 10", "dust drawn ten times")])
@click.argument("films", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@option(
    TASK,
    "--damage",
    type=click.Choice(["dust", "worn", "light"]),
    default="dust",
    show_default=True,
    help="What is drawn: dust; dust on a worn print (soft, grain, JPEG); flicker, local flicker and weave.",
)
@option(TASK, "--strength", type=click.IntRange(1, 5), default=3, show_default=True, help="Of the repair.")
@option(TASK, "--seeds", type=click.IntRange(min=1), default=10, show_default=True, help="Draw with seeds 0 to N - 1.")
@option(TASK, "--frames", type=click.IntRange(min=3), default=8, show_default=True, help="Frames of a film for a seed.")
@option(TASK, "--rows", type=click.IntRange(min=64), default=480, show_default=True, help="Short side of larger films.")
@option(TASK, "--seconds", type=Length(), default="10", show_default=True, help="How much of each film.")
@option(REPORTING, "--json", "json_out", type=RESULT, help="Write all figures to this file.")
def repair(films: tuple[Path, ...], damage: Literal["dust", "worn", "light"], json_out: Path | None,
           seconds: Fraction, **options: int) -> None:  # fmt: skip
    """Measure repair on FILMS that are clean: damage is drawn on them, found and mended.

    Precision and recall count samples of luma. Clean film is mended too: what it loses is a fault. Lengths are given
    for 480 rows and scaled to each film. A folder or zip file of pictures is taken as a film for each folder in it.
    """
    with in_one_line():
        from restore.evaluation import measure_repair

        start_work()
        measure_repair(films, damage, seconds, options, json_out, printer(json_out, "frame"))
