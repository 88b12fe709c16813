"""The benchmark of a real GPU can be rehearsed whole on the CPU, so that none of its minutes is lost to a mistake."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.gpu.__main__ import PARTS

ROOT = Path(__file__).parents[2]


def rehearse(out: Path, *words: str) -> tuple[int, list[dict[str, object]], str]:
    """The exit code of a rehearsal, what it left in its file, and what it said of errors."""
    command = [sys.executable, "-m", "tests.benchmarks.gpu", "--device", "cpu", "--short", "--out", str(out), *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    kept = (out / "gpu.jsonl").read_text() if (out / "gpu.jsonl").exists() else ""
    assert done.stdout == kept
    return done.returncode, [json.loads(line) for line in kept.splitlines()], done.stderr


@pytest.mark.slow
@pytest.mark.ray
def test_each_part_is_rehearsed_and_its_promises_hold(tmp_path: Path) -> None:
    code, lines, errors = rehearse(tmp_path, "--budget", "3600")
    assert lines[-1] == lines[-1] | {"part": "end", "failed": []}, errors
    assert code == 0
    assert [line["part"] for line in lines if "took" in line] == list(PARTS)
    assert sum(line.get("holds") is True for line in lines) > 15
    skipped = " ".join(str(line["skipped"]) for line in lines if "skipped" in line)
    assert skipped.count("which CUDA alone") >= 3
    fed = [line["network"] for line in lines if line["part"] == "feeding" and "network" in line]
    assert fed == ["compact", "compact, 8 instances", "ddcolor"]


@pytest.mark.slow
def test_parts_that_would_begin_too_late_are_left_out(tmp_path: Path) -> None:
    code, lines, _ = rehearse(tmp_path, "--budget", "10", "equal", "speed")
    assert code == 0
    assert [(line["part"], line.get("skipped")) for line in lines[:2]] == [
        ("equal", "no time left"), ("speed", "no time left")
    ]  # fmt: skip


@pytest.mark.slow
def test_a_promise_that_does_not_hold_ends_with_1(tmp_path: Path) -> None:
    from tests.benchmarks.gpu.bench import Bench

    bench = Bench("cpu", 600, tmp_path, tmp_path)
    bench.promise("equal", "colours", False, apart=3)
    bench.run("speed", lambda _: 1 / 0)  # type: ignore[arg-type,return-value]
    assert bench.failed == ["equal: colours", "speed: ZeroDivisionError: division by zero"]
    lines = [json.loads(line) for line in (tmp_path / "gpu.jsonl").read_text().splitlines()]
    assert [line["part"] for line in lines] == ["equal", "speed", "speed"]
    assert "ZeroDivisionError" in lines[1]["error"]
