"""What the tests of killed and resumed runs share: a film of eight segments, and what a run left and said."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from pipelines.film import Listener
from pipelines.settings import Settings
from tests.made import child_run, pictures
from tests.made.runs import HALF_SECOND, in_segments
from tests.made.tracks import PictureTrack, write

SEGMENTS, FRAMES = 8, 12
"""Of the film; and of each segment."""
PATIENCE = 600
"""Seconds after which a child has failed."""


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


@contextmanager
def child(film: Path, out: Path, settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A run in a process of its own."""
    pickled = out.with_suffix(".settings")
    pickled.write_bytes(pickle.dumps(settings))
    command = [sys.executable, child_run.__file__, *map(str, (film, out, pickled))]
    root = str(Path(child_run.__file__).parents[2])
    surroundings = os.environ | {"PYTHONPATH": root, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, cwd=root, env=surroundings, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
        pickled.unlink()


def run_and_kill(
    film: Path, out: Path, settings: Settings, segments: int, seconds: float = 0, patience: float = PATIENCE
) -> int:
    """Kills a run `seconds` after so many segments are done; gives how many were."""
    with child(film, out, settings) as process:
        deadline = time.monotonic() + patience
        while done(out) < segments:
            assert process.poll() is None, process.communicate()[1].decode()
            assert time.monotonic() < deadline
            time.sleep(0.005)
        time.sleep(seconds)
        process.kill()
        assert process.wait() == -signal.SIGKILL  # it had not ended by itself
    return done(out)
