"""Metrics that a run on Ray shows to Prometheus, read at Ray's own endpoint; and what goes through its object store."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.settings import Settings
from tests.made.resumed import four_seconds, near
from tests.made.runs import Films

pytest.importorskip("ray", reason="needs the extra ray")
from tests.made import child_metrics
from tests.made.child_metrics import COUNTS, QUEUE


@pytest.mark.ray
def test_metrics_count_a_film_and_only_lightness_and_ab_go_through_the_object_store(
    films: Films, settings: Settings, tmp_path: Path
) -> None:
    film, chosen, root = films(four_seconds, ".mp4"), tmp_path / "settings", Path(child_metrics.__file__).parents[2]
    chosen.write_bytes(pickle.dumps(near(settings)))
    command = [sys.executable, child_metrics.__file__, *map(str, (film, tmp_path, chosen))]
    surroundings = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(command, cwd=root, env=surroundings, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert 0 < found["stored"] <= 1.3 * found["anchors"]
    metrics = found["metrics"]
    assert COUNTS.items() <= metrics.items()
    assert QUEUE in found["seen"]
    assert metrics["ray_restore_stage_seconds_count/paint"] > 0
    assert metrics["ray_restore_device_memory_bytes"] > 1 << 20
