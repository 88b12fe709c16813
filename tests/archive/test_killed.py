"""An archive run that was killed goes on where it was, and redoes at most the segments that were open."""

from __future__ import annotations

import json
import os
import pickle
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pipelines.job.beside import lumas_of, record_of
from pipelines.settings import Settings
from restore.api import restore_archive
from tests.made import child_archive
from tests.made.archives import Heard, kept, lines, small
from tests.made.resumed import near
from tests.made.runs import Films, archive_heard

PATIENCE = 60
"""Seconds after which a child has failed."""
FRAMES = {"a.mp4": 48, "b/c.mkv": 36, "b/d.mov": 24}


def finished(out: Path) -> int:
    """Frames in the segments and films that are done."""
    records = [json.loads(path.read_bytes()) for path in (out / ".restore").rglob("*.json")]
    try:
        segments = [json.loads(path.read_bytes()) for path in out.glob("**/*.restore/[0-9]*.json")]
    except FileNotFoundError:  # a film has just ended
        return finished(out)
    in_films = sum(record["look"]["frames"] for record in records)
    return in_films + sum(len(segment["encoded"]["pts"]) for segment in segments)


def run_and_kill(films: Path, out: Path, pickled: Path, frames: int, seconds: float) -> int:
    """Kills a run `seconds` after so many frames are done; gives how many were."""
    root = Path(child_archive.__file__).parents[2]
    command = [sys.executable, child_archive.__file__, *map(str, (films, out, pickled))]
    surroundings = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, cwd=root, env=surroundings, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + PATIENCE
        while finished(out) < frames:
            assert process.poll() is None, process.communicate()[1].decode()
            assert time.monotonic() < deadline
            time.sleep(0.005)
        time.sleep(seconds)
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL  # it had not ended by itself
    return finished(out)


def timeless(record: Path) -> dict[str, Any]:
    """A record without the clock."""
    facts: dict[str, Any] = json.loads(record.read_text("utf-8"))
    return {name: fact for name, fact in facts.items() if name not in ("began", "ended")}


@pytest.mark.slow
def test_a_run_killed_three_times_redoes_only_the_segments_that_were_open(
    films: Films, settings: Settings, tmp_path: Path
) -> None:
    source, out, chosen, moments = tmp_path / "reels", tmp_path / "out", near(settings), random.Random(1)
    for place, frames in FRAMES.items():
        (source / place).parent.mkdir(parents=True, exist_ok=True)
        small(source / place, frames)
    pickled = tmp_path / "settings"
    pickled.write_bytes(pickle.dumps(chosen))
    done = 0
    for frames in (12, 36, 60):
        before = done
        done = run_and_kill(source, out, pickled, frames, moments.uniform(0, 0.1))
        assert frames <= done < sum(FRAMES.values())
        assert done >= before  # nothing that was finished is lost
    heard = Heard()
    archive_heard([source], out, chosen, listener=heard.listener)
    assert sum(heard.frames.values()) == sum(FRAMES.values()) - done
    restore_archive([source], tmp_path / "undisturbed", chosen)
    for row in lines(tmp_path / "undisturbed"):
        killed, whole = out / row["out"], tmp_path / "undisturbed" / row["out"]
        assert killed.read_bytes() == whole.read_bytes()
        assert lumas_of(killed).read_bytes() == lumas_of(whole).read_bytes()
        assert timeless(record_of(killed)) == timeless(record_of(whole))
    assert kept(out).keys() == kept(tmp_path / "undisturbed").keys()
