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
    before, mine = _schedulings(), _scheduling(0)
    try:
        yield
    finally:
        for thread, own in _schedulings().items():
            wanted = before.get(thread, mine)
            if own != wanted:
                with suppress(ProcessLookupError, PermissionError):
                    os.sched_setscheduler(thread, wanted[0], os.sched_param(wanted[1]))


def _schedulings() -> dict[int, tuple[int, int]]:
    """Policy and priority of each thread of this process; those that end meanwhile are left out."""
    found: dict[int, tuple[int, int]] = {}
    for thread in THREADS.iterdir():
        with suppress(ProcessLookupError):
            found[int(thread.name)] = _scheduling(int(thread.name))
    return found


def _scheduling(thread: int) -> tuple[int, int]:
    """Policy and priority of a thread; 0: the calling one."""
    return os.sched_getscheduler(thread), os.sched_getparam(thread).sched_priority
