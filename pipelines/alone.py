"""One run at a time in a place: a lock that ends with the process that holds it, however that ends."""

import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from pipelines.errors import OutputError


@contextmanager
def alone(lock: Path, result: Path | str) -> Iterator[None]:
    """Keeps other runs out while the block runs. Windows has no such locks: there it does nothing.

    Args:
        lock: a file that is there while a run is, and tells whose it is; its folder is made.
        result: named in the error.

    Raises:
        OutputError: another run holds it.
    """
    if sys.platform == "win32":
        yield
        return
    lock.parent.mkdir(parents=True, exist_ok=True)
    with _taken(lock, result) as file:
        with suppress(OSError):  # a full disk keeps the name out, and not the lock open
            file.truncate(0)
            print(f"process {os.getpid()} on {socket.gethostname()}, since {time.ctime()}", file=file, flush=True)
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def _taken(lock: Path, result: Path | str) -> IO[str]:
    """The lock's file, held until it is closed."""
    import fcntl

    while True:
        file = lock.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with file:
                file.seek(0)
                who = file.read().strip() or "it has just begun"
            what = f"another run is at work on it ({who})"
            raise OutputError(result, what, "wait for it, or end it and start again") from None
        if _is_there(lock, file):
            return file
        file.close()  # whoever held it has removed it meanwhile


def _is_there(path: Path, file: IO[str]) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    return False
