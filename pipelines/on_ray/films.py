"""Films on a cluster: segments are tasks on CPUs anywhere, anchors are painted by a pool that all films share.

Only the anchors' lightness, and their ab as the network gives it, go from machine to machine; films and results lie
where every machine sees them.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError

from pipelines.archive.results import Look, look
from pipelines.errors import FilmError, SettingsError, StageError
from pipelines.film import Join, Listener, Result, restore
from pipelines.frames import Painted
from pipelines.job.job import Job
from pipelines.media.coloured import colours_of
from pipelines.on_ray.cluster import in_cluster
from pipelines.on_ray.metrics import MeteredPaint, Queued, frames_encoded, timed
from pipelines.on_ray.polling import polled
from pipelines.on_ray.pool import OnRay
from pipelines.on_ray.progress import Progress
from pipelines.on_ray.tasks import as_tasks
from pipelines.painting.paint import PaintOrder
from pipelines.source import Film, Span
from pipelines.streams import Out, Stream

BATCHES_AHEAD = 2
"""Of anchors, in flight for each segment: the frames between them wait in memory."""
REPORT_SECONDS = 0.5
"""Seconds from one report of a segment's progress to the next."""


@dataclass(frozen=True)
class Pool:
    """Painters and progress that the films of a run share: pickles as handles, ends with the process that made it."""

    paint: OnRay[PaintOrder, Painted]
    progress: Any
    """Where segments leave word of their progress."""


def check_gpus(gpus: int) -> None:
    """Raises SettingsError where the cluster that this process is in has fewer GPUs."""
    found = in_cluster("GPU")
    if gpus > found:
        hint = "ask for fewer, or --workers N for CPU processes"
        raise SettingsError("--gpus", f"{gpus} asked for, the cluster has {found}", hint)


def open_pool(gpus: int = 0, workers: int = 0) -> Pool:
    """A pool of so many GPUs, or of so many CPU processes, in the cluster that this process is in.

    Raises:
        SettingsError: the cluster has fewer GPUs.
    """
    check_gpus(gpus)
    progress: Any = ray.remote(Progress).options(num_cpus=0, max_restarts=-1)
    maker = partial(MeteredPaint, "cuda" if gpus else "cpu")
    return Pool(OnRay(maker, gpus=gpus, workers=workers), progress.remote())


def restore_on_ray(job: Job, listener: Listener | None, pool: Pool) -> Result:
    """`pipelines.film.restore`, on the cluster that this process is in; the result has the same bytes.

    Threads of one process, and tasks on the cluster, may call it for many films at a time.

    Raises:
        FilmError: as `restore` does.
    """
    listener, there = listener or Listener(), _seen_from_anywhere(job)
    teller = _FrameReporter(pool.progress, str(there.out))
    paint = Queued(pool.paint.at_most(BATCHES_AHEAD))

    def spread(stage: Callable[[Any], Any]) -> Stream[Any, Any]:
        name = "join" if isinstance(stage, Join) else "segment"
        return as_tasks(_Reported(name, stage, teller), listener.on_wait)

    try:
        with _heard(pool.progress, str(there.out), listener.on_frame):
            return restore(there, replace(listener, on_frame=teller), paint, spread)
    except FilmError as error:
        names = {str(there.film.path): job.film.path, str(there.out): job.out}
        raise type(error)(names.get(error.film, error.film), error.what, error.hint, error.at) from error


def look_on_ray(film: Film, result: Path, span: Span) -> Look:
    """`pipelines.archive.results.look` as a task: the results of all machines are too much for one to read.

    Raises:
        FilmError: the result cannot be looked at.
    """
    return _as_task(look, film, result.absolute(), span)


def colours_on_ray(film: Film) -> float:
    """`pipelines.media.coloured.colours_of` as a task: samples of all films are too much for one machine to decode.

    Raises:
        FilmError: the film cannot be read.
    """
    return _as_task(colours_of, film)


def _as_task(work: Callable[..., Out], film: Film, *others: Any) -> Out:
    """The result of `work` on a film, done anywhere; errors are of the film as it is named here."""
    there = film.with_absolute_paths()
    try:
        return next(as_tasks(partial(_done, work))(iter([(there, *others)])))
    except StageError as error:
        raise error.as_film_error(film.path) from error
    except FilmError as error:
        names = {str(there.path): film.path}
        raise type(error)(names.get(error.film, error.film), error.what, error.hint, error.at) from error


def _done(work: Callable[..., Out], arguments: tuple[Any, ...]) -> Out:
    return work(*arguments)


def _seen_from_anywhere(job: Job) -> Job:
    """The job with absolute paths: other processes have other working folders."""
    film = job.film.with_absolute_paths()
    segments = tuple(replace(segment, film=film) for segment in job.segments)
    ways = job.ways.with_absolute_paths()
    return replace(job, film=film, out=job.out.absolute(), ways=ways, segments=segments)


@dataclass
class _FrameReporter:
    """Reports each frame of a segment, many at a time."""

    progress: Any
    film: str
    waiting: list[int] = field(default_factory=list)
    last: float = 0

    def __call__(self, pts: int) -> None:
        self.waiting.append(pts)
        if time.monotonic() - self.last > REPORT_SECONDS:
            self.hand_in()

    def hand_in(self) -> Any:
        """Tells what waits."""
        waiting, self.waiting, self.last = self.waiting, [], time.monotonic()
        if waiting:
            frames_encoded().inc(len(waiting))
        return self.progress.add.remote(self.film, waiting)


@dataclass(frozen=True)
class _Reported:
    """A stage that leaves no word behind when it ends."""

    name: str
    stage: Callable[[Any], Any]
    teller: _FrameReporter

    def __call__(self, batch: Any) -> Any:
        done = timed(self.name, self.stage)(batch)
        with suppress(RayError):  # no film fails for want of its progress
            ray.get(self.teller.hand_in())
        return done


def _heard(progress: Any, film: str, on_frame: Callable[[int], None]) -> AbstractContextManager[None]:
    """A block in which word of a film's frames is passed on."""

    def hear() -> None:
        for pts in ray.get(progress.collect.remote(film)):
            on_frame(pts)

    return polled(hear, REPORT_SECONDS)
