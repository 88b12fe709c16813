"""The product as functions: everything that the commands do. `restore` has their names."""

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pipelines.archive.estimate import Estimate, estimate
from pipelines.archive.inputs import Gathered, Selection, gather
from pipelines.archive.plan import Plan, make_plan
from pipelines.archive.records import Record, Records
from pipelines.archive.report import PAGE, write_report
from pipelines.archive.run import Archive
from pipelines.archive.staging import Staging
from pipelines.archive.storage import Store, open_store
from pipelines.errors import SettingsError
from pipelines.job.job import prepare
from pipelines.job.span import asks_for_shots
from pipelines.painting.choice import choose_network
from pipelines.painting.device import passed_over
from pipelines.places import only_run
from pipelines.settings import OF_ARCHIVES, Settings
from restore.devices import Devices
from restore.looks import Composition, render_preview, sheet, shots, still
from restore.options.shared import COLUMNS, settings_of_row
from restore.reporting import Reporter, events
from restore.runs import ArchiveReporter, film_listener, finished, started, stopped_hint, with_shots_found
from restore.show.events import ArchiveFinished, ArchiveStarted, Note, Opened, Stopped


def restore_film(
    film: Path | str,
    out: Path | str | None = None,
    settings: Settings | None = None,
    *,
    overwrite: bool = False,
    devices: Devices | None = None,
    reporter: Reporter | None = None,
) -> Path:
    """Colours a black-and-white film, file to file.

    Args:
        film: the black-and-white film; it is never written to.
        out: the result; None puts FILM.restored.SUFFIX beside the film.
        settings: None takes the defaults.
        overwrite: whether a result that exists may be replaced, and what a run with other settings began.
        devices: the GPUs or CPU processes that share the work; None: this process.
        reporter: takes the run's events; `events` gives one.

    Returns:
        The path of the result.

    Raises:
        FilmError: the film cannot be restored; the message says where, what, and what to do.
    """
    film, reporter, devices = Path(film), reporter or Reporter(), devices or Devices()
    began, job = time.monotonic(), None
    try:
        reporter(Opened(film))
        wanted = devices.applied(settings or Settings())
        if asks_for_shots(wanted):
            wanted = with_shots_found(film, wanted, devices.is_pool(), reporter)
        job = prepare(film, _path(out), wanted, overwrite, has_pool=devices.is_pool())
        reporter(started(job))
        for note in devices.notes_on(job):
            reporter(Note(note))
        with devices.needed_for(job).at_work(lambda note: reporter.report(Note(note))) as (restore, _):
            result = restore(job, film_listener(job, reporter))
    except KeyboardInterrupt:
        reporter.report(Stopped(stopped_hint([job] if job else [])))
        raise
    reporter(finished(job, result, time.monotonic() - began))
    return job.out


def restore_archive(  # noqa: PLR0913  # one run's all
    films: Sequence[Path | str],
    out: Path | str,
    settings: Settings | None = None,
    *,
    selection: Selection | None = None,
    retry_failed: bool = False,
    overwrite: bool = False,
    scratch: Path | None = None,
    devices: Devices | None = None,
    reporter: Reporter | None = None,
) -> list[Record]:
    """Colours many films into one folder, largest first, and writes a report there.

    Args:
        films: folders, globs, films, list files and CSV manifests, as paths or URLs.
        out: folder or URL of the results, which keep their places in the folder tree.
        settings: of all films, under what a manifest says of each; None takes the defaults, with the codec that follows
            each film.
        selection: which of the films are taken; None: all.
        retry_failed: try again what an earlier run could not restore.
        overwrite: make anew what is done, where its film or the settings have changed, and replace other files in its
            place.
        scratch: local folder for films from URLs and results for them; None takes one of the temporary folder.
        devices: what the films share; None: one film after another in this process.
        reporter: takes the run's events; `events` gives one.

    Returns:
        What became of each film, now or earlier.

    Raises:
        FilmError: nothing could be begun, another run works on OUT, or OUT cannot be written; a film that fails is in
            the records instead.
    """
    devices, reporter = devices or Devices(), reporter or Reporter()
    archive = ArchiveReporter(reporter)
    try:
        wanted = devices.applied(settings or OF_ARCHIVES)
        named, store = _named(films, out, wanted, devices, selection)
        staging = Staging(store, scratch or _scratch(str(out)))
        with only_run(staging.lock, str(out)):
            plan = make_plan(named, store, retry_failed, overwrite)
            reporter(ArchiveStarted(plan))
            for record in plan.relabelled:
                Records(store).save(record)
            for note in plan.notes:
                reporter(Note(note))
            for note in passed_over(wanted.paint.device) if plan.todo else ():
                reporter(Note(note))
            for note in _notes_on_feeding(devices, wanted) if plan.todo and devices.gpus > 1 else ():
                reporter(Note(note))
            records: list[Record] = [*plan.done, *plan.changed, *plan.failed]
            try:
                needed = devices if plan.todo else Devices()
                with needed.at_work(archive.note, has_films=True) as (restore, capacity):
                    has_pool = devices.is_pool(has_films=True)
                    run = Archive(staging, overwrite, archive.listener, capacity, restore, has_pool, reporter.stopped)
                    records.extend(run(plan.todo))
            finally:
                write_report(store, Records(store).load().values())
    except KeyboardInterrupt:
        reporter.report(Stopped(archive.stopped_hint))
        raise
    reporter.report(ArchiveFinished(records, f"{str(out).rstrip('/')}/{PAGE}"))
    return records


def plan_archive(
    films: Sequence[Path | str],
    out: Path | str,
    settings: Settings | None = None,
    *,
    selection: Selection | None = None,
    retry_failed: bool = False,
    overwrite: bool = False,
    devices: Devices | None = None,
) -> tuple[Plan, Store]:
    """The films that `restore_archive` would restore, and where; writes nothing. Takes and raises what that does."""
    devices = devices or Devices()
    named, store = _named(films, out, devices.applied(settings or OF_ARCHIVES), devices, selection)
    return make_plan(named, store, retry_failed, overwrite), store


def estimate_archive(
    films: Sequence[Path | str],
    out: Path | str,
    settings: Settings | None = None,
    *,
    selection: Selection | None = None,
    retry_failed: bool = False,
    overwrite: bool = False,
    devices: Devices | None = None,
) -> Estimate:
    """Tells what `restore_archive` would do, and how long it would take; writes nothing.

    Args:
        films: folders, globs, films, list files and CSV manifests, as paths or URLs.
        out: folder or URL of the results.
        settings: of all films; None takes the defaults, with the codec that follows each film.
        selection: which of the films are taken; None: all.
        retry_failed: whether films that failed before would be tried again.
        overwrite: whether results would be made anew where film or settings have changed.
        devices: what the films would share.

    Raises:
        FilmError: nothing could be begun.
    """
    devices, settings = devices or Devices(), settings or OF_ARCHIVES
    plan, store = plan_archive(
        films, out, settings, selection=selection, retry_failed=retry_failed, overwrite=overwrite, devices=devices
    )
    devices.check_cluster(has_films=True)
    found = estimate(plan, store, overwrite, devices.is_pool(has_films=True))
    return replace(found, notes=(*plan.notes, *_notes_on_feeding(devices, settings)))


def _notes_on_feeding(devices: Devices, settings: Settings) -> Iterator[str]:
    """A sentence on how many cores feed the GPUs that an archive's films share."""
    if devices.gpus:
        wanted = devices.applied(settings)
        chosen = choose_network("archive", wanted, devices.is_pool(has_films=True))
        yield from devices.notes_on_feeding(chosen, wanted.motion)


def _path(path: Path | str | None) -> Path | None:
    return None if path is None else Path(path)


def _named(
    films: Sequence[Path | str], out: Path | str, base: Settings, devices: Devices, selection: Selection | None
) -> tuple[Gathered, Store]:
    """The films that an archive's arguments name, and where their results go."""
    store, selection = _folder(str(out)), selection or Selection()
    options = {"film", "out", *COLUMNS} & set(selection.columns)
    if options:
        raise SettingsError("--columns", f"{min(options)} is not a column of your own", "it means what it always does")
    choose_network("archive", base, devices.is_pool(has_films=True))
    named = [str(film) for film in films]
    return gather(named, store, lambda cells, folder: settings_of_row(cells, base, folder), selection), store


def _folder(out: str) -> Store:
    """The folder of an archive's results.

    Raises:
        SettingsError: no folder can be there.
    """
    if not out:
        raise SettingsError("--out", "names no folder", "give one, such as coloured/")
    store = open_store(out)
    above = (store.local, *store.local.parents) if store.local else ()
    is_there = next((path for path in above if os.path.lexists(path)), None)
    if is_there and not is_there.is_dir():
        raise SettingsError(out, f"is no folder: {is_there} is none", "name another folder with --out")
    return store


def _scratch(out: str) -> Path:
    """A scratch folder, one for each OUT, so that a run that was killed finds what it had staged."""
    return Path(tempfile.gettempdir()) / f"restore-{hashlib.sha256(os.fsencode(out)).hexdigest()[:12]}"


__all__ = [
    "Composition",
    "Devices",
    "Reporter",
    "Settings",
    "estimate_archive",
    "events",
    "plan_archive",
    "render_preview",
    "restore_archive",
    "restore_film",
    "sheet",
    "shots",
    "still",
]
