"""Two films on four GPUs, killed again and again and resumed, end with the bytes that one process gives them."""

from __future__ import annotations

import os
import pickle
import random
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines.settings import Settings
from restore.api import restore_archive
from tests.made.on_cluster import PATIENCE
from tests.made.processes import MARK, kill, processes
from tests.made.resumed import SEGMENTS, four_seconds, near

pytest.importorskip("ray", reason="needs the extra ray")
from tests.made import child_gpus

pytestmark = pytest.mark.slow
KILLS = int(os.environ.get("RESTORE_KILLS", "2"))
"""More of them: RESTORE_KILLS=10."""
FILMS = ("a.mp4", "b.mp4")


@contextmanager
def started(reels: Path, out: Path, settings: Path) -> Iterator[subprocess.Popen[str]]:
    """The archive's run, in a process of its own; whatever it started is killed with it."""
    mark, root = secrets.token_hex(8), Path(child_gpus.__file__).parents[2]
    command = [sys.executable, child_gpus.__file__, *map(str, (reels, out, settings))]
    surroundings = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", MARK: mark}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    process = subprocess.Popen(command, cwd=root, env=surroundings, **pipes)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        process.kill()
        for pid in processes(mark):
            kill(pid)
        process.communicate()


def finished(out: Path) -> int:
    """Segments of both films that are done, all of them where the result is there."""
    stems = [Path(name).stem for name in FILMS]
    whole = sum(SEGMENTS for stem in stems if (out / f"{stem}.restored.mp4").exists())
    return whole + sum(len(list(out.glob(f"{stem}.*/[0-9]*.json"))) for stem in stems)


def test_two_films_on_four_gpus_end_with_the_same_bytes_however_often_they_are_killed(
    settings: Settings, tmp_path: Path
) -> None:
    reels, out, pickled, moments = tmp_path / "reels", tmp_path / "out", tmp_path / "settings", random.Random(KILLS)
    reels.mkdir()
    for name in FILMS:
        four_seconds(reels / name)
    pickled.write_bytes(pickle.dumps(near(settings)))
    before = 0
    for number in range(KILLS):
        wanted = before + moments.randint(0, max(1, (2 * SEGMENTS - 2 - before) // (KILLS - number)))
        with started(reels, out, pickled) as going:
            deadline = time.monotonic() + PATIENCE
            while finished(out) < wanted or not out.exists():
                assert going.poll() is None, going.communicate()
                assert time.monotonic() < deadline
                time.sleep(0.01)
            time.sleep(moments.uniform(0, 0.5))
        assert finished(out) >= before
        before = finished(out)
    assert before > 0
    with started(reels, out, pickled) as going:
        printed, _ = going.communicate(timeout=PATIENCE)
        assert printed.endswith("done\n"), printed
    restore_archive([reels], tmp_path / "alone", near(settings))
    for name in FILMS:
        result = f"{Path(name).stem}.restored.mp4"
        assert (out / result).read_bytes() == (tmp_path / "alone" / result).read_bytes()
