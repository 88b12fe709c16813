"""`restore archive`: many films into one folder, with a report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.errors import timecode
from pipelines.process import start_work
from restore.exits import FAILED, shown_by
from restore.options.layout import OUTPUT, TASK, Command, option
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
    from pipelines.archive.estimate import Estimate

EXAMPLES = [
    ("restore archive reels/ --out coloured/", "every film under reels/"),
    ("restore archive reels/ --out coloured/ --dry-run", "what would be done, and how long it would take"),
    ("restore archive wanted.csv --out s3://bucket/coloured --gpus 8", "films and options of a manifest"),
]


@click.command("archive", cls=Command, examples=EXAMPLES)
@click.argument("films", metavar="IN...", nargs=-1, required=True)
@option(OUTPUT, "--out", required=True, metavar="FOLDER|URL", help="Where the results and the report go.")
@option(TASK, "--dry-run", is_flag=True, help="Say what would be done, and how long it would take; write nothing.")
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
    column `film`, and where wanted `out` and any option below by its name), as path or URL (s3://bucket/reels). Results
    keep their places in the folder tree. A film that fails stops no other. Started again, it goes on: what is done
    is skipped.
    """
    how = {name: options.pop(name) for name in ("retry_failed", "overwrite", "scratch")}
    how, base = how | {"devices": devices_from(options)}, settings_from(options)
    from restore import api

    start_work()
    show = Quiet() if dry_run else choose_show(as_json, quiet)
    with shown_by(show):
        if dry_run:
            del how["scratch"]
            click.echo(_planned(api.estimate_archive(films, out, base, **how), as_json))
        elif failures(api.restore_archive(films, out, base, **how, reporter=Reporter(show))):
            raise click.exceptions.Exit(FAILED)


def _planned(estimate: Estimate, as_json: bool) -> str:
    """An estimate in words: a line a film, largest first, and one for all of them; or as JSON."""
    if as_json:
        return json.dumps({"event": "plan"} | estimate.row())
    lines = [planned(estimate.plan)]
    for extent in estimate.extents:
        took = estimate.took(extent)
        about = "" if took is None else f"about {timecode(took)[:8]}"
        length = extent.problem or timecode(extent.seconds)
        lines.append(f"{extent.task.film.size / 1e6:10.1f} MB  {length}  {about}  {extent.task.film.place}")
    return "\n".join([*lines, _whole(estimate), *(f"note: {note}" for note in estimate.notes)])


def _whole(estimate: Estimate) -> str:
    able, took = estimate.able, estimate.seconds
    size, length = sum(each.task.film.size for each in able) / 1e9, sum(each.seconds for each in able)
    time = "time unknown until a film is done" if took is None else f"about {timecode(took)[:8]} on this machine"
    failing = len(estimate.extents) - len(able)
    would_fail = f"; {failing} would fail" if failing else ""
    return f"{counted(len(able), 'film')}, {size:.2f} GB, {timecode(length)} of film, {time}{would_fail}"
