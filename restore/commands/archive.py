"""`restore archive`: many films into one folder, with a report."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.errors import timecode
from pipelines.process import start_work
from pipelines.settings import OF_ARCHIVES
from restore.exits import FAILED, shown_by
from restore.options.layout import OUTPUT, REPORTING, TASK, Command, option
from restore.options.machines import DEVICE_OPTIONS, devices_from
from restore.options.shared import (
    SETTING_OPTIONS,
    SHOW_OPTIONS,
    overwrite_option,
    settings_from,
)
from restore.reporting import Reporter
from restore.show import Quiet, choose_show
from restore.show.words import counted, failures, planned

if TYPE_CHECKING:
    from pipelines.archive.estimate import Estimate, Extent
    from pipelines.archive.inputs import Selection
    from pipelines.archive.news import Telling
    from pipelines.archive.packages import Packaging

EXAMPLES = [
    ("restore archive reels/ --out coloured/", "every film under reels/"),
    ("restore archive reels/ --out coloured/ --dry-run", "what would be done, and how long it would take"),
    ("restore archive wanted.csv --out s3://bucket/coloured --gpus 8", "films and options of a manifest"),
]


@click.command("archive", cls=Command, examples=EXAMPLES)
@click.argument("films", metavar="IN...", nargs=-1, required=True)
@option(OUTPUT, "--out", required=True, metavar="FOLDER|URL", help="Where the results and the report go.")
@option(TASK, "--dry-run", is_flag=True, help="Say what would be done, and how long it would take; write nothing.")
@option(TASK, "--include", metavar="PATTERN", multiple=True, help="Take only films that match, such as '1926/*'.")
@option(TASK, "--exclude", metavar="PATTERN", multiple=True, help="Leave out films that match: paths, names, folders.")
@option(TASK, "--columns", metavar="NAMES", help="A manifest's own columns, for the report: barcode,title. [x-...]")
@option(TASK, "--rate", type=click.FloatRange(min=0), metavar="N", help="The price of a machine's hour, to tell costs.")
@option(TASK, "--watch", is_flag=True, help="Go on when all is done, and take films as they arrive.")
@option(OUTPUT, "--bag", is_flag=True, help="Make OUT a BagIt bag: results in data/, their records in metadata/.")
@option(OUTPUT, "--premis", is_flag=True, help="Write a PREMIS 3 document (XML) with each result's record.")
@option(REPORTING, "--webhook", metavar="URL", help="Send a POST of JSON there as each film ends.")
@option(
    REPORTING,
    "--metrics-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the run's figures there as each film ends, for Prometheus.",
)
@option(TASK, "--retry-failed", is_flag=True, help="Try again what an earlier run could not restore.")
@overwrite_option("Make results again where film or settings have changed, and replace other files in their place.")
@option(
    OUTPUT,
    "--scratch",
    type=click.Path(path_type=Path),
    help="Folder for temporary copies of films from URLs. [temporary folder]",
)
@SETTING_OPTIONS
@DEVICE_OPTIONS
@SHOW_OPTIONS
def archive(films: Sequence[str], out: str, dry_run: bool, as_json: bool, quiet: bool, **options: Any) -> None:
    """Colour many films, largest first, and write a report.

    IN is a folder, a pattern in quotes ('reels/*.mp4'), a film, a list (.txt, one film a line) or a manifest (.csv: a
    column `film`, and where wanted `out`, any option below by its name, and columns of your own), as path or URL
    (s3://bucket/reels). Results keep their places in the folder tree, and follow their films: what is lossless stays
    so, ProRes stays ProRes, scans stay scans, and the rest becomes h264, unless --codec says otherwise. A film that
    fails stops no other. Started again, it goes on: what is done is skipped.
    """
    how = {name: options.pop(name) for name in ("retry_failed", "overwrite", "scratch")}
    how |= {"selection": _selection(options), "devices": devices_from(options)}
    how |= {"packaging": _packaging(options)}
    telling = _telling(options)
    watch, base = options.pop("watch"), settings_from(options, OF_ARCHIVES)
    from restore import api

    start_work()
    show = Quiet() if dry_run else choose_show(as_json, quiet)
    with shown_by(show):
        if dry_run:
            del how["scratch"]
            estimate = api.estimate_archive(films, out, base, **how)
            click.echo(_planned(estimate, as_json, telling.rate))
            if estimate.plan.failed or len(estimate.able) < len(estimate.extents):
                raise click.exceptions.Exit(FAILED)
        elif failures(
            api.restore_archive(films, out, base, **how, watch=watch, telling=telling, reporter=Reporter(show))
        ):
            raise click.exceptions.Exit(FAILED)


def _selection(options: dict[str, Any]) -> Selection:
    """Takes --include, --exclude and --columns out of the options."""
    from pipelines.archive.inputs import Selection

    columns = (options.pop("columns") or "").split(",")
    include, exclude = options.pop("include"), options.pop("exclude")
    return Selection(include, exclude, tuple(name for each in columns if (name := each.strip())))


def _packaging(options: dict[str, Any]) -> Packaging:
    """Takes --bag and --premis out of the options."""
    from pipelines.archive.packages import Packaging

    return Packaging(options.pop("bag"), options.pop("premis"))


def _telling(options: dict[str, Any]) -> Telling:
    """Takes --rate, --webhook and --metrics-file out of the options.

    Raises:
        click.UsageError: the webhook is no URL.
    """
    from pipelines.archive.news import Telling

    given = {name: options.pop(name) for name in ("rate", "metrics_file")}
    webhook = options.pop("webhook") or ""
    words = ["URL" if webhook and webhook in word else word for word in sys.argv[1:]]  # it may hold a secret
    try:
        return Telling(shlex.join(["restore", *words]), webhook=webhook, **given)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _planned(estimate: Estimate, as_json: bool, rate: float | None) -> str:
    """An estimate in words: some lines a film, largest first, and one for all of them; or as JSON."""
    if as_json:
        return json.dumps({"event": "plan"} | estimate.row(rate))
    films = [line for extent in estimate.extents for line in _film(estimate, extent)]
    before = [f"failed before: {record.reason}" for record in estimate.plan.failed]
    notes = [f"note: {note}" for note in estimate.notes]
    return "\n".join([planned(estimate.plan), *films, *before, _whole(estimate, rate), *notes])


def _film(estimate: Estimate, extent: Extent) -> list[str]:
    """The lines of a film: its size, length and time, its result, and notes; or why it would fail."""
    task, took = extent.task, estimate.took(extent)
    size = f"{_sized(task.film.size):>13}"
    if extent.problem:
        return [f"{size}  would fail: {task.film.place}: {extent.problem}"]
    about = "" if took is None else f"  about {timecode(took)[:8]}"
    bytes_ = "" if extent.bytes is None else f", about {_sized(extent.bytes)}"
    result = [f"{'':15}-> {extent.out}: {extent.written}{bytes_}"] if extent.out else []
    notes = [f"{'':15}note: {note}" for note in extent.notes]
    return [f"{size}  {timecode(extent.seconds)}{about}  {task.film.place}", *result, *notes]


def _sized(count: int) -> str:
    """Bytes in words."""
    return f"{count / 1e6:,.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def _whole(estimate: Estimate, rate: float | None) -> str:
    """All films in one line: how many, size, length, time, results' size and cost."""
    from pipelines.archive.report import cost_of

    able, took = estimate.able, estimate.seconds
    size, length = sum(each.task.film.size for each in able) / 1e9, sum(each.seconds for each in able)
    time = "time unknown until a film is done" if took is None else f"about {timecode(took)[:8]} on this machine"
    failing = len(estimate.extents) - len(able)
    would_fail = f"; {failing} would fail" if failing else ""
    known = [each.bytes for each in able if each.bytes is not None]
    results = f", results about {sum(known) / 1e9:.2f} GB" if known else ""
    cost = "" if took is None else f" ({cost_of(took, rate)})"
    return f"{counted(len(able), 'film')}, {size:.2f} GB, {timecode(length)} of film, {time}{cost}{results}{would_fail}"
