"""Many films: each restored as `film.py` does it, the next made ready meanwhile; none that fails stops the others."""

import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pipelines.archive_plan import Task
from pipelines.errors import FilmError, timecode
from pipelines.film import Listener, Result, restore
from pipelines.job import Job, prepare
from pipelines.look import look
from pipelines.record import Done, Failed, Record, Records, failed
from pipelines.runner import ahead
from pipelines.stages.probe import probe
from pipelines.staging import Staging
from pipelines.storage import Store

READY = 1
"""Films made ready, staged and probed, while others are coloured."""
MOST_PLACES = 10
"""Times that a warning names."""


@dataclass(frozen=True)
class ArchiveListener:
    """Who is told how the films go; by default nobody. Calls come from several threads."""

    on_start: Callable[[Task, Job], None] = lambda _, __: None
    on_frame: Callable[[Task, int], None] = lambda _, __: None
    """The frame of this pts goes to the encoder."""
    on_resumed: Callable[[Task, int], None] = lambda _, __: None
    """So many frames were finished by an earlier run."""
    on_end: Callable[[Record], None] = lambda _: None


@dataclass(frozen=True)
class _Ready:
    """A film on this machine, with all that is decided about it."""

    task: Task
    work: Callable[[], Done]
    """Restores it, or what is left to do of that."""


@dataclass(frozen=True)
class Archive:
    """Restores films into one folder."""

    staging: Staging
    overwrite: bool = False
    listener: ArchiveListener = field(default_factory=ArchiveListener)
    lanes: int = 1
    """Films coloured at the same time."""
    restore: Callable[[Job, Listener], Result] = restore
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def out(self) -> Store:
        """Where results and records go."""
        return self.staging.out

    def __call__(self, tasks: Iterable[Task]) -> Iterator[Record]:
        """Yields the record of each film as it ends; it is saved before.

        Raises:
            OutputError: a record cannot be saved.
        """
        running: set[Future[Record]] = set()
        with ThreadPoolExecutor(self.lanes) as pool, closing(ahead(map(self._make_ready, tasks), READY)) as films:
            try:
                for film in films:
                    running.add(pool.submit(self._ended, film))
                    if len(running) == self.lanes:
                        done, running = wait(running, return_when=FIRST_COMPLETED)
                        yield from (future.result() for future in done)
                while running:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            finally:
                self.stopped.set()

    def _make_ready(self, task: Task) -> "_Ready | tuple[Task, Failed]":
        try:
            return _Ready(task, self._prepared(task))
        except Exception as error:
            return task, _failure(task, error)

    def _prepared(self, task: Task) -> Callable[[], Done]:
        """What is to be done for a film, all of it decided."""
        made = self.staging.made(task)
        if made is not None:
            return lambda: made
        path = self.staging.film(task)
        if task.found:
            return lambda: self._found(task, path)
        stem, settings = self.staging.stem(task), task.film.settings
        out, stem_only = (stem, None) if task.film.out else (None, stem)
        job = prepare(path, out, settings, self.overwrite, stem_only)
        return lambda: self._made(task, job)

    def _ended(self, ready: "_Ready | tuple[Task, Failed]") -> Record:
        task, record = (ready.task, self._worked(ready)) if isinstance(ready, _Ready) else ready
        Records(self.out).save(record)
        self.staging.clear(task)
        self.listener.on_end(record)
        return record

    def _worked(self, ready: _Ready) -> Record:
        try:
            record = ready.work()
            self.staging.deliver(ready.task, record)
            return record
        except Exception as error:  # a fault of ours too: the other films go on
            return _failure(ready.task, error)

    def _made(self, task: Task, job: Job) -> Done:
        began = time.monotonic()
        self.listener.on_start(task, job)
        notes = list(job.target.notes)
        result = self.restore(job, self._listener(task, notes))
        seen = look(job.film, job.out, job.settings.start)
        return Done(
            asked=task.asked,
            out=str(PurePosixPath(task.stem).with_name(job.out.name)),
            length=float(job.seconds),
            seconds=round(time.monotonic() - began, 3),
            cuts=tuple(round(float(at), 3) for at in result.cuts),
            warnings=(*notes, *_held(result)),
            device=job.device.type,
            look=seen,
        )

    def _found(self, task: Task, path: Path) -> Done:
        """The record of a result that was there."""
        film = probe(path)
        seen = look(film, self.staging.found(task), task.film.settings.start)
        note = "was there already; nothing tells how it was made"
        return Done(task.asked, task.found, float(film.duration), None, None, (note,), "", seen)

    def _listener(self, task: Task, notes: list[str]) -> Listener:
        def on_frame(pts: int) -> None:
            if self.stopped.is_set():
                raise KeyboardInterrupt  # in this film's thread: its finished segments stay
            self.listener.on_frame(task, pts)

        return Listener(notes.append, on_frame, lambda frames: self.listener.on_resumed(task, frames))


def _held(result: Result) -> list[str]:
    if not result.held:
        return []
    places = ", ".join(timecode(at) for at in result.held[:MOST_PLACES])
    more = f" and {len(result.held) - MOST_PLACES} more" if len(result.held) > MOST_PLACES else ""
    return [f"the last good frame is held at {places}{more}"]


def _failure(task: Task, error: Exception) -> Failed:
    """What stopped a film."""
    if not isinstance(error, FilmError):
        last = traceback.extract_tb(error.__traceback__)[-1]
        what = f"unexpected {type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"
        error = FilmError(task.film.url, " ".join(what.split()), "this is a fault of restore; please report it")
    return failed(task.asked, error)
