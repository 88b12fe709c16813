"""Archives as functions: planned, estimated, restored."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pipelines.archive.arrivals import POLL, Arrivals
from pipelines.archive.ended import Ended
from pipelines.archive.estimate import Estimate, estimate
from pipelines.archive.inputs import Gathered, Selection, gather
from pipelines.archive.news import Telling, news_of
from pipelines.archive.packages import PAYLOAD, Packaging, close_package, is_bag, open_package
from pipelines.archive.plan import Plan, make_plan
from pipelines.archive.records import Record, Records
from pipelines.archive.report import PAGE, write_report
from pipelines.archive.run import Archive
from pipelines.archive.staging import Staging
from pipelines.archive.storage import Store, open_store
from pipelines.errors import EmptyError, SettingsError
from pipelines.painting.choice import choose_network
from pipelines.painting.device import passed_over
from pipelines.places import only_run
from pipelines.settings import OF_ARCHIVES, Settings
from restore.devices import Devices
from restore.options.manifest import COLUMNS, settings_of_row
from restore.reporting import Reporter
from restore.runs import ArchiveReporter
from restore.show.events import ArchiveFinished, ArchiveStarted, Note, Stopped


def restore_archive(  # noqa: PLR0913  # one run's all
    films: Sequence[Path | str],
    out: Path | str,
    settings: Settings | None = None,
    *,
    selection: Selection | None = None,
    retry_failed: bool = False,
    overwrite: bool = False,
    watch: bool = False,
    scratch: Path | None = None,
    packaging: Packaging | None = None,
    telling: Telling | None = None,
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
        watch: go on, and take films as they arrive, until the run is stopped.
        scratch: local folder for films from URLs and results for them; None takes one of the temporary folder.
        packaging: the form in which results are handed over; None: as they are.
        telling: whom the run tells how it goes, beside the report.
        devices: what the films share; None: one film after another in this process.
        reporter: takes the run's events; `events` gives one.

    Returns:
        What became of each film, now or earlier; with the stills of at most 1,000.

    Raises:
        FilmError: nothing could be begun, another run works on OUT, or OUT cannot be written; a film that fails is in
            the records instead.
    """
    devices, reporter, telling = devices or Devices(), reporter or Reporter(), telling or Telling()
    archive, records, packaging = ArchiveReporter(reporter), list[Record](), packaging or Packaging()
    page = f"{str(out).rstrip('/')}/{PAGE}"
    try:
        wanted = devices.applied(settings or OF_ARCHIVES)

        def found(named: Gathered | None = None) -> Plan:
            named = named or _named(films, store, wanted, devices, selection)
            return make_plan(named, store, retry_failed, overwrite, under)

        store = _folder(str(out))
        under = _under(store, packaging, wanted, watch)
        named = None if watch else _named(films, store, wanted, devices, selection)
        staging = Staging(store, scratch or _scratch(str(out)))
        with only_run(staging.lock, str(out)):
            plan = None if named is None else found(named)
            needed = devices if plan is None or plan.todo else Devices()
            if plan is not None:
                _announce(plan, wanted, devices, reporter)
            with needed.at_work(archive.note, has_films=True) as (restore, capacity):
                has_pool = devices.is_pool(has_films=True)
                run = Archive(staging, overwrite, archive.listener, capacity, restore, has_pool, reporter.stopped)
                look, colours = needed.looking()
                run = replace(run, look=look, colours=colours)
                for each in (plan,) if plan is not None else _as_they_arrive(found, wanted, devices, reporter):
                    records = _packaged(each, run, packaging, telling, needed.machines, archive.note)
                    reporter.report(ArchiveFinished(records, page))
    except KeyboardInterrupt:
        reporter.report(Stopped(archive.stopped_hint))
        raise
    return records


def _announce(plan: Plan, settings: Settings, devices: Devices, reporter: Reporter) -> None:
    """Reports what is going to be done, and what a person may not expect of it."""
    reporter(ArchiveStarted(plan))
    feeding = _notes_on_feeding(devices, settings) if devices.gpus > 1 else ()
    of_work = (*passed_over(settings.paint.device), *feeding) if plan.todo else ()
    for note in (*plan.notes, *of_work):
        reporter(Note(note))


def _as_they_arrive(
    find: Callable[[], Plan], settings: Settings, devices: Devices, reporter: Reporter
) -> Iterator[Plan]:
    """Plans of films that have arrived, each time that there are some; it ends when the run is stopped.

    Raises:
        KeyboardInterrupt: the run was stopped.
    """
    arrivals = Arrivals()
    reporter(Note("watches for films, until it is stopped"))
    while True:
        with suppress(EmptyError):
            plan = arrivals.settled(find())
            if plan.todo:
                _announce(plan, settings, devices, reporter)
                yield plan
        reporter.stopped.wait(POLL)
        reporter.check()


def _under(out: Store, packaging: Packaging, settings: Settings, watch: bool) -> str:
    """The folder of results in OUT, with a slash behind; empty: OUT itself.

    Raises:
        SettingsError: OUT cannot be a bag in such a run.
    """
    if not is_bag(out, packaging):
        return ""
    if watch:
        raise SettingsError("--bag", "is for films that are all there", "leave out --watch, or bag afterwards")
    if settings.checksum:
        raise SettingsError("--checksum", "is not for a bag, whose manifests are its checksums", "leave it out")
    return PAYLOAD


def _packaged(
    plan: Plan,
    run: Archive,
    packaging: Packaging,
    telling: Telling,
    machines: Callable[[], int],
    on_note: Callable[[str], None],
) -> list[Record]:
    """The films of a plan, restored, the report on all of them, and the package; records of all that is named."""
    for record in plan.relabelled:
        Records(run.out).relabel(record)
    open_package(run.out, packaging, bool(plan.todo))
    ended = Ended([*plan.done, *plan.changed, *plan.failed])
    if plan.todo:
        with news_of(run.out, len(plan.todo), telling, machines, on_note) as news:
            for record in run(plan.todo):
                ended.add(record)
                news.film(record)
    else:
        _report_again(run.out, telling)
    close_package(run.out, packaging)
    return ended.all()


def _report_again(out: Store, telling: Telling) -> None:
    """Writes the report of a run that has nothing to do: only what is told of the films may be new."""
    kept = Records(out)
    last = kept.run()
    if last and telling.rate not in (None, last.rate):
        last = replace(last, rate=telling.rate)
        kept.save_run(last)
    write_report(out, Ended(kept.load()).all(), last)


def plan_archive(  # noqa: PLR0913  # as `restore_archive`
    films: Sequence[Path | str],
    out: Path | str,
    settings: Settings | None = None,
    *,
    selection: Selection | None = None,
    retry_failed: bool = False,
    overwrite: bool = False,
    packaging: Packaging | None = None,
    devices: Devices | None = None,
) -> tuple[Plan, Store]:
    """The films that `restore_archive` would restore, and where; writes nothing. Takes and raises what that does."""
    devices = devices or Devices()
    store, wanted = _folder(str(out)), devices.applied(settings or OF_ARCHIVES)
    under = _under(store, packaging or Packaging(), wanted, False)
    named = _named(films, store, wanted, devices, selection)
    return make_plan(named, store, retry_failed, overwrite, under), store


def estimate_archive(  # noqa: PLR0913  # as `restore_archive`
    films: Sequence[Path | str],
    out: Path | str,
    settings: Settings | None = None,
    *,
    selection: Selection | None = None,
    retry_failed: bool = False,
    overwrite: bool = False,
    packaging: Packaging | None = None,
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
        packaging: the form in which results would be handed over.
        devices: what the films would share.

    Raises:
        FilmError: nothing could be begun.
    """
    devices, settings = devices or Devices(), settings or OF_ARCHIVES
    plan, store = plan_archive(
        films,
        out,
        settings,
        selection=selection,
        retry_failed=retry_failed,
        overwrite=overwrite,
        packaging=packaging,
        devices=devices,
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


def _named(
    films: Sequence[Path | str], out: Store, base: Settings, devices: Devices, selection: Selection | None
) -> Gathered:
    """The films that an archive's arguments name."""
    selection = selection or Selection()
    options = {"film", "out", *COLUMNS} & set(selection.columns)
    if options:
        raise SettingsError("--columns", f"{min(options)} is not a column of your own", "it means what it always does")
    choose_network("archive", base, devices.is_pool(has_films=True))
    named = [str(film) for film in films]
    return gather(named, out, lambda cells, folder: settings_of_row(cells, base, folder), selection)


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
