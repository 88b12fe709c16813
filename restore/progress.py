"""How a run shows itself: a bar on a terminal, plain lines elsewhere, JSON events for machines, or nothing."""

import json
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Protocol

import click

from pipelines.batch import Film
from pipelines.errors import FilmError, timecode
from pipelines.film import Listener, Result
from pipelines.job import Job

LINE_SECONDS = 10
"""Seconds between plain lines, and between JSON events of progress."""
EVENT_SECONDS = 1


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def _streams(film: Film) -> str:
    kinds = [other.kind for other in film.others]
    parts = [_counted(kinds.count(kind), f"{kind} stream") for kind in dict.fromkeys(kinds)]
    if film.chapters:
        parts.append(_counted(film.chapters, "chapter"))
    return ", ".join(parts) or "no other streams"


def summary(job: Job) -> str:
    """What a run will do, in one line."""
    film, picture = job.film, job.film.picture
    rate = f"{float(picture.frame_rate):.6g} fps" if picture.frame_rate else "uneven rate"
    shape = "" if picture.field_order == "progressive" else ", interlaced"
    source = (
        f"{film.path.name}: {picture.width}x{picture.height}{shape}, {rate}, {timecode(job.seconds)}, {_streams(film)}"
    )
    how = f"{job.settings.paint.network} on {job.device}, {job.target.codec} {job.target.bits} bits in {job.container}"
    return f"{source} -> {how} -> {job.out}"


class Show(Protocol):
    """One way to show a run."""

    def start(self, job: Job) -> None:
        """The run is about to begin."""

    def note(self, note: str) -> None:
        """A sentence the user should see."""

    def frame(self, seconds: float, fps: float) -> None:
        """The film is coloured up to `seconds` of what is to be restored."""

    def done(self, job: Job, result: Result, seconds: float) -> None:
        """The run took so many seconds."""

    def failed(self, error: FilmError) -> None:
        """The run failed."""

    def close(self) -> None:
        """No more will be shown."""


class Quiet:
    """Errors only."""

    def start(self, job: Job) -> None: ...
    def note(self, note: str) -> None: ...
    def frame(self, seconds: float, fps: float) -> None: ...
    def done(self, job: Job, result: Result, seconds: float) -> None: ...
    def close(self) -> None: ...

    def failed(self, error: FilmError) -> None:
        """One line: where, what, what to do."""
        click.echo(f"restore: {error}", err=True)


@dataclass
class Lines(Quiet):
    """Plain lines, for logs."""

    total: float = 0
    last: float = field(default_factory=time.monotonic)

    def start(self, job: Job) -> None:
        self.total = float(job.seconds)
        click.echo(summary(job))
        for note in job.target.notes:
            self.note(note)

    def note(self, note: str) -> None:
        click.echo(f"note: {note}")

    def frame(self, seconds: float, fps: float) -> None:
        if time.monotonic() - self.last > LINE_SECONDS:
            self.last = time.monotonic()
            click.echo(f"{timecode(seconds)} of {timecode(self.total)}, {fps:.1f} fps")

    def done(self, job: Job, result: Result, seconds: float) -> None:
        click.echo(f"done: {job.out}, {_counted(result.frames, 'frame')}, {result.frames / seconds:.1f} fps")
        if result.held:
            places = ", ".join(timecode(at) for at in result.held[:10])
            more = f" and {len(result.held) - 10} more" if len(result.held) > 10 else ""
            self.note(f"the last good frame is held at {places}{more}")


class Bar(Lines):
    """A bar with timecode, frames per second and time left."""

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.bar: Any = None

    def start(self, job: Job) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        super().start(job)
        columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[fps]}"), TimeRemainingColumn()
        self.bar = self.open.enter_context(Progress(*columns, transient=True))
        self.task = self.bar.add_task(timecode(0), total=self.total, fps="")

    def frame(self, seconds: float, fps: float) -> None:
        place = f"{timecode(seconds)} / {timecode(self.total)}"
        self.bar.update(self.task, completed=seconds, description=place, fps=f"{fps:.1f} fps")

    def close(self) -> None:
        self.open.close()

    def done(self, job: Job, result: Result, seconds: float) -> None:
        self.close()
        super().done(job, result, seconds)


@dataclass
class Json(Quiet):
    """One JSON object a line."""

    last: float = 0

    def _say(self, event: str, **facts: object) -> None:
        click.echo(json.dumps({"event": event} | facts))

    def start(self, job: Job) -> None:
        film, picture = job.film, job.film.picture
        others = [{"index": o.index, "kind": o.kind, "codec": o.codec, "language": o.language} for o in film.others]
        self._say(
            "start", film=str(film.path), out=str(job.out), width=picture.width, height=picture.height,
            frame_rate=str(picture.frame_rate), seconds=float(job.seconds), copied_streams=others,
            chapters=film.chapters, network=job.settings.paint.network, device=str(job.device),
            codec=job.target.codec, container=job.container, notes=list(job.target.notes),
        )  # fmt: skip

    def note(self, note: str) -> None:
        self._say("note", note=note)

    def frame(self, seconds: float, fps: float) -> None:
        if time.monotonic() - self.last > EVENT_SECONDS:
            self.last = time.monotonic()
            self._say("progress", seconds=seconds, fps=fps)

    def done(self, job: Job, result: Result, seconds: float) -> None:
        held = [float(at) for at in result.held]
        self._say("done", out=str(job.out), frames=result.frames, seconds=seconds, held=held)

    def failed(self, error: FilmError) -> None:
        at = None if error.at is None else float(error.at)
        self._say("error", film=error.film, what=error.what, hint=error.hint, at=at)


def choose_show(as_json: bool, quiet: bool) -> Show:
    """What suits the options and the terminal."""
    if as_json:
        return Json()
    if quiet:
        return Quiet()
    return Bar() if sys.stdout.isatty() else Lines()


def listener_for(job: Job, show: Show) -> Listener:
    """Tells `show` how the run of `job` goes."""
    began, painted = time.monotonic(), 0
    origin = float(job.settings.start or 0)

    def on_frame(pts: int) -> None:
        nonlocal painted
        painted += 1
        show.frame(float(job.film.seconds(pts)) - origin, painted / max(1e-6, time.monotonic() - began))

    def on_resumed(frames: int) -> None:
        show.note(f"{_counted(frames, 'frame')} of an earlier run taken up")

    return Listener(show.note, on_frame, on_resumed)
