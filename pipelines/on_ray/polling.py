"""Looking at an actor now and then, beside other work."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from ray.exceptions import RayError


@contextmanager
def polled(look: Callable[[], None], seconds: float) -> Iterator[None]:
    """Calls `look` in another thread every so many seconds while the block runs, and once more after it.

    Errors of Ray end one look, and not the block.
    """
    has_ended = threading.Event()

    def poll() -> None:
        is_last = False
        while not is_last:
            is_last = has_ended.wait(seconds)
            with suppress(RayError):
                look()

    thread = threading.Thread(target=poll, daemon=True)
    thread.start()
    try:
        yield
    finally:
        has_ended.set()
        thread.join()
