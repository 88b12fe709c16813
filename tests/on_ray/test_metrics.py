"""What a run on Ray tells to Prometheus, read at Ray's own endpoint; and what goes through its object store."""

from __future__ import annotations

import re
import time
import urllib.request
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from pipelines.film import restore
from pipelines.frames import AbBatch
from pipelines.job.job import prepare
from pipelines.painting.paint import Paint, PaintOrder
from pipelines.settings import Settings
from tests.made.on_cluster import Nodes, stores, wait_until
from tests.made.resumed import FRAMES, SEGMENTS, four_seconds, near
from tests.made.runs import Films

pytestmark = pytest.mark.filterwarnings("default")  # Ray's own
PIXEL = 1 + 2 * 4
"""Bytes of lightness and ab."""
REST_SECONDS = 1.5
"""More than the nodes wait between two reports."""


class Counted:
    """The painting of this process, which knows what it has painted."""

    def __init__(self) -> None:
        self.frames = self.bytes = 0

    def __call__(self, orders: Iterable[PaintOrder]) -> Iterator[AbBatch]:
        for painted in map(Paint(), orders):
            self.frames += len(painted.ab)
            self.bytes += painted.anchors.lightness.size * PIXEL
            yield painted


def told() -> dict[str, float] | None:
    """The metrics of this product as each process tells them, with all their tags; None: nobody answers yet."""
    import ray

    (head,) = [node for node in ray.nodes() if "node:__internal_head__" in node["Resources"]]
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{head['MetricsExportPort']}/metrics", timeout=10) as page:
            lines = page.read().decode().splitlines()
    except OSError:
        return None
    rows = [row.rpartition(" ") for row in lines if row.startswith("ray_restore_")]
    return {tagged: float(value) for tagged, _, value in rows}


def told_at_rest() -> dict[str, float]:
    """The same once nothing is added any more: what processes have counted is told up to half a second later."""
    last: dict[str, float] | None = None

    def is_at_rest() -> bool:
        nonlocal last
        before, last = last, told()
        time.sleep(REST_SECONDS)
        return last is not None and last == before

    wait_until(is_at_rest)
    assert last is not None
    return last


def summed(rows: dict[str, float], before: dict[str, float]) -> dict[str, float]:
    """What has been added, of all processes; by name, and by stage where there are several."""
    found = Counter[str]()
    for tagged, value in rows.items():
        name, _, tags = tagged.partition("{")
        stage = re.search(r'[Ss]tage="(\w+)"', tags)
        found[f"{name}/{stage[1]}" if stage else name] += value - before.get(tagged, 0)
    return dict(found)


def test_a_film_tells_its_metrics_and_only_lightness_and_ab_go_through_the_object_store(
    nodes: Nodes, films: Films, settings: Settings, tmp_path: Path
) -> None:
    from pipelines.on_ray.films import hire, restore_on_ray

    film, chosen, counted = films(four_seconds, ".mp4"), near(settings), Counted()
    restore(prepare(film, tmp_path / "here.mp4", chosen), paint=counted)
    crew = hire(workers=1)
    before, stored = told_at_rest(), sum(each.cumulative_created_bytes for each in stores())
    restore_on_ray(prepare(film, tmp_path / "there.mp4", chosen), None, crew)
    stored = sum(each.cumulative_created_bytes for each in stores()) - stored
    assert 0 < stored <= 1.3 * counted.bytes
    wanted = {
        "ray_restore_frames_encoded_total": SEGMENTS * FRAMES,
        "ray_restore_stage_seconds_count/segment": SEGMENTS,
        "ray_restore_stage_seconds_count/join": 1,
        "ray_restore_queue_depth": 0,
    }

    found: dict[str, float] = {}

    def all_told() -> bool:
        found.update(summed(told() or {}, before))
        painted = found.get("ray_restore_frames_painted_total", 0)
        return wanted.items() <= found.items() and painted >= counted.frames  # the pool is ahead of what is asked for

    wait_until(all_told, or_else=lambda: found)
    assert counted.frames > 0
    assert found["ray_restore_stage_seconds_count/paint"] > 0
    assert found["ray_restore_device_memory_bytes"] > 1 << 20
