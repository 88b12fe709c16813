"""Who follows a run, and may stop it; and runs as iterators of events, for programs."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from restore.show.events import Event, Progress

Report = Callable[[Event], None]


@dataclass(frozen=True)
class Reporter:
    """Takes the events of a run; by default nobody sees them, and nobody stops it."""

    report: Report = lambda _: None
    stopped: threading.Event = field(default_factory=threading.Event)

    def __call__(self, event: Event) -> None:
        """Reports an event.

        Raises:
            KeyboardInterrupt: the run was stopped.
        """
        self.check()
        self.report(event)

    def check(self) -> None:
        """Raises KeyboardInterrupt where the run was stopped."""
        if self.stopped.is_set():
            raise KeyboardInterrupt

    def ticker(self) -> Callable[[float], None]:
        """A function that reports progress, in seconds of film, each time that a frame is done."""
        began, count = time.monotonic(), 0

        def tick(seconds: float) -> None:
            nonlocal count
            count += 1
            self(Progress(seconds, count / max(1e-6, time.monotonic() - began)))

        return tick


_END = object()


def events(function: Callable[..., Any], *args: Any, **options: Any) -> Generator[Event, None, Any]:
    """Runs one of this package's functions in a thread, and yields what happens; `close()` stops the run.

    Args:
        function: such as `restore.restore_film`.
        args: its arguments.
        options: its keyword arguments.

    Returns:
        What the function returns, as the value of the generator (`yield from`). The last event has the paths.

    Raises:
        FilmError: what the function raises.

    Examples:
        >>> for event in restore.events(restore.restore_film, "film.mp4"):  # doctest: +SKIP
        ...     print(event)
    """
    ready: queue.Queue[Any] = queue.Queue()
    reporter, outcome = Reporter(ready.put), dict[str, Any]()

    def run() -> None:
        try:
            outcome["value"] = function(*args, **options, reporter=reporter)
        except BaseException as error:  # raised to the reader in its turn
            outcome["error"] = error
        finally:
            ready.put(_END)

    thread = threading.Thread(target=run, name="restore", daemon=True)
    thread.start()
    try:
        while (event := ready.get()) is not _END:
            yield event
    finally:
        reporter.stopped.set()
        thread.join()
    if "error" in outcome:
        raise outcome["error"]
    return outcome["value"]
