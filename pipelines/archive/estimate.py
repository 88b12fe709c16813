"""An estimate of an archive run: lengths of the films, and the speed by a trial of the product itself."""

import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import av

from pipelines.archive.inputs import ArchiveFilm
from pipelines.archive.plan import Plan, Task, check_free
from pipelines.archive.records import Done
from pipelines.archive.storage import Store
from pipelines.errors import FilmError, InputError
from pipelines.film import restore
from pipelines.job.job import prepare
from pipelines.job.span import Finder, asks_for_shots, in_film
from pipelines.media.containers import choose_output
from pipelines.media.open import picture_stream
from pipelines.media.probe import probe
from pipelines.ranges import When
from pipelines.source import DEFAULT_RATE, Span

TRIAL = Fraction(5)
"""Seconds of film coloured to learn the speed."""
AT_ONCE = 8
"""Films looked into at the same time: most of it is waiting for disks and servers."""


Figures = tuple[Fraction, Fraction, int, int, float]
"""Of a film: where its span starts and ends, in seconds; width and height in pixels; frames per second."""


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

    def row(self) -> dict[str, Any]:
        """The estimate as one object, for machines."""
        films = [
            {
                "film": extent.task.film.url,
                "place": extent.task.film.place,
                "bytes": extent.task.film.size,
                "length": extent.seconds,
                "seconds": self.took(extent),
                "problem": extent.problem or None,
            }
            for extent in self.extents
        ]
        plan = self.plan
        before = {"done": len(plan.done), "failed_before": len(plan.failed), "changed": len(plan.changed)}
        left_out, notes = list(plan.left_out), list(self.notes)
        return {"todo": films, **before, "left_out": left_out, "seconds": self.seconds, "notes": notes}


def estimate(plan: Plan, out: Store, overwrite: bool) -> Estimate:
    """Estimates a plan by the speed of an earlier run, else by a trial on one of its films.

    Args:
        plan: from `make_plan`.
        out: where results would go.
        overwrite: whether they would replace files there that nothing shows to be theirs.
    """
    found = extents(plan.todo, out, overwrite)
    return Estimate(plan, tuple(found), pixels_a_second(plan.done) or try_speed(found))


def extents(tasks: Sequence[Task], out: Store, overwrite: bool) -> list[Extent]:
    """The extent of each film, in the tasks' order; films behind URLs are read in part only.

    Args:
        tasks: the films.
        out: where results would go.
        overwrite: whether they would replace files there that nothing shows to be theirs.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(partial(_extent, out=out, overwrite=overwrite), tasks))


def _extent(task: Task, out: Store, overwrite: bool) -> Extent:
    film = task.film
    try:
        (start, end, width, height, rate), name = _local(film.path, task) if film.path else (_remote(film), film.out)
        if name and not (overwrite or task.found):
            check_free(task, name, out)
    except (FilmError, av.FFmpegError, OSError) as error:
        return Extent(task, 0, 0, problem=_problem(error))
    seconds = max(0.0, float(end - start))
    return Extent(task, seconds, seconds * rate * width * height, start)


def _problem(error: Exception) -> str:
    return "; ".join(filter(None, (error.what, error.hint))) if isinstance(error, FilmError) else str(error)


def _local(path: Path, task: Task) -> tuple[Figures, str]:
    """The figures of a film on this machine, and its result's name under OUT."""
    film, settings = probe(path, task.film.settings.scans), task.film.settings
    if asks_for_shots(settings):  # the film counts as whole: finding its shots would decode it
        settings = replace(settings, start=None, end=None, hints=())
    settings = in_film(settings, Finder(film, settings))
    picture = film.picture
    figures = *_within(settings.span, film.duration), picture.width, picture.height, float(picture.rate)
    stem = PurePosixPath(task.stem)
    output = choose_output(film, settings, stem.name, has_suffix=bool(task.film.out))
    return figures, str(stem.with_name(output.name))


def _within(span: Span, length: Fraction) -> tuple[Fraction, Fraction]:
    """Start and end of a span in a film of this length."""
    return span.start or Fraction(0), length if span.end is None else min(span.end, length)


def _remote(film: ArchiveFilm) -> Figures:
    """The figures of a film behind a URL, of which only a part is read; its result's name is not known.

    Timecodes, frames and shots are not looked for in it: it counts as whole from there.
    """
    if film.is_scans:
        raise InputError(film.url, "scans are read from folders of this machine alone", "copy the folder here")
    if not film.version:
        raise InputError(film.url, "no such file")
    with film.store.open(film.name) as file, av.open(file) as container:
        stream: Any = picture_stream(container, Path(film.name))
        start, end = (None if isinstance(at, When) else at for at in (film.settings.start, film.settings.end))
        span = _within(Span(start, end), Fraction(container.duration or 0, av.time_base))
        return *span, stream.width, stream.height, float(stream.average_rate or DEFAULT_RATE)


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
    with tempfile.TemporaryDirectory(prefix="restore-trial-") as folder:
        job = prepare(path, None, replace(settings, start=start, end=start + length), stem=Path(folder) / "trial")
        began = time.monotonic()
        restore(job)
        return extent.pixels * float(length) / extent.seconds / (time.monotonic() - began)
