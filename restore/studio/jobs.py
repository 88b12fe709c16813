"""The studio's side of its worker: jobs are handed over, shared by all who want the same, and cancelled."""

import asyncio
import json
import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from pipelines.settings import Settings
from restore.studio.worker import work

QUICK, URGENT, WANTED, PATIENT = range(4)
"""Priorities: what takes moments; a frame on the screen; one that comes next; the whole film."""
OnEvent = Callable[[str, Any], object]


class JobError(Exception):
    """A job that failed.

    Args:
        what: is wrong.
        hint: what to do about it; may be empty.
    """

    def __init__(self, what: str, hint: str = "", film: str = "") -> None:
        self.what, self.hint, self.film = what, hint, film
        super().__init__(what, hint, film)


@dataclass
class _Pending:
    """A job whose end is waited for."""

    on_event: OnEvent
    ended: Future[Any] = field(default_factory=Future)


class Jobs:
    """Hands jobs to one worker, which is started for the first one, and again where it has died.

    Args:
        films: the files.
        settings: of all of them.
    """

    def __init__(self, films: list[Path], settings: Settings) -> None:
        self._about = films, settings
        self._numbers, self._lock = count(1), threading.Lock()
        self._pending: dict[int, _Pending] = {}
        self._connection: Connection | None = None
        self._process: SpawnProcess | None = None

    async def do(self, rank: int, name: str, *arguments: Any, on_event: OnEvent = lambda *_: None) -> Any:
        """The value of a job, see `worker.work`; the job is cancelled with the task that waits for it.

        Args:
            rank: QUICK, URGENT, WANTED or PATIENT.
            name: of a method of `Pictures`.
            arguments: of the method.
            on_event: called in the loop with what the job says meanwhile.

        Raises:
            JobError: it failed.
        """
        loop = asyncio.get_running_loop()

        def pass_on(*event: Any) -> None:
            with suppress(RuntimeError):  # the server has ended
                loop.call_soon_threadsafe(on_event, *event)

        pending = _Pending(pass_on)
        pending.ended.set_running_or_notify_cancel()  # it ends when the worker says so, whoever waits for it
        number = self._send(pending, rank, name, arguments)
        try:
            return await asyncio.wrap_future(pending.ended)
        except asyncio.CancelledError:
            self._cancel(number)
            raise

    def warm(self) -> None:
        """Starts the worker, so that it is ready when the page asks."""
        with self._lock:
            self._connected()

    def close(self) -> None:
        """Ends the worker."""
        with self._lock:
            process, self._process, self._connection = self._process, None, None
        if process is not None:
            process.kill()
            process.join()

    def _send(self, pending: _Pending, rank: int, name: str, arguments: tuple[Any, ...]) -> int:
        with self._lock:
            connection, number = self._connected(), next(self._numbers)
            self._pending[number] = pending
            connection.send((number, rank, name, arguments))
        return number

    def _cancel(self, number: int) -> None:
        with self._lock:
            if number in self._pending and self._connection is not None:
                self._connection.send((number,))

    def _connected(self) -> Connection:
        if self._connection is None or self._process is None or not self._process.is_alive():
            context = multiprocessing.get_context("spawn")
            self._connection, theirs = context.Pipe()
            self._process = context.Process(target=work, args=(theirs, *self._about), daemon=True)
            self._process.start()
            theirs.close()
            threading.Thread(target=self._listen, args=(self._connection,), daemon=True).start()
        return self._connection

    def _listen(self, connection: Connection) -> None:
        """Passes on what a worker says, until it ends."""
        while True:
            try:
                number, name, value = connection.recv()
            except (EOFError, OSError):
                break
            self._take(number, name, json.loads(value))
        with self._lock:
            lost, self._pending = self._pending, {}
            if self._connection is connection:
                self._connection = None
        for pending in lost.values():
            pending.ended.set_exception(JobError("the process that works for the studio has ended", "try again"))

    def _take(self, number: int, name: str, value: Any) -> None:
        pending = self._pending[number]
        if name not in ("done", "failed", "cancelled"):
            pending.on_event(name, value)
            return
        with self._lock:
            del self._pending[number]
        if name == "done":
            pending.ended.set_result(value)
        elif name == "failed":
            pending.ended.set_exception(JobError(**value))
        else:
            pending.ended.set_exception(JobError("was cancelled"))


class Shared:
    """Results that several ask for at once are made once; a job ends early where nobody waits for it any more."""

    def __init__(self) -> None:
        self._tasks: dict[Any, tuple[asyncio.Task[Any], list[int]]] = {}

    async def __call__(self, key: Any, make: Callable[[], Any]) -> Any:
        """The result of `make`, a coroutine function, which is called once at a time for equal keys."""
        if key not in self._tasks:
            self._tasks[key] = asyncio.create_task(make()), [0]
            self._tasks[key][0].add_done_callback(lambda task: self._forget(key, task))
        task, waiting = self._tasks[key]
        waiting[0] += 1
        try:
            return await asyncio.shield(task)
        finally:
            waiting[0] -= 1
            if not waiting[0]:
                self._forget(key, task)  # whoever asks from now on asks anew
                task.cancel()

    def _forget(self, key: Any, task: asyncio.Task[Any]) -> None:
        if key in self._tasks and self._tasks[key][0] is task:
            del self._tasks[key]
