"""Runs as events: what begins, how far it is, what came of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.archive.plan import Task
from pipelines.archive.records import Done, Record
from pipelines.archive.run import ArchiveListener
from pipelines.errors import timecode
from pipelines.film import Listener, Result
from pipelines.job.finder import Finder
from pipelines.job.job import Job
from pipelines.job.span import in_film
from pipelines.job.work import finished_segments
from pipelines.media.probe import probe
from pipelines.settings import Settings
from restore.reporting import Reporter
from restore.show.events import FilmEnded, FilmProgress, FilmStarted, Finished, Note, Phase, Started
from restore.show.words import counted, summary

FINDING = "finding shots"
"""The phase in which a film is looked through for its shots, as machines know it."""


def with_shots_found(film: Path, settings: Settings, has_pool: bool, reporter: Reporter) -> Settings:
    """The settings with all their places in seconds; the film's shots are looked for, which is reported.

    Raises:
        FilmError: the film cannot be read to its end, or a place is not in it.
    """
    found = probe(film)
    reporter(Note("looks through the whole film for its shots first"))
    reporter(Phase(FINDING, found.duration))
    tick = reporter.ticker()
    return in_film(settings, Finder(found, settings, has_pool, lambda pts: tick(float(found.seconds(pts)))))


def started(job: Job) -> Started:
    """A run on a film begins."""
    film, picture = job.film, job.film.picture
    others = [{"index": o.index, "kind": o.kind, "codec": o.codec, "language": o.language} for o in film.others]
    facts = {
        "film": str(film.path), "out": str(job.out), "width": picture.width, "height": picture.height,
        "frame_rate": str(picture.frame_rate), "copied_streams": others, "chapters": film.chapters,
        "network": job.chosen.name, "device": str(job.device), "codec": job.target.codec,
        "container": job.container,
    }  # fmt: skip
    return Started(film.path, job.out, job.seconds, summary(job), (*job.target.notes, *job.ways.notes), facts)


def finished(job: Job, result: Result, seconds: float) -> Finished:
    """A run on a film took so many seconds."""
    line = f"{job.out}, {counted(result.frames, 'frame')} in {timecode(seconds)}"
    held = [float(at) for at in result.held]
    facts = {"out": str(job.out), "frames": result.frames, "seconds": seconds, "held": held}
    facts |= {"repairs": list(result.repairs)} if result.repairs else {}
    return Finished((job.out,), line, tuple(result.notes), facts)


def stopped_hint(jobs: Sequence[Job]) -> str:
    """The effect of starting a stopped run again, by the segments that these films have finished."""
    done = sum(finished_segments(job.out) for job in jobs)
    if not done:
        return "no segment was finished; the same command begins again"
    return f"start the same command again: it goes on from {counted(done, 'finished segment')}"


def film_listener(job: Job, reporter: Reporter) -> Listener:
    """Reports how the run of `job` goes."""
    tick, done, taken = reporter.ticker(), 0, 0
    rate, owner = float(job.film.picture.rate), threading.current_thread()

    def report_taken() -> None:
        nonlocal taken
        if taken:
            reporter(Note(f"{counted(taken, 'frame')} of an earlier run taken up"))
            taken = 0

    def on_frame(_: int) -> None:
        nonlocal done
        done += 1  # segments are worked on side by side: how far a run is tells their sum, not the last frame's time
        if threading.current_thread() is owner or not reporter.stopped.is_set():
            report_taken()
            tick(min(done / rate, float(job.seconds)))

    def on_resumed(frames: int) -> None:
        nonlocal done, taken
        done, taken = done + frames, taken + frames

    return Listener(lambda note: reporter(Note(note)), on_frame, on_resumed, reporter.check, lambda _: report_taken())


@dataclass
class _Running:
    """A film of an archive that is being coloured."""

    job: Job
    event: FilmStarted
    began: float = field(default_factory=time.monotonic)
    frames: int = 0
    """Coloured by this run."""
    resumed: int = 0
    """Coloured by an earlier one."""

    @property
    def progress(self) -> FilmProgress:
        """How far it is: segments may be worked on side by side, so frames are counted."""
        rate = float(self.job.film.picture.rate)
        at = min((self.frames + self.resumed) / rate, self.event.seconds)
        return FilmProgress(self.event, at, self.frames / max(1e-6, time.monotonic() - self.began))


class ArchiveReporter:
    """Reports how the films of an archive go, one event at a time: films are worked on in several threads."""

    def __init__(self, reporter: Reporter) -> None:
        self.report, self.lock = reporter.report, threading.Lock()
        self.running: dict[str, _Running] = {}
        self.restored = 0

    @property
    def listener(self) -> ArchiveListener:
        """The listener of an archive's run."""
        tell: list[Any] = [self._start, self._frame, self._resumed, self._end]
        return ArchiveListener(*map(self._locked, tell))

    def note(self, text: str) -> None:
        """Reports a sentence on the whole run."""
        with self.lock:
            self.report(Note(text))

    @property
    def stopped_hint(self) -> str:
        """The effect of starting a stopped archive run again."""
        if self.restored:
            return f"start the same command again: it skips {counted(self.restored, 'finished film')} and goes on"
        return stopped_hint([running.job for running in self.running.values()])

    def _locked(self, tell: Callable[..., None]) -> Callable[..., None]:
        def one_at_a_time(*facts: Any) -> None:
            with self.lock:
                tell(*facts)

        return one_at_a_time

    def _start(self, task: Task, job: Job) -> None:
        event = FilmStarted(task.film.place, task.film.size, float(job.seconds), job.device.type, job.target.notes)
        self.running[task.film.place] = _Running(job, event)
        self.report(event)

    def _frame(self, task: Task, _: int) -> None:
        film = self.running[task.film.place]
        film.frames += 1
        self.report(film.progress)

    def _resumed(self, task: Task, frames: int) -> None:
        self.running[task.film.place].resumed += frames

    def _end(self, record: Record) -> None:
        self.running.pop(record.asked.place, None)
        self.restored += isinstance(record, Done)
        self.report(FilmEnded(record))
