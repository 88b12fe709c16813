"""What the tests of archives share: a folder of small films, runs over it, and what they left."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.archive.records import Record
from pipelines.archive.run import ArchiveListener
from tests.made import broken, pictures
from tests.made.runs import Films
from tests.made.tracks import PictureTrack, write

GOOD = {"a.mp4": 24, "b/c.mkv": 12, "b/d.mov": 36}
"""Place and frames of the films that can be restored."""
BAD = {
    "b/empty.mp4": broken.empty,
    "colour.mp4": broken.in_colour,
    "damaged.mkv": broken.damaged_packets,
    "gone.mov": broken.link_to_nothing,
    "half.mov": broken.without_index,
    "head.mp4": broken.without_frames,
    "noise.mkv": broken.noise,
    "short.mpg": broken.cut_short,
    "sound.m4v": broken.audio_only,
    "text.avi": broken.text,
}
BESIDE = (".json", ".framemd5")
"""Endings of files beside a result."""
"""Ten kinds of films that cannot."""


def small(path: Path, frames: int = 12) -> Path:
    """One shot of 64 x 48."""
    return write(path, PictureTrack(pictures.pan(frames, width=64, height=48)))


def reels(films: Films, folder: Path, bad: bool = False) -> Path:
    """A folder tree of small films, some of them bad."""
    for place, frames in GOOD.items():
        _copy(films(small, Path(place).suffix, frames=frames), folder / place)
    for place, draw in BAD.items() if bad else ():
        _copy(films(draw, Path(place).suffix), folder / place)
    return folder


def _copy(film: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(film, to, follow_symlinks=False)


def lines(out: Path) -> list[dict[str, Any]]:
    """The rows of report.jsonl."""
    return [json.loads(line) for line in (out / "report.jsonl").read_text("utf-8").splitlines()]


def results(out: Path) -> list[str]:
    """All under OUT but the report, the records of the run, and those beside results."""
    found = (path.relative_to(out) for path in out.rglob("*") if path.is_file() and path.suffix not in BESIDE)
    return sorted(
        str(path) for path in found if path.parts[0] not in (".restore", "report.jsonl", "report.csv", "report.html")
    )


def kept(folder: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of writing of every file."""
    about = {path: path.stat() for path in folder.rglob("*") if path.is_file()}
    return {str(path.relative_to(folder)): (each.st_ino, each.st_mtime_ns) for path, each in about.items()}


@dataclass
class Heard:
    """What an archive run said."""

    started: list[str] = field(default_factory=list)
    frames: dict[str, int] = field(default_factory=dict)
    resumed: dict[str, int] = field(default_factory=dict)
    ended: list[Record] = field(default_factory=list)

    @property
    def listener(self) -> ArchiveListener:
        def count(into: dict[str, int], place: str, frames: int) -> None:
            into[place] = into.get(place, 0) + frames

        return ArchiveListener(
            on_start=lambda task, job: self.started.append(task.film.place),
            on_frame=lambda task, pts: count(self.frames, task.film.place, 1),
            on_resumed=lambda task, frames: count(self.resumed, task.film.place, frames),
            on_end=self.ended.append,
        )
