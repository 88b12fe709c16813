"""sha256 of a film's bytes, read once, by a thread while the film is worked on."""

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event

from pipelines.errors import InputError
from pipelines.source import Film

CHUNK = 1 << 20
"""Bytes read at a time."""


@contextmanager
def digested(film: Film, on_wait: Callable[[], None]) -> Iterator[Callable[[], str]]:
    """Yields a function that gives the film's digest; a thread computes it meanwhile, and stops with the block.

    Args:
        film: from `probe`.
        on_wait: called about once a second while the function waits.
    """
    stopped = Event()
    with ThreadPoolExecutor(1) as pool:
        try:
            yield partial(_waited, pool.submit(digest_of, film, stopped), on_wait)
        finally:
            stopped.set()


def _waited(digest: Future[str], on_wait: Callable[[], None]) -> str:
    while not wait([digest], timeout=1).done:
        on_wait()
    return digest.result()


def digest_of(film: Film, stopped: Event | None = None) -> str:
    """sha256 of a film's file, in hex; of scans that of the names and sha256 of their pictures, and of their sound.

    Raises:
        InputError: it cannot be read.
        InterruptedError: `stopped` was set meanwhile.
    """
    try:
        if film.scans is None:
            return _of_file(film.path, stopped)
        listed = "".join(f"{path.name} {_of_file(path, stopped)}\n" for path in film.scans.files)
        return hashlib.sha256(listed.encode()).hexdigest()
    except InterruptedError:
        raise
    except OSError as error:
        raise InputError(film.path, f"cannot be read ({error.strerror})", "copy it again from its source") from error


def _of_file(path: Path, stopped: Event | None) -> str:
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while data := file.read(CHUNK):
            if stopped and stopped.is_set():
                raise InterruptedError
            digest.update(data)
    return digest.hexdigest()
