"""Stages as Ray tasks: for what is ready at once, and may run on any CPU of the cluster.

A task runs `ColourSegment` on one segment, or `Join` on all of them (pipelines/film.py); `restore_on_ray` (films.py)
hands both over.
"""

import gc
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import ray
from ray.exceptions import NodeDiedError, ObjectLostError, OutOfMemoryError, WorkerCrashedError

from pipelines.errors import StageError
from pipelines.on_ray.cluster import answered, get, in_cluster, reason_of
from pipelines.on_ray.placement import task_options
from pipelines.on_ray.pool import DEATHS
from pipelines.process import start_worker
from pipelines.streams import In, Out, Stream

QUEUED = 2
"""Batches in flight for each CPU: the next is there when one is done."""
SECONDS_TO_STOP = 10
SECONDS_TO_WAIT = 1
CRASHED = (WorkerCrashedError, NodeDiedError, OutOfMemoryError, ObjectLostError)


def as_tasks(stage: Callable[[In], Out], on_wait: Callable[[], None] = lambda: None) -> Stream[In, Out]:
    """The stream that runs `stage` on each batch as a task, which takes the stage along.

    While it waits for results, `on_wait` is called now and then; what that raises ends the stream.

    A batch whose process or machine dies is run again; those that are not done when the stream is left are stopped.
    The stream raises StageError where a batch ended its process three times.
    """

    def stream(batches: Iterable[In]) -> Iterator[Out]:
        task: Any = ray.remote(_run).options(max_retries=DEATHS - 1, **task_options())
        sent: deque[tuple[In, Any]] = deque()
        try:
            for batch in batches:
                sent.append((batch, task.remote(stage, batch)))
                if len(sent) >= QUEUED * in_cluster("CPU"):
                    yield _finished(*sent[0], on_wait)
                    sent.popleft()
            while sent:
                yield _finished(*sent[0], on_wait)
                sent.popleft()
        finally:
            _stop([result for _, result in sent])

    return stream


def _run(stage: Callable[[In], Out], batch: In) -> Out:
    """The result of the stage; where it fails or is interrupted, this process keeps nothing of it.

    The frames that an error passed through, and circles of threads and generators, would hold the pool: a process that
    has nothing more to do would keep its GPUs until Python looks for circles.
    """
    start_worker()
    try:
        return stage(batch)
    except BaseException as error:
        failure = _without_frames(error)
    del stage, batch
    gc.collect()
    try:
        raise failure from failure.__cause__
    finally:
        del failure


def _without_frames(error: BaseException) -> BaseException:
    """The error without its traceback, and those of the errors behind it."""
    found: BaseException | None = error
    while found is not None:
        found.__traceback__ = None
        found = found.__cause__ or found.__context__
    return error


def _finished(batch: In, result: Any, on_wait: Callable[[], None]) -> Any:
    try:
        while not ray.wait([result], timeout=SECONDS_TO_WAIT, fetch_local=False)[0]:
            on_wait()
        return get(result)
    except CRASHED as error:
        what = f"ended the process that worked on it {DEATHS} times ({reason_of(error)})"
        raise StageError(batch, what, "see Ray's logs, or leave it out with --start and --end") from error


def _stop(results: list[Any]) -> None:
    """Ends tasks, first by an interrupt, so that they close their files; they are gone when this returns."""
    for is_forced in (False, True):
        going_on = list(set(results) - answered(results))
        for result in going_on:
            ray.cancel(result, force=is_forced)
        if going_on:
            ray.wait(going_on, num_returns=len(going_on), timeout=SECONDS_TO_STOP, fetch_local=False)
