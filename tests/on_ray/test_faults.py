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
from tests.made import child_on_ray
from tests.made.on_cluster import wait_until
from tests.made.resumed import SEGMENTS, assert_whole, done, four_seconds, near, work_folder
from tests.made.runs import Films

pytestmark = pytest.mark.slow
MOMENTS = int(os.environ.get("RESTORE_FAULT_MOMENTS", "1"))
PATIENCE = 180
"""Seconds after which a child has failed."""
MARK = "RESTORE_TEST_RUN"
"""In the environment of a run's processes."""


def processes(mark: str) -> dict[int, str]:
    """The command line of each process of a run that is alive, whoever is its parent now."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (path / "environ").read_bytes():
                found[int(path.name)] = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it has just ended, or is another's
    return found


@dataclass
class Run:
    """A film on Ray, in a process of its own."""

    process: subprocess.Popen[str]
    out: Path
    mark: str

    def wait_for(self, segments: int) -> None:
        """Waits until so many segments are done, of a run that has begun."""
        self._wait_until(lambda: (work_folder(self.out) / "manifest.json").exists() and done(self.out) >= segments)

    def victim(self, pattern: str, moments: random.Random) -> int:
        """One of the run's processes of this kind; waits until there is one."""

        found: list[int] = []

        def is_there() -> bool:
            found[:] = sorted(pid for pid, title in processes(self.mark).items() if re.search(pattern, title))
            return bool(found)

        self._wait_until(is_there)
        return moments.choice(found)

    def _wait_until(self, is_so: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not is_so():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline, processes(self.mark)
            time.sleep(0.005)

    def end(self) -> str:
        """What it printed, once it has ended as it should."""
        printed, complained = self.process.communicate(timeout=PATIENCE)
        assert self.process.returncode == 0, complained
        return printed

    def assert_gone(self) -> None:
        """None of its processes is left: Ray's own agents look for a head that was killed for a minute."""
        wait_until(lambda: not processes(self.mark), PATIENCE, or_else=lambda: processes(self.mark))


@contextmanager
def run(film: Path, out: Path, settings: Settings, nodes: int = 1) -> Iterator[Run]:
    mark = secrets.token_hex(8)
    pickled = out.with_name(mark)
    pickled.write_bytes(pickle.dumps(settings))
    root = Path(child_on_ray.__file__).parents[2]
    command = [sys.executable, child_on_ray.__file__, *map(str, (film, out, pickled, nodes))]
    surroundings = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", MARK: mark}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, cwd=root, env=surroundings, **pipes)  # type: ignore[call-overload]
    try:
        yield Run(process, out, mark)
    finally:
        process.kill()
        process.communicate()
        for pid in processes(mark):
            os.kill(pid, signal.SIGKILL)
        pickled.unlink()


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
"""What finds each by its command line."""


@pytest.mark.parametrize("seed", range(MOMENTS))
@pytest.mark.parametrize("victim", VICTIMS)
def test_a_run_ends_as_if_nothing_had_happened_when_it_loses_a(
    films: Films, film: Path, settings: Settings, tmp_path: Path, victim: str, seed: int
) -> None:
    chosen, out, moments = near(settings), tmp_path / "out.mp4", random.Random(f"{victim} {seed}")
    with run(film, out, chosen, nodes=2 if victim == "node" else 1) as going:
        Moment.drawn(moments).wait(going)
        os.kill(going.victim(VICTIMS[victim], moments), signal.SIGKILL)
        assert going.process.poll() is None
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
