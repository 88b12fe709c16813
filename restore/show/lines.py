"""Plain lines, for logs and pipes; and errors alone, for quiet runs."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from pipelines.errors import timecode
from restore.show import events as e
from restore.show.words import counted, outcome, planned

if TYPE_CHECKING:
    from pipelines.archive.records import Record

LINE_SECONDS = 10
"""Between lines of progress."""


def _failure(record: Record) -> str | None:
    """Why a film of an archive failed, in one line; None where it did not."""
    return getattr(record, "reason", None)


class Quiet:
    """Errors only."""

    def __call__(self, event: e.Event) -> None:
        """Shows an event."""
        match event:
            case e.Failed(error):
                click.echo(f"restore: {error}", err=True)
            case e.Stopped(hint):
                click.echo(f"restore: stopped; {hint}", err=True)
            case e.FilmEnded(record) if _failure(record):
                click.echo(f"failed: {_failure(record)}", err=True)

    def close(self) -> None:
        """Nothing more will be shown."""


@dataclass
class Lines(Quiet):
    """A line for each thing that happens, and one every ten seconds of a long wait."""

    total: float = 0
    """Seconds of film in the current phase."""
    films: int = 0
    """Of an archive that have ended."""
    of_films: int = 0
    slow: threading.Timer | None = None
    """Says that a film is still being read, where that takes long."""
    last: float = field(default_factory=time.monotonic)

    def __call__(self, event: e.Event) -> None:
        """Shows an event."""
        self._stop_waiting()
        match event:
            case e.Opened(film):
                self.slow = threading.Timer(LINE_SECONDS, click.echo, (f"reading {film}",))
                self.slow.daemon = True
                self.slow.start()
            case e.Started():
                self.total = float(event.seconds)
                self._say(event.summary, event.notes)
            case e.Phase():
                self.total = float(event.seconds)
            case e.Note(text):
                click.echo(f"note: {text}")
            case e.Progress() if self._is_due():
                click.echo(f"{timecode(event.seconds)} of {timecode(self.total)}, {event.fps:.1f} fps")
            case e.Finished():
                self._say(f"done: {event.summary}", event.notes)
            case _:
                self._show_archive(event)

    def close(self) -> None:
        """Nothing more will be shown."""
        self._stop_waiting()

    def _stop_waiting(self) -> None:
        if self.slow is not None:
            self.slow.cancel()
            self.slow = None

    def _say(self, line: str, notes: tuple[str, ...]) -> None:
        click.echo(line)
        for note in notes:
            click.echo(f"note: {note}")

    def _is_due(self) -> bool:
        """Whether it is time for a line of progress."""
        now = time.monotonic()
        is_due = now - self.last > LINE_SECONDS
        self.last = now if is_due else self.last
        return is_due

    def _show_archive(self, event: e.Event) -> None:
        match event:
            case e.ArchiveStarted(plan):
                self.of_films = len(plan.todo)
                click.echo(planned(plan))
            case e.FilmProgress() if self._is_due():
                place = f"{event.film.place} {timecode(event.seconds)} / {timecode(event.film.seconds)}"
                click.echo(f"{self.films} of {self.of_films} films; {place}, {event.fps:.1f} fps")
            case e.FilmEnded(record):
                self.films += 1
                self._show_end(record)
            case e.ArchiveFinished():
                click.echo(f"{outcome(event.records)}; {event.report}")
            case _:
                super().__call__(event)

    def _show_end(self, record: Record) -> None:
        """How a film of an archive ended."""
        if _failure(record):
            super().__call__(e.FilmEnded(record))
        else:
            click.echo(f"done: {ended(record)}")


def ended(record: Record) -> str:
    """A restored film of an archive in one line."""
    fps = f", {record.fps:.1f} fps" if record.fps else ""  # type: ignore[union-attr]
    return f"{record.asked.place} -> {record.out}, {counted(record.look.frames, 'frame')}{fps}"  # type: ignore[union-attr]
