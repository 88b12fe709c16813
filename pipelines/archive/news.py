"""News of an archive run while it goes on: the report, written anew; a file of metrics; a POST at each film's end."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from pipelines import product_version
from pipelines.archive.ended import Ended
from pipelines.archive.records import Record, Records, Run, now
from pipelines.archive.report import write_report
from pipelines.archive.storage import Store
from pipelines.errors import FilmError
from pipelines.places import written_whole

EVERY = 10.0
"""Least seconds from one writing of a report to the next."""
SHARE = 20
"""A report that takes long to write is written so seldom that all but one part in so many is left to other things."""
WAITS = (1.0, 5.0, 25.0)
"""Seconds before each new attempt at a POST."""
TIMEOUT = 10.0
"""Seconds that a server has to answer."""


@dataclass(frozen=True)
class Telling:
    """Whom a run tells how it goes."""

    command: str = ""
    """As it was typed, for the report."""
    rate: float | None = None
    """Price of a machine's hour."""
    webhook: str = ""
    """URL that takes a POST of JSON as each film ends."""
    metrics_file: Path | None = None
    """File that holds the figures of the run, as Prometheus reads them."""

    def __post_init__(self) -> None:
        if self.webhook and urlsplit(self.webhook).scheme not in ("http", "https"):
            raise ValueError(f"--webhook takes a URL of http or https, got {self.webhook}")


class News:
    """Takes the films of a run as they end, and tells of them."""

    def __init__(
        self, out: Store, left: int, telling: Telling, machines: Callable[[], int], on_note: Callable[[str], None]
    ) -> None:
        self.out, self.left, self.telling, self.machines, self.on_note = out, left, telling, machines, on_note
        self.ended = Ended(Records(out).load())
        self.last = time.monotonic()
        earlier = Records(out).run()
        seconds, rate = (earlier.seconds, earlier.rate) if earlier else (0.0, None)
        rate = rate if telling.rate is None else telling.rate
        self.run = Run(telling.command, product_version(), now(), now(), seconds, rate)
        self.posts = ThreadPoolExecutor(1)
        self.lock = threading.Lock()

    def film(self, record: Record) -> None:
        """A film has ended."""
        with self.lock:
            self.ended.add(record)
            self.left -= 1
        if self.telling.metrics_file:
            write_metrics(self.telling.metrics_file, self.ended, self.left, self._so_far().seconds)
        if self.telling.webhook:
            self.posts.submit(self._post, {"event": "ended", "left": self.left} | record.row())

    def write(self, is_live: bool = False) -> None:
        """Writes the report.

        Raises:
            OutputError: it cannot be written.
        """
        with self.lock:
            records, left, run = self.ended.all(), self.left, self._so_far()
        Records(self.out).save_run(run)
        write_report(self.out, records, run, left, is_live)

    def _so_far(self) -> Run:
        """The run until now."""
        at = time.monotonic()
        seconds, self.last = self.run.seconds + (at - self.last) * self.machines(), at
        self.run = replace(self.run, ended=now(), seconds=seconds)
        return self.run

    def _post(self, row: dict[str, Any]) -> None:
        """Tells the webhook of a film; what it does not take is noted, and stops nothing."""
        for wait in (*WAITS, None):
            try:
                requests.post(self.telling.webhook, json=row, timeout=TIMEOUT).raise_for_status()
                return
            except requests.RequestException as error:
                if wait is None:  # a URL may be a secret
                    host, why = urlsplit(self.telling.webhook).hostname, type(error).__name__
                    self.on_note(f"the webhook at {host} did not take word of {row['place']} ({why})")
                else:
                    time.sleep(wait)


@contextmanager
def news_of(
    out: Store, left: int, telling: Telling, machines: Callable[[], int], on_note: Callable[[str], None]
) -> Iterator[News]:
    """Yields what takes the films of a run as they end; the report is written anew meanwhile, and at the end.

    Args:
        out: where the results are.
        left: films that the run has to do.
        telling: whom it tells.
        machines: how many work now.
        on_note: takes sentences on what could not be told, in another thread.

    Raises:
        OutputError: the report cannot be written at the end.
    """
    news, ended = News(out, left, telling, machines, on_note), threading.Event()
    writer = threading.Thread(target=_write_on, args=(news, ended), name="report", daemon=True)
    writer.start()
    try:
        yield news
    finally:
        ended.set()
        writer.join()
        news.write()
        news.posts.shutdown()


def _write_on(news: News, ended: threading.Event) -> None:
    """Writes the report again and again."""
    pause = EVERY
    while not ended.wait(pause):
        began = time.monotonic()
        with suppress(FilmError):  # the last one says so
            news.write(is_live=True)
        pause = max(EVERY, SHARE * (time.monotonic() - began))


def write_metrics(path: Path, ended: Ended, left: int, seconds: float) -> None:
    """Writes the figures of an archive in Prometheus's text format, whole or not at all.

    Args:
        path: the file; node_exporter's text collector takes names that end in .prom.
        ended: the films that have.
        left: films that the run has still to do.
        seconds: that machines have worked.

    Raises:
        OutputError: it cannot be written.
    """
    films = {"done": ended.done, "failed": ended.failed, "left": left}
    figures = {
        "frames_total": ("counter", "Frames restored.", ended.frames),
        "film_seconds_total": ("counter", "Seconds of film restored.", ended.seconds),
        "result_bytes_total": ("counter", "Bytes of results.", ended.bytes),
        "machine_seconds_total": ("counter", "Seconds that machines have worked.", seconds),
        "last_end_timestamp_seconds": ("gauge", "When a film ended last.", time.time()),
    }
    lines = ["# HELP restore_films Films of the archive.", "# TYPE restore_films gauge"]
    lines += [f'restore_films{{status="{status}"}} {count}' for status, count in films.items()]
    for name, (kind, help_, value) in figures.items():
        lines += [f"# HELP restore_{name} {help_}", f"# TYPE restore_{name} {kind}", f"restore_{name} {value:.15g}"]
    with written_whole(path) as part:
        part.write_text("\n".join(lines) + "\n", "utf-8")
