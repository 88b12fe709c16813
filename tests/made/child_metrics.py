"""A film on a cluster of this process alone, and what is counted of it: python child_metrics.py FILM FOLDER SETTINGS.

The settings are pickled; results go into the folder. Prints JSON: bytes of the lightness and ab of the anchors when the
film is restored in this process, bytes that went through Ray's object store when it is restored on Ray, and the metrics
that Ray's own endpoint shows.
"""

from __future__ import annotations

import json
import pickle
import re
import sys
import urllib.request
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ray

from pipelines.film import restore
from pipelines.frames import Painted
from pipelines.job.job import prepare
from pipelines.on_ray.films import open_pool, restore_on_ray
from pipelines.painting.paint import Paint, PaintOrder
from tests.made.on_cluster import Nodes, stores, wait_until
from tests.made.resumed import FRAMES, SEGMENTS

COUNTS = {
    "ray_restore_frames_encoded_total": SEGMENTS * FRAMES,
    "ray_restore_stage_seconds_count/segment": SEGMENTS,
    "ray_restore_stage_seconds_count/join": 1,
}

QUEUE = "ray_restore_queue_depth"


class Counted:
    """The painting of this process, which knows what it has painted."""

    def __init__(self) -> None:
        self.frames = self.bytes = 0

    def __call__(self, orders: Iterable[PaintOrder]) -> Iterator[Painted]:
        paint = Paint()
        for order in orders:
            painted = paint(order)
            self.frames += len(painted.ab)
            self.bytes += order.anchors.lightness.nbytes + painted.ab.nbytes
            yield painted


def metrics() -> dict[str, float]:
    """The metrics of this product, of all processes; by name, and by stage where there are several."""
    (head,) = [node for node in ray.nodes() if "node:__internal_head__" in node["Resources"]]
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{head['MetricsExportPort']}/metrics") as page:
            lines = page.read().decode().splitlines()
    except OSError:  # nobody answers yet
        return {}
    found = Counter[str]()
    for tagged, _, value in (line.rpartition(" ") for line in lines if line.startswith("ray_restore_")):
        name, _, tags = tagged.partition("{")
        stage = re.search(r'[Ss]tage="(\w+)"', tags)
        found[f"{name}/{stage[1]}" if stage else name] += float(value)
    return dict(found)


def stored() -> int:
    """Bytes that have gone through the object stores."""
    return sum(each.cumulative_created_bytes for each in stores())


def watch(painted: int) -> tuple[set[str], dict[str, float]]:
    """The names of metrics that are shown while a film is restored, and all metrics when it has been counted."""
    seen, shown = set[str](), dict[str, float]()

    def is_counted() -> bool:
        shown.clear()
        shown.update(metrics())
        seen.update(shown)
        # a pool is ahead of what is asked for
        has_painted = shown.get("ray_restore_frames_painted_total", 0) >= painted
        return has_painted and not shown.get(QUEUE) and all(shown.get(name, 0) >= COUNTS[name] for name in COUNTS)

    wait_until(is_counted, or_else=lambda: shown)
    return seen, shown


def main() -> None:
    """Restores the film twice."""
    film, folder, settings = Path(sys.argv[1]), Path(sys.argv[2]), pickle.loads(Path(sys.argv[3]).read_bytes())
    warnings.simplefilter("ignore")  # Ray's own
    counted = Counted()
    restore(prepare(film, folder / "here.mp4", settings), paint=counted)
    nodes = Nodes()
    before, pool = stored(), open_pool(workers=1)
    with ThreadPoolExecutor(1) as thread:
        done = thread.submit(restore_on_ray, prepare(film, folder / "there.mp4", settings), None, pool)
        seen, shown = watch(counted.frames)
        done.result()
    report = {"anchors": counted.bytes, "stored": stored() - before, "seen": sorted(seen), "metrics": shown}
    sys.stdout.write(json.dumps(report))
    nodes.close()


if __name__ == "__main__":
    main()
