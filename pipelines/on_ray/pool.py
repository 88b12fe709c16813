"""A pool: copies of a stage, each built where it runs, in a cluster; a stream like `runner.in_process`."""

import copy
import os
import secrets
import socket
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic

import ray
from ray.exceptions import ActorDiedError, ObjectLostError, RayActorError, RayError

from pipelines.errors import BrokenError, StageError
from pipelines.on_ray.cluster import get, reason_of
from pipelines.on_ray.placement import cpu_worker_options, gpu_worker_options, here_options
from pipelines.on_ray.roster import Life, Roster
from pipelines.process import start_worker
from pipelines.streams import In, Out

DEATHS = 3
"""Of the processes that work on a batch, after which the batch is at fault."""
RESTARTS = 100
"""Of a worker, after which it is given up: one that cannot even start would try for ever."""
QUEUED = 2
"""Batches in flight for each worker: the next is there when one is done."""
LOST = (RayActorError, ObjectLostError)
"""Errors of a batch whose worker died."""


class _Worker:
    """A copy of a stage, in a process of its own, which it ends where its device fails: Ray starts it again."""

    def __init__(self, maker: Callable[[], Callable[[Any], Any]], number: int, roster: str) -> None:
        start_worker()
        # by its name: Ray keeps a handle among the arguments in one machine's object store, and what is lost there
        # cannot start again
        self.life, self.roster = Life(number, secrets.token_hex(4)), ray.get_actor(roster)
        try:
            self.stage = maker()
        except Exception as error:
            get(self.roster.leave_out.remote(number, f"{error} ({socket.gethostname()})"))
            raise
        reason = get(self.roster.start.remote(self.life))
        if reason:
            raise RuntimeError(reason)

    def ready(self) -> Life:
        """Answers once the stage is built."""
        return self.life

    def run(self, batch: Any) -> Any:
        """The result of the stage for a batch."""
        try:
            return self.stage(batch)
        except BrokenError as error:
            self._end(error)
        finally:
            self.roster.done.remote(self.life)

    def run_announced(self, batch: Any) -> Iterator[Any]:
        """The result of a batch, after a first item that says that it begins: a death after that is of this batch."""
        yield None
        try:
            yield self.stage(batch)
        except BrokenError as error:
            yield _LastWords(error.what)
            self._end(error)
        finally:
            self.roster.done.remote(self.life)

    def _end(self, error: BrokenError) -> None:
        with suppress(RayError):
            get(self.roster.break_off.remote(self.life, f"{error.what} ({socket.gethostname()})"))
        os._exit(1)


@dataclass(frozen=True)
class _LastWords:
    """The reason why a worker ends itself."""

    reason: str


@dataclass(frozen=True)
class _Sent(Generic[In]):
    """A batch on its way."""

    batch: In
    result: Any
    worker: Life


class OnRay(Generic[In, Out]):
    """The stream that runs copies of a stage on GPUs, or in CPU processes, of a cluster.

    Whoever holds it shares the copies: it pickles as handles, so many films on many machines keep one pool busy. The
    copies end when the process that made it ends, or holds it no longer.

    Args:
        maker: builds the stage; called once in each process.
        gpus: copies, each on a GPU of its own;
        workers: or copies on the CPU, each with one thread, on nodes of their own as far as there are nodes.
    """

    def __init__(self, maker: Callable[[], Callable[[In], Out]], *, gpus: int = 0, workers: int = 0) -> None:
        if bool(gpus) == bool(workers):
            raise ValueError(f"either gpus or workers, got {gpus = } and {workers = }")
        places = [gpu_worker_options()] * gpus or cpu_worker_options(workers)
        name = f"roster-{secrets.token_hex(8)}"
        self.roster: Any = ray.remote(Roster).options(name=name, max_restarts=-1, **here_options()).remote()
        kind: Any = ray.remote(_Worker)
        self.workers = [
            kind.options(max_restarts=RESTARTS, **place).remote(maker, number, name)
            for number, place in enumerate(places)
        ]
        self.in_flight = QUEUED * len(self.workers)

    def at_most(self, batches: int) -> "OnRay[In, Out]":
        """This pool with fewer batches in flight for each stream: the frames of each wait in memory."""
        bounded = copy.copy(self)
        bounded.in_flight = min(batches, self.in_flight)
        return bounded

    def __call__(self, batches: Iterable[In]) -> Iterator[Out]:
        """The results of the stage for each batch, in order.

        Raises:
            StageError: a batch ended its worker three times, or no worker is left.
        """
        line: _Line[In, Out] = _Line(self.workers, self.roster)
        sent: deque[_Sent[In]] = deque()
        for batch in batches:
            sent.append(line.send(batch))
            if len(sent) >= self.in_flight:
                yield line.result(sent.popleft())
        while sent:
            yield line.result(sent.popleft())


class _Line(Generic[In, Out]):
    """The way of one stream's batches to the workers and back."""

    def __init__(self, workers: list[Any], roster: Any) -> None:
        self.workers, self.roster = workers, roster
        self.alive = set(range(len(workers)))
        """Workers that are not known to be given up."""

    def send(self, batch: In) -> _Sent[In]:
        """Gives a batch to a worker."""
        worker = self._taken(batch)
        return _Sent(batch, self.workers[worker.number].run.remote(batch), worker)

    def result(self, sent: _Sent[In]) -> Out:
        """The result of a batch, which is run again where its worker died."""
        try:
            return get(sent.result)
        except LOST:
            return self._again(sent)

    def _again(self, sent: _Sent[In]) -> Out:
        """Runs a batch that was in flight when its worker died, perhaps of this very batch, and waits for it.

        From now on it is known which batch was worked on when a worker dies: others that wait are not to blame. Another
        worker is asked, where there is one: the fault may be of the first one's device.
        """
        deaths, batch, worker, dead = 1, sent.batch, sent.worker, {sent.worker.number}
        while deaths < DEATHS:
            self.roster.lose.remote(worker)
            worker = self._taken(batch, dead)
            how = {"num_returns": "streaming", "_generator_backpressure_num_objects": 1}
            answers = self.workers[worker.number].run_announced.options(**how).remote(batch)
            has_begun = False
            try:
                get(next(answers))
                has_begun = True
                result = get(next(answers))
                if not isinstance(result, _LastWords):
                    return result
                reason = result.reason
            except LOST as error:
                reason = reason_of(error)
            deaths += has_begun
            dead.add(worker.number)
        self.roster.lose.remote(worker)
        what = f"ended the process that worked on it {DEATHS} times ({reason})"
        raise StageError(batch, what, "see Ray's logs, or leave it out with --start and --end")

    def _taken(self, batch: In, avoided: Collection[int] = ()) -> Life:
        """The worker that has the least to do, from now on with one batch more; waits until one is up."""
        take = self.roster.take.options(max_task_retries=-1)
        while (worker := get(take.remote(avoided))) is None:
            self.roster.start.remote(self._first_up(batch))  # a roster that was lost with its machine does not know it
        return worker

    def _first_up(self, batch: In) -> Life:
        """The first worker to answer; those that will never are left out."""
        asked = {self.workers[number].ready.options(max_task_retries=-1).remote(): number for number in self.alive}
        reason = "all were given up"
        while asked:
            answer = ray.wait(list(asked))[0][0]
            number = asked.pop(answer)
            try:
                life: Life = get(answer)
                return life
            except ActorDiedError as error:
                self.alive.discard(number)
                reason = reason_of(error)
        raise StageError(batch, f"no worker is left to do it ({reason})", "see Ray's logs")
