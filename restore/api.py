"""The product as functions."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

from pipelines.archive.inputs import Gathered, gather
from pipelines.archive.plan import Plan, make_plan
from pipelines.archive.records import Record, Records
from pipelines.archive.report import write_report
from pipelines.archive.run import Archive, ArchiveListener
from pipelines.archive.staging import Staging
from pipelines.archive.storage import Store, open_store
from pipelines.errors import SettingsError
from pipelines.film import Listener, Result, restore
from pipelines.job.job import prepare
from pipelines.painting.choice import find_network
from pipelines.painting.paint import Paint
from pipelines.places import only_run
from pipelines.preview.canvas import Composition
from pipelines.preview.render import SPANS, Preview, Variant, choose_spans
from pipelines.preview.view import PREVIEW, open_view, ready
from pipelines.settings import Settings
from pipelines.streams import in_process
from restore.devices import Devices, Restore
from restore.options import settings_of_row


def restore_film(
    film: Path | str,
    out: Path | str | None = None,
    settings: Settings | None = None,
    *,
    overwrite: bool = False,
    listener: Listener | None = None,
) -> Path:
    """Colours a black-and-white film, file to file.

    Args:
        film: the black-and-white film; it is never written to.
        out: the result; None puts FILM.restored.SUFFIX beside the film.
        settings: None takes the defaults.
        overwrite: whether a result that exists may be replaced, and what a run with other settings began.
        listener: told how the run goes.

    Returns:
        The path of the result.

    Raises:
        FilmError: the film cannot be restored; the message says where, what, and what to do.
    """
    job = prepare(Path(film), Path(out) if out is not None else None, settings or Settings(), overwrite)
    restore(job, listener)
    return job.out


def restore_archive(  # noqa: PLR0913  # one run's all
    films: Sequence[Path | str],
    out: Path | str,
    settings: Settings | None = None,
    *,
    retry_failed: bool = False,
    overwrite: bool = False,
    scratch: Path | None = None,
    devices: Devices | None = None,
    listener: ArchiveListener | None = None,
    on_plan: Callable[[Plan], None] = lambda _: None,
) -> list[Record]:
    """Colours many films into one folder, largest first, and writes a report there.

    Args:
        films: folders, globs, films, list files and CSV manifests, as paths or URLs.
        out: folder or URL of the results, which keep their places in the folder tree.
        settings: of all films, under what a manifest says of each; None takes the defaults.
        retry_failed: try again what an earlier run could not restore.
        overwrite: make anew what is done, where its film or the settings have changed, and replace other files in its
            place.
        scratch: local folder for films from URLs and results for them; None takes one of the temporary folder.
        devices: what the films share; None: one film after another in this process.
        listener: told how the films go.
        on_plan: told what will be done.

    Returns:
        What became of each film, now or earlier.

    Raises:
        FilmError: nothing could be begun, another run works on OUT, or OUT cannot be written; a film that fails is in
            the records instead.
    """
    devices = devices or Devices()
    named, store = _named(films, out, settings, devices)
    staging = Staging(store, scratch or _scratch(str(out)))
    with only_run(staging.lock, str(out)):
        plan = make_plan(named, store, retry_failed, overwrite)
        on_plan(plan)
        records: list[Record] = [*plan.done, *plan.changed, *plan.failed]
        try:
            with _shared(devices if plan.todo else Devices()) as (how, capacity):
                run = Archive(staging, overwrite, listener or ArchiveListener(), capacity, how, bool(devices.address))
                records.extend(run(plan.todo))
        finally:
            write_report(store, Records(store).load().values())
    return records


def render_preview(  # noqa: PLR0913  # one look's all
    film: Path | str,
    out: Path | str | None = None,
    settings: Settings | None = None,
    *,
    at: Fraction | None = None,
    seconds: Fraction | None = None,
    how: Composition | None = None,
    variants: Mapping[str, Settings] | None = None,
    overwrite: bool = False,
) -> Path:
    """Shows a few seconds of a film before and after, in a small file, by the very pictures of a run.

    Args:
        film: the black-and-white film; it is never written to.
        out: the result, an mp4; None puts FILM.preview.mp4 beside the film.
        settings: of the run; None takes the defaults.
        at: seconds from the film's start; None shows the middles of the three longest shots.
        seconds: length of what is shown; None: 5 at a time, 2 of each shot.
        how: layout, height, labels and timecode; None takes the defaults.
        variants: settings by their labels, shown in a grid instead of `settings`.
        overwrite: whether a result that exists may be replaced.

    Returns:
        The path of the result.

    Raises:
        FilmError: the film cannot be shown so; the message says where, what, and what to do.
    """
    compared = dict(variants or {})
    opened = open_view(Path(film), Path(out) if out is not None else None, PREVIEW, settings or Settings(), overwrite)
    view, *others = ready(opened, *compared.values())
    chosen = [Variant(label, each) for label, each in zip(compared, others, strict=True)]
    spans = choose_spans(view, at, seconds, 1 if chosen else SPANS)
    Preview(view, how or Composition(), spans, chosen)(in_process(Paint()))
    return view.out


def plan_archive(
    films: Sequence[Path | str],
    out: Path | str,
    settings: Settings | None = None,
    *,
    retry_failed: bool = False,
    overwrite: bool = False,
    devices: Devices | None = None,
) -> tuple[Plan, Store]:
    """What `restore_archive` would do, and where; writes nothing. Arguments and errors are the same."""
    named, store = _named(films, out, settings, devices or Devices())
    return make_plan(named, store, retry_failed, overwrite), store


def _named(
    films: Sequence[Path | str], out: Path | str, settings: Settings | None, devices: Devices
) -> tuple[Gathered, Store]:
    """The films that an archive's arguments name, and where their results go."""
    base, store = devices.applied(settings or Settings()), _folder(str(out))
    find_network("archive", base, bool(devices.address))
    return gather([str(film) for film in films], store, lambda cells: settings_of_row(cells, base)), store


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


@contextmanager
def _shared(devices: Devices) -> Iterator[tuple[Restore, int]]:
    """While the block runs: how films are restored by what they share, and how many segments at a time."""
    if not (devices.gpus or devices.workers):
        yield restore, 1
        return
    with devices.at_work(has_films=True) as on_ray:
        from pipelines.on_ray.cluster import in_cluster  # not before it is known that Ray is installed

        yield on_ray, max(2, in_cluster("CPU"))


def _scratch(out: str) -> Path:
    """The same for each run into one folder, so that a run that was killed finds what it had staged."""
    return Path(tempfile.gettempdir()) / f"restore-{hashlib.sha256(os.fsencode(out)).hexdigest()[:12]}"


__all__ = [
    "Composition",
    "Devices",
    "Listener",
    "Result",
    "Settings",
    "plan_archive",
    "render_preview",
    "restore_archive",
    "restore_film",
]
