"""Keeps freed memory for the next frame: taking it anew from the system costs more than the arithmetic done in it."""

import ctypes
import sys

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3  # of glibc's mallopt
LARGEST = 1 << 30
"""Bytes: blocks up to this size are kept."""
PAD = 64 << 20


def keep_freed_memory() -> None:
    """Tells glibc's malloc to keep freed blocks; does nothing where there is no glibc."""
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGEST)
        mallopt(M_TRIM_THRESHOLD, LARGEST)
        mallopt(M_TOP_PAD, PAD)
