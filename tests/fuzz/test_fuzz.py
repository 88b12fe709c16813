"""A few of the inputs that `tests.fuzz.run` draws by the thousand, and that its watch sees what it must."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from random import Random

import numpy as np
import pytest

from tests.fuzz import fork, oracle, run
from tests.fuzz.films import ENDINGS
from tests.fuzz.mutate import LAYOUTS, damaged

COUNTS = {"containers": 40, "runs": 6, "scans": 6, "words": 10}
ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("part", run.PARTS)
def test_inputs_end_in_a_result_or_in_one_line(tmp_path: Path, part: str) -> None:
    command = [sys.executable, "-m", "tests.fuzz.run", "--part", part, "--out", tmp_path, "--count"]
    for count in (COUNTS[part] // 2, COUNTS[part]):  # the second goes on where the first stopped
        done = subprocess.run([*command, str(count)], capture_output=True, text=True, cwd=ROOT, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.startswith(f"{count} inputs: ")
    lines = (tmp_path / f"{part}.jsonl").read_text().splitlines()
    assert [json.loads(line)["seed"] for line in lines] == list(range(COUNTS[part]))


def test_every_kind_of_film_has_a_layout_to_damage() -> None:
    assert set(ENDINGS.values()) == set(LAYOUTS)
    assert damaged(bytes(5000), ".mp4", Random(1)) == damaged(bytes(5000), ".mp4", Random(1))


def end(number: int) -> object:
    os.kill(os.getpid(), number)
    return None


def fill(megabytes: int) -> int:
    return int(np.ones(megabytes << 20, np.uint8).sum())


def test_a_fork_gives_its_outcome_and_its_words(tmp_path: Path) -> None:
    ended = fork.in_fork(lambda folder: (print("words", flush=True), {"in": folder.name})[1], tmp_path / "a")  # noqa: T201
    assert (ended.outcome, ended.fault, ended.words) == ({"in": "a"}, "", "words\n")


@pytest.mark.parametrize(
    ("work", "fault"),
    [
        (lambda _: end(signal.SIGSEGV), "SIGSEGV"),
        (lambda _: {}["gone"], "KeyError"),
        (lambda _: time.sleep(60), "over"),
        (lambda _: fill(300), "MB above"),
    ],
)
def test_a_fork_sees_crashes_tracebacks_hangs_and_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: fork.Work, fault: str
) -> None:
    monkeypatch.setattr(fork, "SECONDS", 0.5 if fault == "over" else 30.0)
    monkeypatch.setattr(fork, "MEGABYTES", 200.0)
    assert fault in fork.in_fork(work, tmp_path).fault


def shown(*pairs: tuple[float, int]) -> list[oracle.Shown]:
    return [oracle.Shown(Fraction(at), np.full((2, 2), value, np.uint8), False) for at, value in pairs]


@pytest.mark.parametrize(
    ("now", "faults"),
    [
        (shown((0, 1), (1, 2)), []),
        (shown((5, 1), (6, 2)), []),
        (shown((0, 1)), ["1 frames, the film has 2"]),
        (shown((0, 1), (1.5, 2)), ["frame 1 is shown at 1.5, and belongs to 1.0"]),
        (shown((0, 1), (1, 3)), ["luma of frame 1 is another, by 1.00"]),
    ],
)
def test_the_oracle_sees_lost_moved_and_changed_frames(now: list[oracle.Shown], faults: list[str]) -> None:
    assert list(oracle.frame_faults([shown((0, 1), (1, 2))], now, is_exact=True)) == faults
