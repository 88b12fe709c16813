"""A pool: copies of a stage, each built where it runs, in a cluster; a stream like `runner.in_process`."""

import copy
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic

import ray
from ray.exceptions import ActorDiedError, ObjectLostError, RayActorError

from pipelines.errors import StageError
from pipelines.on_ray.cluster import answered, get, reason_of
from pipelines.on_ray.placement import cpu_worker_options, gpu_worker_options
from pipelines.process import keep_freed_memory
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
    """A copy of a stage, in a process of its own."""

    def __init__(self, maker: Callable[[], Callable[[Any], Any]]) -> None:
        keep_freed_memory()
        self.stage = maker()

    def ready(self) -> None:
        """Answers once the stage is built."""

    def run(self, batch: Any) -> Any:
        """The result of the stage for a batch."""
        return self.stage(batch)

    def run_announced(self, batch: Any) -> Iterator[Any]:
        """The result of a batch, after a first item that says that it begins: a death after that is of this batch."""
        yield None
        yield self.stage(batch)


@dataclass(frozen=True)
class _Sent(Generic[In]):
    """A batch on its way."""

    batch: In
    result: Any
    worker: int


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
        kind: Any = ray.remote(_Worker)
        self.workers = [kind.options(max_restarts=RESTARTS, **place).remote(maker) for place in places]
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
        rota: _Rota[In, Out] = _Rota(self.workers)
        sent: deque[_Sent[In]] = deque()
        for batch in batches:
            sent.append(rota.send(batch))
            if len(sent) >= self.in_flight:
                yield rota.result(sent.popleft())
        while sent:
            yield rota.result(sent.popleft())


class _Rota(Generic[In, Out]):
    """Whose turn it is: of the workers that are up, the one with the least in flight."""

    def __init__(self, workers: list[Any]) -> None:
        self.workers = dict(enumerate(workers))
        self.busy: dict[Any, int] = {}
        """The worker of each batch in flight."""
        self.away: dict[Any, int] = {}
        """Workers that died: each by what it answers once it is up again."""
        self.turn = 0

    def send(self, batch: In) -> _Sent[In]:
        """Gives a batch to a worker."""
        for waiting in (self.busy, self.away):
            for answer in answered(list(waiting)):
                del waiting[answer]
        up = [worker for worker in self.workers if worker not in self.away.values()] or list(self.workers)
        loads = list(self.busy.values())
        self.turn += 1  # so that equals take turns
        worker = min(up, key=lambda i: (loads.count(i), (i - self.turn) % len(self.workers)))
        result = self.workers[worker].run.remote(batch)
        self.busy[result] = worker
        return _Sent(batch, result, worker)

    def result(self, sent: _Sent[In]) -> Out:
        """The result of a batch, which is run again where its worker died."""
        try:
            return get(sent.result)
        except LOST:
            self._mark_away(sent.worker)
            return self._again(sent.batch)

    def _again(self, batch: In) -> Out:
        """Runs a batch that was in flight when its worker died, perhaps of this very batch, and waits for it.

        From now on it is known which batch was worked on when a worker dies: others that wait are not to blame.
        """
        deaths = 1
        while deaths < DEATHS:
            number = self._first_up(batch)
            how = {"num_returns": "streaming", "_generator_backpressure_num_objects": 1}
            answers = self.workers[number].run_announced.options(**how).remote(batch)
            has_begun = False
            try:
                get(next(answers))
                has_begun = True
                return get(next(answers))
            except LOST as error:
                deaths += has_begun
                self._mark_away(number)
                reason = reason_of(error)
        what = f"ended the process that worked on it {DEATHS} times ({reason})"
        raise StageError(batch, what, "see Ray's logs, or leave it out with --start and --end")

    def _mark_away(self, worker: int) -> None:
        if worker in self.workers and worker not in self.away.values():
            self.away[self._ask(worker)] = worker

    def _ask(self, worker: int) -> Any:
        return self.workers[worker].ready.options(max_task_retries=-1).remote()

    def _first_up(self, batch: In) -> int:
        """The first worker to answer; those that will never are left out."""
        asked = {self._ask(worker): worker for worker in self.workers}
        while asked:
            answer = ray.wait(list(asked))[0][0]
            worker = asked.pop(answer)
            try:
                get(answer)
                return worker
            except ActorDiedError as error:
                del self.workers[worker]
                reason = reason_of(error)
        raise StageError(batch, f"no worker is left to do it ({reason})", "see Ray's logs")
