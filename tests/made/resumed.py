"""What the tests of killed and resumed runs share: a film of eight segments, and what a run left and said."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from pipelines.film import Listener
from pipelines.settings import Settings
from tests.made import pictures
from tests.made.runs import HALF_SECOND, in_segments
from tests.made.tracks import PictureTrack, write

SEGMENTS, FRAMES = 8, 12
"""Of the film; and of each segment."""


def four_seconds(path: Path) -> Path:
    return write(path, PictureTrack(pictures.pan(SEGMENTS * FRAMES, width=64, height=48)))


def near(settings: Settings) -> Settings:
    """Segments of half a second that look little further than themselves."""
    return in_segments(replace(settings, motion=replace(settings.motion, steady=Fraction(1, 4))), HALF_SECOND)


@dataclass
class Heard:
    """What a run said."""

    notes: list[str] = field(default_factory=list)
    frames: list[int] = field(default_factory=list)
    resumed: list[int] = field(default_factory=list)

    @property
    def listener(self) -> Listener:
        return Listener(self.notes.append, self.frames.append, self.resumed.append)


def work_folder(out: Path) -> Path:
    return out.with_name(out.name + ".restore")


def done(out: Path) -> int:
    """Segments that have an entry."""
    return len(list(work_folder(out).glob("[0-9]*.json")))


def assert_whole(out: Path, undisturbed: Path) -> None:
    assert out.read_bytes() == undisturbed.read_bytes()
    assert [path.name for path in out.parent.iterdir()] == [out.name]
