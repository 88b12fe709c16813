"""The product as functions: everything that the commands do. `restore` has their names."""

import time
from pathlib import Path

from pipelines.job.finder import Finder
from pipelines.job.job import prepare
from pipelines.job.span import asks_for_shots
from pipelines.job.update import kept, updating
from pipelines.settings import Settings
from restore.archives import estimate_archive, plan_archive, restore_archive
from restore.devices import Devices
from restore.looks import Composition, render_preview, sheet, shots, still
from restore.reporting import Reporter, events
from restore.runs import film_listener, finished, started, stopped_hint, with_shots_found
from restore.show.events import Note, Opened, Stopped


def restore_film(  # noqa: PLR0913  # one run's all
    film: Path | str,
    out: Path | str | None = None,
    settings: Settings | None = None,
    *,
    overwrite: bool = False,
    keep_work: bool = False,
    update: bool = False,
    only_shot: int | None = None,
    devices: Devices | None = None,
    reporter: Reporter | None = None,
) -> Path:
    """Colours a black-and-white film, file to file.

    Args:
        film: the black-and-white film; it is never written to.
        out: the result; None puts FILM.restored.SUFFIX beside the film, a layer as FILM.layer.restored.SUFFIX.
        settings: None takes the defaults.
        overwrite: whether a result that exists may be replaced, and what a run with other settings began.
        keep_work: whether the film's segments stay, so that `update` renders only those that have changed.
        update: whether a result that exists is made again from the segments that were kept, as far as looks and guides
            have not changed for them.
        only_shot: of `update`, the number of the one shot whose segments are rendered; None: all that have changed.
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
        job = prepare(film, _path(out), wanted, overwrite or update, has_pool=devices.is_pool())
        if update:
            job = updating(job, overwrite, Finder(job.film, wanted, devices.is_pool()), only_shot)
        elif keep_work:
            job = kept(job)
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


def _path(path: Path | str | None) -> Path | None:
    return None if path is None else Path(path)


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
