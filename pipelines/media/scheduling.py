"""Scheduling of this process's threads, kept while an encoder is opened."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

THREADS = Path("/proc/self/task")


@contextmanager
def kept_scheduling() -> Iterator[None]:
    """Keeps the scheduling of this process's threads, and gives threads that begin meanwhile that of the caller.

    Where it may, as root, SVT-AV1 makes its threads and the one that opens it real-time threads of the highest priority
    (SCHED_FIFO, 99), for which everything else on the machine waits. Linux only; elsewhere it does nothing.
    """
    if sys.platform != "linux" or not THREADS.is_dir():
        yield
        return
    before = {thread: _scheduling(thread) for thread in _threads()}
    mine = _scheduling(0)
    try:
        yield
    finally:
        for thread in _threads():
            with suppress(ProcessLookupError, PermissionError):
                wanted = before.get(thread, mine)
                if _scheduling(thread) != wanted:
                    os.sched_setscheduler(thread, wanted[0], os.sched_param(wanted[1]))


def _threads() -> list[int]:
    return [int(thread.name) for thread in THREADS.iterdir()]


def _scheduling(thread: int) -> tuple[int, int]:
    """Policy and priority of a thread; 0: the calling one."""
    return os.sched_getscheduler(thread), os.sched_getparam(thread).sched_priority
