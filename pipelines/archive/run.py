"""Many films: each restored as `film.py` does it, the next made ready meanwhile; none that fails stops the others."""

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from pipelines import product_version
from pipelines.archive.plan import OPTION, Task, check_free, name_of_result
from pipelines.archive.records import Done, Failed, Record, Records, Whole, failed, now
from pipelines.archive.results import Look, look
from pipelines.archive.staging import Staging
from pipelines.archive.storage import Store
from pipelines.errors import FilmError
from pipelines.film import Listener, Result, restore
from pipelines.job.beside import put_beside
from pipelines.job.finder import Finder
from pipelines.job.job import Job, prepare
from pipelines.job.span import in_film
from pipelines.media.coloured import Colours, colours_of
from pipelines.media.probe import probe
from pipelines.places import WORK, remove, size_of
from pipelines.proof.verify import compared
from pipelines.settings import Settings
from pipelines.source import Film, Span

MOST_AHEAD = 8
"""Films that are made ready while others are coloured."""


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
    segments: int = 1


@dataclass(frozen=True)
class Archive:
    """Restores films into one folder."""

    staging: Staging
    overwrite: bool = False
    listener: ArchiveListener = field(default_factory=ArchiveListener)
    capacity: int = 1
    """Segments that can run at once. Films are started until their segments fill it, two at least where it is above 1;
    the next ones are staged and probed meanwhile."""
    restore: Callable[[Job, Listener], Result] = restore
    has_pool: bool = False
    """Whether anchors are coloured elsewhere, so that the device need not be in this machine."""
    stopped: threading.Event = field(default_factory=threading.Event)
    look: Callable[[Film, Path, Span], Look] = look
    """Looks at a result, all of which is read for it."""
    colours: Colours = colours_of
    """Tells whether a film has colours; samples of it are decoded for that."""

    @property
    def out(self) -> Store:
        """Where results and records go."""
        return self.staging.out

    def __call__(self, tasks: Iterable[Task]) -> Iterator[Record]:
        """Yields the record of each film as it ends; it is saved before.

        Raises:
            OutputError: a record cannot be saved.
        """
        running: dict[Future[Record], int] = {}
        with closing(self._made_ready(tasks)) as films, ThreadPoolExecutor(self.capacity) as pool:
            try:
                for film in films:
                    while not self._has_room(running):
                        yield from _first_done(running)
                    running[pool.submit(self._ended, film)] = film.segments
                while running:
                    yield from _first_done(running)
            except BaseException:  # whoever reads the records may stop too
                self.stopped.set()
                raise

    def _made_ready(self, tasks: Iterable[Task]) -> Generator[_Ready, None, None]:
        """The films in order, the next ones made ready meanwhile."""
        ahead = min(self.capacity, MOST_AHEAD)
        waiting: deque[Future[_Ready]] = deque()
        with ThreadPoolExecutor(ahead) as pool:
            try:
                for task in tasks:
                    waiting.append(pool.submit(self._make_ready, task))
                    if len(waiting) > ahead:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def _has_room(self, running: dict[Future[Record], int]) -> bool:
        """Whether one more film may be coloured: what is open does not keep all busy to its end."""
        at_least = 1 if self.capacity == 1 else 2  # so that one begins before the last one ends
        return len(running) < at_least or sum(running.values()) < self.capacity

    def _make_ready(self, task: Task) -> _Ready:
        try:
            return self._prepared(task)
        except Exception as error:  # told in the film's turn
            return _Ready(task, partial(_fail, error))

    def _prepared(self, task: Task) -> _Ready:
        """A film with all decided that is to be done for it."""
        made = self.staging.made(task)
        if made is not None:
            return _Ready(task, lambda: made)
        path = self.staging.film(task)
        if task.found:
            return _Ready(task, lambda: self._found(task, path))
        stem, settings = self.staging.stem(task), _with_sidecar(task.film.settings)
        out, stem_only = (stem, None) if task.film.out else (None, stem)
        job = prepare(path, out, settings, True, stem_only, self.has_pool, OPTION, colours=self.colours)
        if not self.overwrite:
            check_free(task, name_of_result(task, job), self.out)
        job = replace(job, overwrite=self.overwrite, starts_over=True)
        return _Ready(task, lambda: self._made(task, job), len(job.segments))

    def _ended(self, ready: _Ready) -> Record:
        record = self._worked(ready)
        Records(self.out).save(record)
        self.staging.clear(ready.task)
        self.listener.on_end(record)
        return record

    def _worked(self, ready: _Ready) -> Record:
        try:
            record = ready.work()
            self.staging.deliver(ready.task, record)
            return record
        except Exception as error:  # a fault of ours too: the other films go on
            if self.stopped.is_set():
                raise KeyboardInterrupt from error  # it did not fail, it was stopped
            return _failure(ready.task, error)

    def _made(self, task: Task, job: Job) -> Done:
        began = time.monotonic()
        self.listener.on_start(task, job)
        notes = list(job.target.notes)
        result = self.restore(job, self._listener(task, job, notes))
        seen = self.look(job.film, job.out, job.span)
        return Done(
            asked=task.asked,
            out=name_of_result(task, job),
            length=float(job.seconds),
            seconds=round(time.monotonic() - began, 3),
            cuts=tuple(round(float(at), 3) for at in result.cuts),
            warnings=(*notes, *result.notes, *(() if job.settings.paint.is_off else seen.notes)),
            device=job.device.type,
            look=seen,
            written=job.written,
            source=result.source,
            ended=now(),
            version=product_version(),
            repairs=result.repairs,
        )

    def _found(self, task: Task, path: Path) -> Done:
        """The record of a result that a run wrote which was killed right after."""
        film = probe(path, task.film.settings.scans)
        settings = in_film(task.film.settings, Finder(film, task.film.settings, self.has_pool))
        result = self.staging.found(task)
        put_beside(result)
        remove(result.with_name(result.name + WORK))
        if settings.verify:
            compared(path, result, sound=settings.scans.sound)
        seen = self.look(film, result, settings.span)
        note = "the run that wrote it was stopped before it could tell more"
        return Done(task.asked, task.found, float(film.duration), None, None, (note,), "", seen, ended=now())

    def _listener(self, task: Task, job: Job, notes: list[str]) -> Listener:
        def go_on() -> None:
            if self.stopped.is_set():
                raise KeyboardInterrupt  # in this film's thread: its finished segments stay

        def on_frame(pts: int) -> None:
            if self.capacity == 1:  # elsewhere this is heard of later, and `go_on` is asked on its own
                go_on()
            self.listener.on_frame(task, pts)

        def on_whole(result: Path) -> None:
            Records(self.out).save(Whole(task.asked, name_of_result(task, job), size_of(result)))

        return Listener(notes.append, on_frame, lambda frames: self.listener.on_resumed(task, frames), go_on, on_whole)


def _with_sidecar(settings: Settings) -> Settings:
    """The settings of a film of an archive, where records are written unless they are not wanted."""
    return replace(settings, sidecar=settings.sidecar is not False)


def _first_done(running: dict[Future[Record], int]) -> Iterator[Record]:
    """Waits for films to end, takes them out and gives their records."""
    for future in wait(running, return_when=FIRST_COMPLETED).done:
        del running[future]
        yield future.result()


def _fail(error: Exception) -> Done:
    raise error


def _failure(task: Task, error: Exception) -> Failed:
    """The record of a film that an error stopped."""
    if not isinstance(error, FilmError):
        last = traceback.extract_tb(error.__traceback__)[-1]
        what = f"unexpected {type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"
        error = FilmError(task.film.url, " ".join(what.split()), "this is a fault of restore; please report it")
    return failed(task.asked, error)
