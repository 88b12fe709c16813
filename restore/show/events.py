"""The events of a run, as plain data: for programs (`restore.events`) and for each way to show a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.archive.plan import Plan
    from pipelines.archive.records import Record
    from pipelines.errors import FilmError


@dataclass(frozen=True)
class Opened:
    """A film is being read, and its network loaded; nothing is decided yet."""

    film: Path


@dataclass(frozen=True)
class Started:
    """All is decided, and work on a film begins."""

    film: Path
    out: Path
    seconds: Fraction
    """Length of film to be worked on."""
    summary: str
    """Film, network, device and result in one line."""
    notes: tuple[str, ...] = ()
    """Sentences the user should see."""
    facts: Mapping[str, object] = field(default_factory=dict)
    """The summary's figures by name, for machines."""


@dataclass(frozen=True)
class Phase:
    """The next part of the work begins; progress counts from 0 again."""

    name: str
    seconds: Fraction
    """Length of film to be worked on in this part."""


@dataclass(frozen=True)
class Progress:
    """Work on a film, or on the current phase of it, has come so far."""

    seconds: float
    """Of film that are done."""
    fps: float
    """Frames done in a second."""


@dataclass(frozen=True)
class Note:
    """A sentence the user should see."""

    text: str


@dataclass(frozen=True)
class Finished:
    """The result is written."""

    results: tuple[Path, ...]
    summary: str
    notes: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Failed:
    """A film could not be worked on."""

    error: FilmError


@dataclass(frozen=True)
class Stopped:
    """A person, or the system, stopped the run."""

    hint: str
    """The effect of starting it again."""


@dataclass(frozen=True)
class ArchiveStarted:
    """The films of an archive are sorted by what is left to do."""

    plan: Plan


@dataclass(frozen=True)
class FilmStarted:
    """A film of an archive begins."""

    place: str
    """Under OUT, with the film's own suffix."""
    bytes: int
    """Size of the film's file."""
    seconds: float
    """Length of film to be worked on."""
    device: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class FilmProgress:
    """A film of an archive has come so far."""

    film: FilmStarted
    seconds: float
    """Of film that are done."""
    fps: float

    @property
    def share(self) -> float:
        """Of the film that is done, 0 to 1."""
        return min(1.0, self.seconds / max(1e-6, self.film.seconds))


@dataclass(frozen=True)
class FilmEnded:
    """A film of an archive is restored, or has failed."""

    record: Record


@dataclass(frozen=True)
class ArchiveFinished:
    """Every film of an archive is restored or has failed."""

    records: Sequence[Record]
    """Of this run and of earlier ones."""
    report: str
    """Path or URL of the report."""


Event = (
    Opened
    | Started
    | Phase
    | Progress
    | Note
    | Finished
    | Failed
    | Stopped
    | ArchiveStarted
    | FilmStarted
    | FilmProgress
    | FilmEnded
    | ArchiveFinished
)
