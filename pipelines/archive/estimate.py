"""An estimate of an archive run: lengths of the films, and the speed by a trial of the product itself."""

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import av

from pipelines.archive.plan import OPTION, Plan, Task, check_free, name_of_result
from pipelines.archive.records import Done
from pipelines.archive.sample import bytes_of
from pipelines.archive.storage import Store
from pipelines.errors import FilmError, InputError
from pipelines.film import restore
from pipelines.job.job import Job, prepare
from pipelines.job.span import asks_for_shots
from pipelines.media.open import picture_stream
from pipelines.ranges import When
from pipelines.source import DEFAULT_RATE

TRIAL = Fraction(5)
"""Seconds of film coloured to learn the speed."""
AT_ONCE = 8
"""Films looked into at the same time: most of it is waiting for disks and servers."""


@dataclass(frozen=True)
class Extent:
    """How much work a film is."""

    task: Task
    seconds: float
    """Length of film."""
    pixels: float
    """Of all frames together."""
    start: Fraction = Fraction(0)
    """Seconds from the film's start where its span begins."""
    problem: str = ""
    """Why it will fail, and what to do; then the figures are 0."""
    out: str = ""
    """The result's name under OUT; empty: it is known once the film is on this machine."""
    written: str = ""
    """Codec and container of the result in words; empty as above."""
    bytes: int | None = None
    """Of the result, about; None where that is not known."""
    notes: tuple[str, ...] = ()
    """Changes that the user should know of."""


@dataclass(frozen=True)
class Estimate:
    """The films that an archive run would restore, and the time that it would take."""

    plan: Plan
    extents: tuple[Extent, ...]
    """Of the films that are left to do, largest first."""
    speed: float | None
    """Pixels coloured in a second; None: no film tells it."""
    notes: tuple[str, ...] = ()
    """Sentences on the devices."""

    @property
    def able(self) -> tuple[Extent, ...]:
        """The films that will not fail, as far as can be told."""
        return tuple(extent for extent in self.extents if not extent.problem)

    def took(self, extent: Extent) -> float | None:
        """Seconds that a film would take; None where that is not known."""
        return extent.pixels / self.speed if self.speed and not extent.problem else None

    @property
    def seconds(self) -> float | None:
        """Seconds that all films together would take on this machine; None where that is not known."""
        return sum(extent.pixels for extent in self.able) / self.speed if self.speed else None

    def row(self, rate: float | None = None) -> dict[str, Any]:
        """The estimate as one object, for machines.

        Args:
            rate: price of a machine's hour.
        """
        films = [
            {
                "film": extent.task.film.url,
                "place": extent.task.film.place,
                "bytes": extent.task.film.size,
                "length": extent.seconds,
                "seconds": self.took(extent),
                "out": extent.out or None,
                "written": extent.written or None,
                "out_bytes": extent.bytes,
                "notes": extent.notes,
                "problem": extent.problem or None,
            }
            for extent in self.extents
        ]
        plan = self.plan
        before = {"done": len(plan.done), "failed_before": len(plan.failed), "changed": len(plan.changed)}
        left_out, notes = list(plan.left_out), list(self.notes)
        cost = None if rate is None or self.seconds is None else round(self.seconds / 3600 * rate, 2)
        whole = {"seconds": self.seconds, "cost": cost, "notes": notes}
        return {"todo": films, **before, "left_out": left_out, **whole}


def estimate(plan: Plan, out: Store, overwrite: bool, has_pool: bool = False) -> Estimate:
    """Estimates a plan by the speed of an earlier run, else by a trial on one of its films.

    Args:
        plan: from `make_plan`.
        out: where results would go.
        overwrite: whether they would replace files there that nothing shows to be theirs.
        has_pool: whether anchors would be coloured elsewhere, so that the device need not be in this machine.
    """
    found = extents(plan.todo, out, overwrite, has_pool)
    return Estimate(plan, tuple(found), pixels_a_second(plan.done) or try_speed(found))


def extents(tasks: Sequence[Task], out: Store, overwrite: bool, has_pool: bool = False) -> list[Extent]:
    """The extent of each film, in the tasks' order; films behind URLs are read in part only. Args as above."""
    with TemporaryDirectory(prefix="restore-plan-") as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        work = partial(_extent, out=out, overwrite=overwrite, has_pool=has_pool, elsewhere=Path(folder))
        return list(pool.map(work, tasks))


def _extent(task: Task, out: Store, overwrite: bool, has_pool: bool, elsewhere: Path) -> Extent:
    try:
        if task.film.path is None:
            return _remote(task)
        return _local(task, _foretold(task, out, has_pool, elsewhere), out, overwrite)
    except (FilmError, av.FFmpegError, OSError) as error:
        return Extent(task, 0, 0, problem=_problem(error))


def _problem(error: Exception) -> str:
    return "; ".join(filter(None, (error.what, error.hint))) if isinstance(error, FilmError) else str(error)


def _foretold(task: Task, out: Store, has_pool: bool, elsewhere: Path) -> Job:
    """All that the run will decide about a film on this machine.

    Args:
        elsewhere: a folder that takes the place of one under OUT that is not there yet.
    """
    settings, stem = task.film.settings, PurePosixPath(task.stem)
    if asks_for_shots(settings):  # the film counts as whole: finding its shots would decode it
        settings = replace(settings, start=None, end=None, hints=())
    folder = None if out.local is None else out.local / stem.parent
    place = (folder if folder and folder.is_dir() else elsewhere) / stem.name
    path = task.film.path
    assert path is not None
    named, stem_only = (place, None) if task.film.out else (None, place)
    return prepare(path, named, settings, True, stem_only, has_pool, OPTION)


def _local(task: Task, job: Job, out: Store, overwrite: bool) -> Extent:
    name = name_of_result(task, job)
    if not (overwrite or task.found):
        check_free(task, name, out)
    picture, seconds = job.film.picture, max(0.0, float(job.seconds))
    bytes_, notes = bytes_of(job), (*job.target.notes, *job.chosen.notes)
    if bytes_ is None:
        notes = (*notes, "no frame can be decoded in its middle: it may have been cut short")
    pixels, start = seconds * float(picture.rate) * picture.width * picture.height, job.span.start or Fraction(0)
    return Extent(task, seconds, pixels, start, "", name, job.written, bytes_, notes)


def _remote(task: Task) -> Extent:
    """The extent of a film behind a URL, of which only a part is read.

    Timecodes, frames and shots are not looked for in it: it counts as whole from there.
    """
    film = task.film
    if film.is_scans:
        raise InputError(film.url, "scans are read from folders of this machine alone", "copy the folder here")
    if not film.version:
        raise InputError(film.url, "no such file")
    with film.store.open(film.name) as file, av.open(file) as container:
        stream: Any = picture_stream(container, Path(film.name))
        start, end = (None if isinstance(at, When) else at for at in (film.settings.start, film.settings.end))
        start, length = start or Fraction(0), Fraction(container.duration or 0, av.time_base)
        seconds = max(0.0, float((length if end is None else min(end, length)) - start))
        pixels = seconds * float(stream.average_rate or DEFAULT_RATE) * stream.width * stream.height
        return Extent(task, seconds, pixels, start, notes=("its result is decided once the film is on this machine",))


def pixels_a_second(done: Iterable[Done]) -> float | None:
    """The speed of an earlier run, from its records; None where they do not tell."""
    made = [record for record in done if record.seconds]
    seconds = sum(record.seconds or 0 for record in made)
    pixels = sum(record.look.frames * record.look.width * record.look.height for record in made)
    return pixels / seconds if seconds else None


def try_speed(found: Sequence[Extent]) -> float | None:
    """Pixels coloured in a second, by colouring a few seconds of a local film of middle size; None where there is none.

    Segments look around themselves, so that short pieces take more time for each second than whole films: it rather
    tells too slow a speed than too fast a one.
    """
    able = [extent for extent in found if extent.task.film.path and not extent.problem]
    for extent in sorted(able, key=lambda extent: abs(extent.pixels - sorted(e.pixels for e in able)[len(able) // 2])):
        try:
            return _tried(extent)
        except FilmError:
            continue  # it will fail in the run too
    return None


def _tried(extent: Extent) -> float:
    path, settings = extent.task.film.path, extent.task.film.settings
    assert path is not None
    length = min(TRIAL, Fraction(extent.seconds))
    start = extent.start + (Fraction(extent.seconds) - length) / 2
    with TemporaryDirectory(prefix="restore-trial-") as folder:
        job = prepare(path, None, replace(settings, start=start, end=start + length), stem=Path(folder) / "trial")
        began = time.monotonic()
        restore(job)
        return extent.pixels * float(length) / extent.seconds / (time.monotonic() - began)
