"""Memory of the process: freed memory is kept for the next frame, since the system takes longer to give it anew."""

import ctypes
import gc
import sys

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -2, -3, -8  # of glibc's mallopt
MAX_BLOCK = 1 << 30
"""Bytes: blocks up to this size are kept."""
PAD = 64 << 20


def keep_freed_memory() -> None:
    """Tells glibc's malloc to keep freed blocks; does nothing where there is no glibc.

    They are kept in one arena: memory freed in a thread's own arena may be lost to the next thread.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, MAX_BLOCK)
        mallopt(M_TRIM_THRESHOLD, MAX_BLOCK)
        mallopt(M_TOP_PAD, PAD)
        mallopt(M_ARENA_MAX, 1)


def keep_what_was_imported() -> None:
    """Turns Python's garbage collector on, and takes the objects that exist now, made by imports, out of its search.

    The command has it off until then: a search through them while they grow takes time at every start.
    """
    gc.freeze()
    gc.enable()


def start_worker() -> None:
    """Readies a process that shares its machine's cores with others of its kind: memory is kept, OpenCV has one thread.

    OpenCV takes a thread for each core otherwise, whatever OMP_NUM_THREADS says: on 16 cores 256 threads.
    """
    import cv2

    keep_freed_memory()
    cv2.setNumThreads(1)


def start_work() -> None:
    """Readies the process of a command for work that takes a while: memory is kept, and the collector is on."""
    keep_freed_memory()
    keep_what_was_imported()
