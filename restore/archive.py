"""`restore archive`: many films into one folder, with a report."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from restore.config import settings_from
from restore.options import DEVICE_OPTIONS, SETTING_OPTIONS, SHOW_OPTIONS

if TYPE_CHECKING:
    from pipelines.archive.plan import Plan
    from pipelines.archive.storage import Store
    from pipelines.settings import Settings


@click.command("archive")
@click.argument("films", metavar="IN...", nargs=-1, required=True)
@click.option("--out", required=True, metavar="FOLDER|URL", help="Where the results and the report go.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and how long it would take; write nothing.")
@click.option("--retry-failed", is_flag=True, help="Try again what an earlier run could not restore.")
@click.option(
    "--overwrite",
    is_flag=True,
    help="Make anew what is done, where its film or the settings have changed, and replace other files in its place.",
)
@click.option("--scratch", type=click.Path(path_type=Path), help="Local folder for films from URLs. [temporary folder]")
@SETTING_OPTIONS
@DEVICE_OPTIONS
@SHOW_OPTIONS
def archive(films: Sequence[str], out: str, dry_run: bool, as_json: bool, quiet: bool, **options: Any) -> None:
    """Colour many films, largest first, and write a report.

    IN is a folder, a glob in quotes, a film, a list file (.txt, one film a line) or a manifest (.csv, with a
    column `film`, perhaps `out`, and any option below by its name), as path or URL (s3://bucket/reels). Results
    keep their places in the folder tree. A film that fails stops no other. Started again, it goes on: what is done
    is skipped.
    """
    from pipelines.process import keep_freed_memory, keep_what_was_imported
    from restore.devices import Devices
    from restore.progress import FAILED, Quiet, told

    keep_freed_memory()
    keep_what_was_imported()
    how = {name: options.pop(name) for name in ("retry_failed", "overwrite", "scratch")}
    how, base = how | {"devices": Devices.of(options)}, settings_from(options)
    with told(Quiet(), "start the same command again: it goes on from the last finished segments"):
        if dry_run:
            del how["scratch"]
            _show_plan(films, out, base, how)
        elif not _run(films, out, base, as_json, quiet, how):
            sys.exit(FAILED)


def _run(films: Sequence[str], out: str, base: "Settings", as_json: bool, quiet: bool, how: dict[str, Any]) -> bool:
    """Whether every film is restored."""
    from contextlib import closing

    from pipelines.archive.records import Failed
    from pipelines.archive.report import PAGE
    from restore.api import restore_archive
    from restore.archive_show import archive_listener, choose_archive_show

    show = choose_archive_show(as_json, quiet)
    with closing(show):
        records = restore_archive(films, out, base, **how, listener=archive_listener(show), on_plan=show.start)
    show.done(records, f"{out.rstrip('/')}/{PAGE}")
    return not any(isinstance(record, Failed) for record in records)


def _show_plan(films: Sequence[str], out: str, base: "Settings", how: dict[str, Any]) -> None:
    from restore.api import plan_archive
    from restore.archive_show import planned

    plan, store = plan_archive(films, out, base, **how)
    click.echo(planned(plan))
    _show_extents(plan, store, how["overwrite"])


def _show_extents(plan: "Plan", store: "Store", overwrite: bool) -> None:
    """A line a film, largest first, and the time for all of them."""
    from pipelines.archive.estimate import extents, pixels_a_second, try_speed
    from pipelines.errors import timecode
    from restore.progress import counted

    found = extents(plan.todo, store, overwrite)
    speed = pixels_a_second(plan.done) or try_speed(found)
    for extent in found:
        took = f"about {timecode(extent.pixels / speed)[:8]}" if speed and not extent.problem else ""
        length = extent.problem or timecode(extent.seconds)
        click.echo(f"{extent.task.film.size / 1e6:10.1f} MB  {length}  {took}  {extent.task.film.place}")
    able = [extent for extent in found if not extent.problem]
    pixels, seconds = sum(extent.pixels for extent in able), sum(extent.seconds for extent in able)
    size = sum(extent.task.film.size for extent in able) / 1e9
    time = f"about {timecode(pixels / speed)[:8]} on this machine" if speed else "time unknown until a film is done"
    failing = f"; {len(found) - len(able)} would fail" if len(able) < len(found) else ""
    click.echo(f"{counted(len(able), 'film')}, {size:.2f} GB, {timecode(seconds)} of film, {time}{failing}")
