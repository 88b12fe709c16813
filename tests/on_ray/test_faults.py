"""Whatever is killed at whatever moment, a film on Ray ends with the same bytes and leaves nothing behind.

Each fault comes at one random moment; RESTORE_FAULT_MOMENTS=5 makes it five.
"""

from __future__ import annotations

import os
import pickle
import random
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.settings import Settings
from tests.made.on_cluster import PATIENCE, wait_until
from tests.made.processes import MARK, kill, processes
from tests.made.resumed import SEGMENTS, assert_whole, done, four_seconds, near, work_folder
from tests.made.runs import Films

pytest.importorskip("ray", reason="needs the extra ray")
from tests.made import child_on_ray

pytestmark = pytest.mark.slow
MOMENTS = int(os.environ.get("RESTORE_FAULT_MOMENTS", "1"))


@dataclass
class Run:
    """A film on Ray, in a process of its own; its last segment waits until it is let go."""

    process: subprocess.Popen[str]
    out: Path
    mark: str
    gate: Path

    def wait_for(self, segments: int) -> None:
        """Waits until so many segments are done, of a run that has begun."""
        self._wait_until(lambda: (work_folder(self.out) / "manifest.json").exists() and done(self.out) >= segments)

    def kill(self, pattern: str, moments: random.Random) -> None:
        """Kills one of the run's processes of this kind; waits until there is one."""

        def is_killed() -> bool:
            found = sorted(pid for pid, title in processes(self.mark).items() if re.search(pattern, title))
            return bool(found) and kill(moments.choice(found))

        self._wait_until(is_killed)

    def _wait_until(self, is_so: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline, processes(self.mark)
            time.sleep(0.005)

    def end(self) -> str:
        """Lets it go on to its end; gives what it printed."""
        self.gate.touch()
        printed, complained = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, complained
        return printed

    def assert_gone(self) -> None:
        """None of its processes is left: Ray's own agents look for a head that was killed for a minute."""
        wait_until(lambda: not processes(self.mark), or_else=lambda: processes(self.mark))


@contextmanager
def run(film: Path, out: Path, settings: Settings, nodes: int = 1) -> Iterator[Run]:
    mark = secrets.token_hex(8)
    pickled, gate = out.with_name(mark), out.with_name(f"{mark}.gate")
    pickled.write_bytes(pickle.dumps(settings))
    root = Path(child_on_ray.__file__).parents[2]
    command = [sys.executable, child_on_ray.__file__, *map(str, (film, out, pickled, nodes, gate))]
    surroundings = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", MARK: mark}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, cwd=root, env=surroundings, **pipes)  # type: ignore[call-overload]
    try:
        yield Run(process, out, mark, gate)
    finally:
        process.kill()
        process.communicate()
        for pid in processes(mark):
            kill(pid)
        pickled.unlink()
        gate.unlink(missing_ok=True)


@dataclass
class Moment:
    """When a run is disturbed."""

    segments: int
    """That are done."""
    seconds: float
    """After that."""

    @classmethod
    def drawn(cls, moments: random.Random) -> Moment:
        return cls(moments.randrange(SEGMENTS - 2), moments.uniform(0, 0.5))

    def wait(self, film: Run) -> None:
        film.wait_for(self.segments)
        time.sleep(self.seconds)


@pytest.fixture
def film(films: Films) -> Path:
    return films(four_seconds, ".mp4")


VICTIMS = {"worker": "ray::_Worker", "task": "ray::_run", "node": "raylet/raylet (?!.*--head)"}
"""Finds each by its command line."""


@pytest.mark.parametrize("seed", range(MOMENTS))
@pytest.mark.parametrize("victim", VICTIMS)
def test_a_run_ends_as_if_nothing_had_happened_when_it_loses_a(
    films: Films, film: Path, settings: Settings, tmp_path: Path, victim: str, seed: int
) -> None:
    chosen, out, moments = near(settings), tmp_path / "out.mp4", random.Random(f"{victim} {seed}")
    with run(film, out, chosen, nodes=2 if victim == "node" else 1) as going:
        Moment.drawn(moments).wait(going)
        going.kill(VICTIMS[victim], moments)
        assert "objects left: 0\n" in going.end()
        going.assert_gone()
    assert_whole(out, films.restored(film, chosen, ".mp4"))


@pytest.mark.parametrize("seed", range(MOMENTS))
def test_a_run_whose_driver_is_killed_leaves_no_process_and_goes_on(
    films: Films, film: Path, settings: Settings, tmp_path: Path, seed: int
) -> None:
    chosen, out, moments = near(settings), tmp_path / "out.mp4", random.Random(f"driver {seed}")
    moment = Moment.drawn(moments)
    with run(film, out, chosen) as going:
        moment.wait(going)
        going.process.kill()
        assert going.process.wait() == -signal.SIGKILL
        assert not out.exists()
        assert done(out) >= moment.segments
        with run(film, out, chosen) as again:
            assert again.end() == "objects left: 0\n"
            again.assert_gone()
        going.assert_gone()
    assert_whole(out, films.restored(film, chosen, ".mp4"))
