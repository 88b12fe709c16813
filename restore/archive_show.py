"""How an archive run shows itself: all films in one view on a terminal, plain lines elsewhere, JSON for machines."""

import json
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import click

from pipelines.archive.inputs import RESULT
from pipelines.archive.plan import Plan, Task
from pipelines.archive.records import Done, Failed, Record, row
from pipelines.archive.run import ArchiveListener
from pipelines.errors import timecode
from pipelines.job.job import Job

LINE_SECONDS, EVENT_SECONDS = 10, 1
"""Between plain lines, and between JSON events of progress."""


@dataclass
class Running:
    """A film that is being coloured."""

    task: Task
    job: Job
    began: float = field(default_factory=time.monotonic)
    frames: int = 0
    """Coloured by this run."""
    resumed: int = 0
    """By an earlier one."""

    @property
    def at(self) -> float:
        """Seconds of film that are coloured: segments may be worked on side by side, so frames are counted."""
        rate = float(self.job.film.picture.frame_rate or 25)
        return min((self.frames + self.resumed) / rate, float(self.job.seconds))

    @property
    def share(self) -> float:
        """Of the film that is done, 0 to 1."""
        return min(1.0, self.at / max(1e-6, float(self.job.seconds)))

    @property
    def fps(self) -> float:
        """Frames coloured in a second."""
        return self.frames / max(1e-6, time.monotonic() - self.began)

    @property
    def place(self) -> str:
        """Where it is, of how much."""
        return f"{self.task.film.place} {timecode(self.at)} / {timecode(self.job.seconds)}"


class ArchiveShow(Protocol):
    """One way to show an archive run; it is told by one thread at a time."""

    def start(self, plan: Plan) -> None:
        """The run is about to begin."""

    def film(self, running: Running) -> None:
        """A film begins."""

    def frame(self, running: Running) -> None:
        """A film is coloured up to `running.at`."""

    def ended(self, record: Record) -> None:
        """A film is restored, or failed."""

    def done(self, records: list[Record], report: str) -> None:
        """The run is over."""

    def close(self) -> None:
        """No more will be shown."""


class Quiet:
    """Failures only."""

    def start(self, plan: Plan) -> None: ...
    def film(self, running: Running) -> None: ...
    def frame(self, running: Running) -> None: ...
    def done(self, records: list[Record], report: str) -> None: ...
    def close(self) -> None: ...

    def ended(self, record: Record) -> None:
        """One line for a film that failed: where, what, what to do."""
        if isinstance(record, Failed):
            click.echo(f"failed: {record.reason}", err=True)


def planned(plan: Plan) -> str:
    """What a run will do, in one line."""
    parts = [f"{len(plan.todo)} to restore"]
    parts += [f"{len(plan.done)} done already"] if plan.done else []
    parts += [f"{len(plan.failed)} failed before (--retry-failed tries them again)"] if plan.failed else []
    parts += [f"{len(plan.changed)} done from other films or settings (--overwrite makes them anew)"] * bool(
        plan.changed
    )
    parts += [f"{len(plan.left_out)} left out, named *{RESULT}.* as results are"] if plan.left_out else []
    return ", ".join(parts)


def summary(records: list[Record]) -> str:
    """What became of the films, in one line."""
    failures = sum(isinstance(record, Failed) for record in records)
    return f"{len(records) - failures} restored, {failures} failed"


@dataclass
class Lines(Quiet):
    """Plain lines, for logs."""

    total: int = 0
    films: int = 0
    last: float = field(default_factory=time.monotonic)

    def start(self, plan: Plan) -> None:
        self.total = len(plan.todo)
        click.echo(planned(plan))

    def frame(self, running: Running) -> None:
        if time.monotonic() - self.last > LINE_SECONDS:
            self.last = time.monotonic()
            click.echo(f"{self.films} of {self.total} films; {running.place}, {running.fps:.1f} fps")

    def ended(self, record: Record) -> None:
        self.films += 1
        super().ended(record)
        if isinstance(record, Done):
            fps = f", {record.fps:.1f} fps" if record.fps else ""
            click.echo(f"done: {record.asked.place} -> {record.out}, {record.look.frames} frames{fps}")

    def done(self, records: list[Record], report: str) -> None:
        click.echo(f"{summary(records)}; {report}")


class Live(Lines):
    """A bar for the archive and one for each film that is being coloured, finished films above them."""

    def __init__(self) -> None:
        super().__init__()
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[fps]}"), TimeRemainingColumn()
        self.bars: Any = Progress(*columns, transient=True)
        self.whole: Any = None
        self.failures = 0
        self.bytes: float = 0
        self.of: dict[str, tuple[Any, Running]] = {}

    def start(self, plan: Plan) -> None:
        super().start(plan)
        size = sum(task.film.size for task in plan.todo)
        self.whole = self.bars.add_task("", total=max(1, size), fps="")
        self.bars.start()
        self._update()

    def film(self, running: Running) -> None:
        bar = self.bars.add_task(running.place, total=1.0, fps="")
        self.of[running.task.film.place] = bar, running

    def frame(self, running: Running) -> None:
        bar, _ = self.of[running.task.film.place]
        self.bars.update(bar, completed=running.share, description=running.place, fps=f"{running.fps:.1f} fps")
        self._update()

    def _update(self) -> None:
        open_bytes = sum(running.share * running.task.film.size for _, running in self.of.values())
        said = f"{self.films} of {self.total} films" + (f", {self.failures} failed" if self.failures else "")
        self.bars.update(self.whole, completed=self.bytes + open_bytes, description=said)

    def ended(self, record: Record) -> None:
        from rich.text import Text

        place = record.asked.place
        if place in self.of:
            bar, _ = self.of.pop(place)
            self.bars.remove_task(bar)
        self.bytes += record.asked.bytes
        self.failures += isinstance(record, Failed)
        self.films += 1
        if isinstance(record, Failed):
            self.bars.console.print(Text(f"failed: {record.reason}", style="red"))
        else:
            self.bars.console.print(Text(f"done: {place} -> {record.out}"))
        self._update()

    def close(self) -> None:
        self.bars.stop()


class Json(Quiet):
    """One JSON object a line."""

    def __init__(self) -> None:
        self.last = 0.0

    def _say(self, event: str, facts: dict[str, Any]) -> None:
        click.echo(json.dumps({"event": event} | facts))

    def start(self, plan: Plan) -> None:
        todo = [{"film": task.film.url, "bytes": task.film.size} for task in plan.todo]
        before = {"done": len(plan.done), "failed_before": len(plan.failed), "changed": len(plan.changed)}
        self._say("start", {"todo": todo} | before | {"left_out": list(plan.left_out)})

    def film(self, running: Running) -> None:
        facts = {"place": running.task.film.place, "seconds": float(running.job.seconds)}
        self._say("film", facts | {"device": running.job.device.type, "notes": list(running.job.target.notes)})

    def frame(self, running: Running) -> None:
        if time.monotonic() - self.last > EVENT_SECONDS:
            self.last = time.monotonic()
            self._say("progress", {"place": running.task.film.place, "seconds": running.at, "fps": running.fps})

    def ended(self, record: Record) -> None:
        self._say("ended", row(record))

    def done(self, records: list[Record], report: str) -> None:
        failures = sum(isinstance(record, Failed) for record in records)
        self._say("done", {"restored": len(records) - failures, "failed": failures, "report": report})


def choose_archive_show(as_json: bool, quiet: bool) -> ArchiveShow:
    """What suits the options and the terminal."""
    if as_json:
        return Json()
    if quiet:
        return Quiet()
    return Live() if sys.stdout.isatty() else Lines()


def archive_listener(show: ArchiveShow) -> ArchiveListener:
    """Tells `show` how the films go, one call at a time."""
    lock = threading.Lock()
    running: dict[str, Running] = {}

    def locked(tell: Callable[..., None]) -> Callable[..., None]:
        def told(*facts: Any) -> None:
            with lock:
                tell(*facts)

        return told

    def on_start(task: Task, job: Job) -> None:
        running[task.film.place] = Running(task, job)
        show.film(running[task.film.place])

    def on_frame(task: Task, _: int) -> None:
        film = running[task.film.place]
        film.frames += 1
        show.frame(film)

    def on_resumed(task: Task, frames: int) -> None:
        running[task.film.place].resumed += frames

    def on_end(record: Record) -> None:
        running.pop(record.asked.place, None)
        show.ended(record)

    return ArchiveListener(locked(on_start), locked(on_frame), locked(on_resumed), locked(on_end))
