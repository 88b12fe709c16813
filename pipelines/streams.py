"""How stages are run in this process: streams keep order, `ahead` lets steps overlap."""

import ctypes
import queue
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Protocol, TypeVar

In = TypeVar("In")
Out = TypeVar("Out")

TURN = 0.0005
"""Seconds for which a thread may hold Python's lock, in place of Python's own 0.005: a thread that comes back from
FFmpeg waits less to hand it the next frame."""

Stream = Callable[[Iterable[In]], Iterator[Out]]
"""Batches in, batches out, in the order they came."""


class Spread(Protocol):
    """A way to run stages: `in_process`, or `on_ray.as_tasks`."""

    def __call__(self, stage: Callable[[In], Out]) -> Stream[In, Out]:
        """The stream that runs `stage` on each batch."""


def in_process(stage: Callable[[In], Out]) -> Stream[In, Out]:
    """The stream that runs `stage` on each batch, here and now."""

    def stream(batches: Iterable[In]) -> Iterator[Out]:
        return map(stage, batches)

    return stream


_END = object()


def _fill(items: Iterable[object], ready: "queue.Queue[object]", stopped: threading.Event) -> None:
    def put(item: object) -> bool:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    iterator = iter(items)
    try:
        for item in iterator:
            if not put(item):
                break
        put(_END)
    except BaseException as error:  # handed to the reader, which raises it
        put(error)
    finally:
        close = getattr(iterator, "close", None)  # a generator's files close here, not when it is collected
        if close:
            close()


def give_back_freed_memory() -> None:
    """Lets glibc's malloc return what is free to the system; does nothing where there is no glibc.

    What was freed lies between blocks still in use, in pieces that do not fit what comes next: without it, a process
    grows from segment to segment.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform.startswith("linux") else None
    if trim is not None:
        trim(0)


def ahead(items: Iterable[Out], depth: int) -> Generator[Out, None, None]:
    """The items, made by a thread that works at most `depth` of them ahead.

    An error in the thread is raised to the reader in its turn. When the reader stops early, so does the thread.
    Memory that earlier threads left free goes back to the system first, and all threads take shorter turns from now on.
    """
    give_back_freed_memory()
    sys.setswitchinterval(min(TURN, sys.getswitchinterval()))
    ready: queue.Queue[object] = queue.Queue(depth)
    stopped = threading.Event()
    thread = threading.Thread(target=_fill, args=(items, ready, stopped), daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not _END:
            if isinstance(item, BaseException):
                raise item
            yield item  # type: ignore[misc]
    finally:
        stopped.set()
        thread.join()
