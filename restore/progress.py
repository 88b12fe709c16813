"""How a run shows itself: a bar on a terminal, plain lines elsewhere, JSON events for machines, or nothing."""

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol

import click

from pipelines.errors import FilmError, SettingsError, timecode
from pipelines.film import Listener, Result
from pipelines.job.job import Job
from pipelines.source import Film

LINE_SECONDS = 10
"""Seconds between plain lines, and between JSON events of progress."""
EVENT_SECONDS = 1
FAILED = 1
WRONG_USAGE = 2
"""Exit codes."""


def counted(count: int, noun: str) -> str:
    """2 frames, 1 frame."""
    return f"{count} {noun}" + ("" if count == 1 else "s")


def _streams(film: Film) -> str:
    kinds = [other.kind for other in film.others]
    parts = [counted(kinds.count(kind), f"{kind} stream") for kind in dict.fromkeys(kinds)]
    if film.chapters:
        parts.append(counted(film.chapters, "chapter"))
    return ", ".join(parts) or "no other streams"


def facts_of(film: Film) -> str:
    """What a film's picture is, in a few words."""
    picture = film.picture
    rate = f"{float(picture.frame_rate):.6g} fps" if picture.frame_rate else "uneven rate"
    shape = "" if picture.field_order == "progressive" else ", interlaced"
    return f"{film.name}: {picture.width}x{picture.height}{shape}, {rate}"


def summary(job: Job) -> str:
    """What a run will do, in one line."""
    source = f"{facts_of(job.film)}, {timecode(job.seconds)}, {_streams(job.film)}"
    how = f"{job.settings.paint.network} on {job.device}, {job.target.codec} {job.target.bits} bits in {job.container}"
    return f"{source} -> {how} -> {job.out}"


class Show(Protocol):
    """One way to show a run."""

    def begin(self, line: str, seconds: Fraction, notes: Sequence[str] = (), **facts: object) -> None:
        """So many seconds of film are about to be worked on; the facts are for machines."""

    def expect(self, seconds: Fraction, phase: str) -> None:
        """So many seconds are worked on next, in a phase that is named for machines; progress counts from 0 again."""

    def note(self, note: str) -> None:
        """A sentence the user should see."""

    def frame(self, seconds: float, fps: float) -> None:
        """Done up to `seconds`."""

    def end(self, line: str, notes: Sequence[str] = (), **facts: object) -> None:
        """All is done."""

    def failed(self, error: FilmError) -> None:
        """It failed."""

    def close(self) -> None:
        """No more will be shown."""


class Quiet:
    """Errors only."""

    def begin(self, line: str, seconds: Fraction, notes: Sequence[str] = (), **facts: object) -> None: ...
    def expect(self, seconds: Fraction, phase: str) -> None: ...
    def note(self, note: str) -> None: ...
    def frame(self, seconds: float, fps: float) -> None: ...
    def end(self, line: str, notes: Sequence[str] = (), **facts: object) -> None: ...
    def close(self) -> None: ...

    def failed(self, error: FilmError) -> None:
        """One line: where, what, what to do."""
        click.echo(f"restore: {error}", err=True)


@dataclass
class Lines(Quiet):
    """Plain lines, for logs."""

    total: float = 0
    last: float = field(default_factory=time.monotonic)

    def begin(self, line: str, seconds: Fraction, notes: Sequence[str] = (), **facts: object) -> None:
        click.echo(line)
        for note in notes:
            self.note(note)
        self.total = float(seconds)

    def expect(self, seconds: Fraction, phase: str) -> None:
        self.total = float(seconds)

    def note(self, note: str) -> None:
        click.echo(f"note: {note}")

    def frame(self, seconds: float, fps: float) -> None:
        if time.monotonic() - self.last > LINE_SECONDS:
            self.last = time.monotonic()
            click.echo(f"{timecode(seconds)} of {timecode(self.total)}, {fps:.1f} fps")

    def end(self, line: str, notes: Sequence[str] = (), **facts: object) -> None:
        click.echo(f"done: {line}")
        for note in notes:
            self.note(note)


class Bar(Lines):
    """A bar with timecode, frames per second and time left."""

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.bar: Any = None

    def begin(self, line: str, seconds: Fraction, notes: Sequence[str] = (), **facts: object) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[fps]}"), TimeRemainingColumn()
        self.bar = Progress(*columns, transient=True)
        self.task = self.bar.add_task(timecode(0), total=float(seconds), fps="")
        super().begin(line, seconds, notes)
        self.open.enter_context(self.bar)

    def expect(self, seconds: Fraction, phase: str) -> None:
        super().expect(seconds, phase)
        self.bar.reset(self.task, total=self.total)

    def frame(self, seconds: float, fps: float) -> None:
        place = f"{timecode(seconds)} / {timecode(self.total)}"
        self.bar.update(self.task, completed=seconds, description=place, fps=f"{fps:.1f} fps")

    def close(self) -> None:
        self.open.close()

    def end(self, line: str, notes: Sequence[str] = (), **facts: object) -> None:
        self.close()
        super().end(line, notes)


@dataclass
class Json(Quiet):
    """One JSON object a line."""

    last: float = 0

    def _say(self, event: str, **facts: object) -> None:
        click.echo(json.dumps({"event": event} | facts))

    def begin(self, line: str, seconds: Fraction, notes: Sequence[str] = (), **facts: object) -> None:
        self._say("start", **facts, seconds=float(seconds), notes=list(notes))

    def expect(self, seconds: Fraction, phase: str) -> None:
        self._say("phase", phase=phase, seconds=float(seconds))

    def note(self, note: str) -> None:
        self._say("note", note=note)

    def frame(self, seconds: float, fps: float) -> None:
        if time.monotonic() - self.last > EVENT_SECONDS:
            self.last = time.monotonic()
            self._say("progress", seconds=seconds, fps=fps)

    def end(self, line: str, notes: Sequence[str] = (), **facts: object) -> None:
        self._say("done", **facts, notes=list(notes))

    def failed(self, error: FilmError) -> None:
        at = None if error.at is None else float(error.at)
        self._say("error", film=error.film, what=error.what, hint=error.hint, at=at)


def begin_run(show: Show, job: Job) -> None:
    """A run is about to begin."""
    film, picture = job.film, job.film.picture
    others = [{"index": o.index, "kind": o.kind, "codec": o.codec, "language": o.language} for o in film.others]
    show.begin(
        summary(job), job.seconds, job.target.notes, film=str(film.path), out=str(job.out), width=picture.width,
        height=picture.height, frame_rate=str(picture.frame_rate), copied_streams=others, chapters=film.chapters,
        network=job.settings.paint.network, device=str(job.device), codec=job.target.codec, container=job.container,
    )  # fmt: skip


def end_run(show: Show, job: Job, result: Result, seconds: float) -> None:
    """A run took so many seconds."""
    line = f"{job.out}, {counted(result.frames, 'frame')} in {timecode(seconds)}"
    held = [float(at) for at in result.held]
    show.end(line, result.notes, out=str(job.out), frames=result.frames, seconds=seconds, held=held)


@contextmanager
def told(show: Show, stopped: str) -> Iterator[None]:
    """Ends the process with the right code, and one line, where something fails or a person stops it.

    Args:
        show: who is told.
        stopped: said when a person stopped it.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except FilmError as error:
        show.close()
        show.failed(error)
        sys.exit(WRONG_USAGE if isinstance(error, SettingsError) else FAILED)
    except KeyboardInterrupt:
        show.close()
        click.echo(f"restore: stopped; {stopped}", err=True)
        sys.exit(FAILED)


def choose_show(as_json: bool, quiet: bool) -> Show:
    """What suits the options and the terminal."""
    if as_json:
        return Json()
    if quiet:
        return Quiet()
    return Bar() if sys.stdout.isatty() else Lines()


def ticker(show: Show) -> Callable[[float], None]:
    """Tells `show` how far it is, in seconds, each time that a frame is done."""
    began, count = time.monotonic(), 0

    def tick(seconds: float) -> None:
        nonlocal count
        count += 1
        show.frame(seconds, count / max(1e-6, time.monotonic() - began))

    return tick


def listener_for(job: Job, show: Show) -> Listener:
    """Tells `show` how the run of `job` goes."""
    tick, done = ticker(show), 0
    rate = float(job.film.picture.frame_rate or 25)

    def on_frame(_: int) -> None:
        nonlocal done
        done += 1  # segments are worked on side by side: how far a run is tells their sum, not the last frame's time
        tick(min(done / rate, float(job.seconds)))

    def on_resumed(frames: int) -> None:
        nonlocal done
        done += frames
        show.note(f"{counted(frames, 'frame')} of an earlier run taken up")

    return Listener(show.note, on_frame, on_resumed)
