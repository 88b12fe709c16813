"""Bars on a terminal: one for a film, one for each film of an archive and one for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from pipelines.errors import timecode
from restore.show import events as e
from restore.show.lines import Lines, ended

if TYPE_CHECKING:
    from pipelines.archive.records import Record


class Bar(Lines):
    """Bars with timecode, frames per second and time left; what is finished stands above them."""

    def __init__(self) -> None:
        super().__init__()
        columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[fps]}"), TimeRemainingColumn()
        self.bars = Progress(*columns, transient=True)
        self.whole: Any = None
        """The bar of a film, or of an archive."""
        self.of_film: dict[str, Any] = {}
        """By the place of a film of an archive: its bar."""
        self.bytes: dict[str, float] = {}
        """By the place of a film of an archive: how many of its bytes are done."""
        self.failures = 0

    def close(self) -> None:
        """Takes the bars away."""
        self.bars.stop()

    def __call__(self, event: e.Event) -> None:
        """Shows an event."""
        match event:
            case e.Opened(film):
                self._begin(f"reading {film.name}", None)
            case e.Started():
                super().__call__(event)
                self._begin(timecode(0), self.total)
            case e.Phase():
                super().__call__(event)
                self.bars.reset(self.whole, total=self.total)
            case e.Progress():
                place = f"{timecode(event.seconds)} / {timecode(self.total)}"
                self._update(self.whole, event.seconds, place, event.fps)
            case e.Finished():
                self.close()
                super().__call__(event)
            case _:
                super().__call__(event)

    def _begin(self, description: str, total: float | None) -> None:
        if self.whole is not None:
            self.bars.remove_task(self.whole)
        self.whole = self.bars.add_task(description, total=total, fps="")
        self.bars.start()

    def _update(self, bar: Any, completed: float, description: str, fps: float) -> None:
        self.bars.update(bar, completed=completed, description=description, fps=f"{fps:.1f} fps")

    def _show_archive(self, event: e.Event) -> None:
        match event:
            case e.ArchiveStarted(plan):
                super()._show_archive(event)
                self._begin("", max(1, sum(task.film.size for task in plan.todo)))
            case e.FilmStarted():
                self.of_film[event.place] = self.bars.add_task(event.place, total=1.0, fps="")
            case e.FilmProgress():
                place = f"{event.film.place} {timecode(event.seconds)} / {timecode(event.film.seconds)}"
                self._update(self.of_film[event.film.place], event.share, place, event.fps)
                self.bytes[event.film.place] = event.share * event.film.bytes
            case e.ArchiveFinished():
                self.close()
                super()._show_archive(event)
            case _:
                super()._show_archive(event)
        self._update_whole()

    def _update_whole(self) -> None:
        if self.whole is not None and self.of_films:
            failed = f", {self.failures} failed" if self.failures else ""
            said = f"{self.films} of {self.of_films} films{failed}"
            self.bars.update(self.whole, completed=sum(self.bytes.values()), description=said)

    def _show_end(self, record: Record) -> None:
        bar = self.of_film.pop(record.asked.place, None)
        if bar is not None:
            self.bars.remove_task(bar)
        self.bytes[record.asked.place] = record.asked.bytes
        reason = getattr(record, "reason", None)
        self.failures += reason is not None
        self.bars.console.print(Text(f"failed: {reason}", style="red") if reason else Text(f"done: {ended(record)}"))
