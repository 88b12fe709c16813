"""Memory and threads of the process: freed memory is kept for the next frame, since the system gives it anew slowly."""

import ctypes
import gc
import os
import sys

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -2, -3, -8  # of glibc's mallopt
MAX_BLOCK = 1 << 30
"""Bytes: blocks up to this size are kept."""
PAD = 64 << 20
CODEC_THREADS = 12
"""Of a decoder, 4, and an encoder, up to 8: encoders write other bytes with another number."""
FLOW_THREADS = 8
"""Of OpenCV where there are many cores: its pictures are small."""


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


def threads_of(cores: int) -> tuple[int, int]:
    """Threads of PyTorch and of OpenCV in a process that has so many cores to itself.

    Of more than twice CODEC_THREADS cores, these and the codecs' threads have one each. Fewer are shared in turns:
    network and flow seldom work at the same time, and threads of codecs mostly wait.
    """
    if cores <= 2 * CODEC_THREADS:
        return cores, cores
    return cores - CODEC_THREADS - FLOW_THREADS, FLOW_THREADS


def cores_here() -> int:
    """Cores that this process may use; all of the machine where the system cannot limit it to some."""
    may_use = getattr(os, "sched_getaffinity", None)
    return len(may_use(0)) if may_use else os.cpu_count() or 1


def _share_cores() -> None:
    """Shares many cores among the threads of this process; OMP_NUM_THREADS of the user's stays as it is."""
    cores = cores_here()
    if threads_of(cores) == (cores, cores):
        return  # as they are by default: a start with few cores imports nothing for it
    import cv2
    import torch

    networks, flows = threads_of(cores)
    cv2.setNumThreads(flows)
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(networks)


def start_work(has_codecs: bool = True) -> None:
    """Readies the process of a command for work that takes a while.

    Memory is kept, Python's collector is on, and many cores are shared where films are decoded and encoded, too.
    """
    keep_freed_memory()
    keep_what_was_imported()
    if has_codecs:
        _share_cores()
