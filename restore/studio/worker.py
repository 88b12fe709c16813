"""The process that works for the studio: one job at a time, at low priority, the newest of the most urgent first."""

import gc
import json
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from pipelines.errors import FilmError, StageError
from pipelines.settings import Settings

NICENESS = 5
"""Below other programs, and above the runs that the studio starts: who looks at the page waits."""
Event = Callable[[str, Any], None]
Turn = Callable[[], None]
"""Called often while a job is worked on: does more urgent ones first, and ends the job where nobody wants it."""


class CancelledJobError(Exception):
    """Nobody wants the job any more."""


@dataclass
class _Job:
    """Work that was asked for."""

    number: int
    """Rising: the newest has the highest."""
    rank: int
    """The lower, the more urgent."""
    name: str
    """A method of `Pictures`."""
    arguments: tuple[Any, ...]
    is_cancelled: threading.Event = field(default_factory=threading.Event)


class _Jobs:
    """Jobs that wait, filled by a thread that listens."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._changed = connection, threading.Condition()
        self._known: dict[int, _Job] = {}
        self._waiting: set[int] = set()
        threading.Thread(target=self._listen, daemon=True).start()

    def next(self) -> _Job:
        """Waits for a job, and takes it."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting)
            return self._take(self._first())

    def before(self, rank: int) -> _Job | None:
        """Takes a job that is more urgent than `rank`, if one waits."""
        with self._changed:
            first = self._first() if self._waiting else None
            return self._take(first) if first and first.rank < rank else None

    def forget(self, job: _Job) -> None:
        """Forgets a job that has ended."""
        with self._changed:
            self._known.pop(job.number)

    def _first(self) -> _Job:
        return min((self._known[number] for number in self._waiting), key=lambda job: (job.rank, -job.number))

    def _take(self, job: _Job) -> _Job:
        self._waiting.discard(job.number)
        return job

    def _listen(self) -> None:
        while True:
            try:
                number, *job = self._connection.recv()
            except (EOFError, OSError):
                os._exit(0)  # the studio has ended
            with self._changed:
                if job:
                    rank, name, arguments = job
                    self._known[number] = _Job(number, rank, name, arguments)
                    self._waiting.add(number)
                    self._changed.notify()
                elif number in self._known:
                    self._known[number].is_cancelled.set()


class _Worker:
    """Does jobs; a more urgent one is done in the middle of another."""

    def __init__(self, connection: Connection, films: list[Path], settings: Settings) -> None:
        from restore.studio.pictures import Pictures

        self._connection, self._jobs = connection, _Jobs(connection)
        self._current: list[_Job] = []
        """The last is worked on; the others wait for it."""
        self._pictures = Pictures(films, settings, self._turn, self._say)

    def __call__(self) -> None:
        """Works until the studio ends."""
        while True:
            self._do(self._jobs.next())

    def _do(self, job: _Job) -> None:
        self._current.append(job)
        try:
            self._say("done", getattr(self._pictures, job.name)(*job.arguments))
        except CancelledJobError:
            self._say("cancelled", None)
        except FilmError as error:
            self._say("failed", {"film": error.film, "what": error.what, "hint": error.hint})
        except StageError as error:
            self._say("failed", {"film": "", "what": error.what, "hint": error.hint})
        finally:
            self._jobs.forget(self._current.pop())

    def _turn(self) -> None:
        """Does more urgent jobs first.

        Raises:
            CancelledJobError: nobody wants the one that is worked on.
        """
        own = self._current[-1]
        while (urgent := self._jobs.before(own.rank)) is not None:
            self._do(urgent)
        if own.is_cancelled.is_set():
            raise CancelledJobError

    def _say(self, name: str, value: Any) -> None:
        self._connection.send((self._current[-1].number, name, json.dumps(value)))


def work(connection: Connection, films: list[Path], settings: Settings) -> None:
    """The life of the process: works on jobs that come through the connection, until this is closed.

    Args:
        connection: gives (number, rank, method of `Pictures`, arguments), or (number,) to cancel a job; takes (number,
            event, JSON), the last of them done, failed or cancelled.
        films: those of the studio.
        settings: of all of them, under what a job's own say.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the studio, and with it this
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    from pipelines.process import keep_what_was_imported, start_worker

    gc.disable()  # until imports are done
    start_worker()
    worker = _Worker(connection, films, settings)
    keep_what_was_imported()
    worker()
