"""What Ray costs: `python tests/benchmarks/on_ray.py [scaling] [mixed] [film] [--seconds 60]`; without a word, all.

- scaling: anchors a second of a pool whose network is a wait of 50 ms, with 1, 2, 4 and 8 workers.
- mixed: seconds for 128 batches of 16 streams on four GPUs that are only counted, of which one is three times as slow.
- film: a film of 720p in this process and with one worker on Ray. CPU time of all processes, Ray's start aside, and
  bytes that went through the object store, beside those of the lightness and ab of the anchors.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from itertools import repeat
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
import ray
from archive import family
from run import draw_film

from models.colour.finish import Finish
from pipelines.film import restore
from pipelines.frames import AnchorBatch, Painted
from pipelines.job.job import Job, prepare
from pipelines.on_ray.cluster import cluster
from pipelines.on_ray.films import Pool, open_pool, restore_on_ray
from pipelines.on_ray.pool import OnRay
from pipelines.painting.paint import Paint, PaintOrder
from pipelines.process import keep_freed_memory
from pipelines.settings import PaintSettings, Settings
from tests.made.on_cluster import stores

SIZE = (1280, 720)
RATE = 24
WAIT = 0.05
NETWORK = (192, 352)
"""Pixels of an anchor of a film of 16:9."""
PIXEL = 1 + 2 * 4
"""Bytes of a pixel's lightness and ab; what comes back of an anchor is its ab at a quarter of the size."""
ROUND = 2.0
"""Seconds that a pool is watched."""


class Wait:
    """A network that takes its time and nothing else."""

    def __call__(self, anchors: AnchorBatch) -> Painted:
        time.sleep(WAIT)
        count, height, width = anchors.lightness.shape
        return Painted(np.zeros((count, height // 4, width // 4, 2), np.float32), Finish())


def paint_all(pool: OnRay[AnchorBatch, Painted], batches: int) -> float:
    """Anchors a second, of batches as films send them."""
    size = PaintSettings().batch
    batch = AnchorBatch(tuple(range(size)), (0,) * size, np.zeros((size, *NETWORK), np.uint8))
    began = time.perf_counter()
    done = sum(len(painted.ab) for painted in pool(repeat(batch, batches)))
    return done / (time.perf_counter() - began)


def scaling() -> None:
    """Prints what more workers give."""
    alone = 0.0
    for workers in (1, 2, 4, 8):
        pool: OnRay[AnchorBatch, Painted] = OnRay(Wait, workers=workers)
        ray.get([worker.ready.remote() for worker in pool.workers])
        paint_all(pool, 4 * workers)  # the first batches find no connections
        batches, before = round(workers * ROUND / WAIT), cpu()
        found = paint_all(pool, batches)
        alone = alone or found
        print(f"{workers} workers: {found:.1f} anchors/s, {found / alone:.2f} times one worker's,", end=" ")
        print(f"{(cpu() - before) / batches * 1e3:.1f} ms of CPU a batch, at a load of {os.getloadavg()[0]:.1f}")
        del pool


class Mixed:
    """A network that waits, on the first GPU three times as long."""

    def __init__(self) -> None:
        self.seconds = 0.3 if ray.get_gpu_ids() == [0] else 0.1

    def __call__(self, batch: int) -> int:
        time.sleep(self.seconds)
        return batch


def mixed() -> None:
    """Prints how long GPUs of mixed speeds take, beside the least that is possible."""
    ray.init(address="local", include_dashboard=False, num_gpus=4, log_to_driver=False)
    pool: OnRay[int, int] = OnRay(Mixed, gpus=4)
    ray.get([worker.ready.remote() for worker in pool.workers])
    list(pool(range(8)))
    streams, began = [pool.at_most(2) for _ in range(16)], time.perf_counter()
    with ThreadPoolExecutor(len(streams)) as threads:
        list(threads.map(lambda stream: list(stream(range(8))), streams))
    took, least = time.perf_counter() - began, 128 / (3 / 0.1 + 1 / 0.3)
    print(f"mixed GPUs: 128 batches in {took:.1f} s, at least {least:.1f}; a load of {os.getloadavg()[0]:.1f}")
    ray.shutdown()


class Counted:
    """The painting of this process, which knows what it has painted."""

    def __init__(self) -> None:
        self.anchors = self.bytes = 0

    def __call__(self, orders: Iterable[PaintOrder]) -> Iterator[Painted]:
        paint = Paint()
        for order in orders:
            self.anchors += len(order.anchors.pts)
            self.bytes += order.anchors.lightness.size * PIXEL
            yield paint(order)


def cpu(of: str = "") -> float:
    """Seconds of this process and of all that it started, those that have ended among them; or of Ray's own servers."""
    ticks = 0
    for pid in family(os.getpid()):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_text()
            told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if of in command:
            ticks += sum(map(int, told[11:13] if of else told[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def servers() -> float:
    """CPU seconds of Ray's own servers, which grow with the time that passes, not with the work."""
    return sum(
        map(cpu, ("gcs_server", "raylet/raylet", "Agent", "_private/log_monitor", "autoscaler/_private/monitor"))
    )


def warm_up(job: Job, pool: Pool, out: Path) -> None:
    """Two seconds of the film in as many segments: the processes that work on segments have started."""
    settings = replace(job.settings, end=Fraction(2), segment=Fraction(1))
    restore_on_ray(prepare(job.film.path, out, settings), None, pool)


def film(folder: Path, seconds: int) -> None:
    """Prints what a film costs here and on Ray."""
    settings = Settings(paint=PaintSettings(device="cpu"))
    job = prepare(draw_film(folder / "film.mp4", seconds * RATE, SIZE), folder / "here.mp4", settings)
    counted, before = Counted(), cpu()
    frames = restore(job, paint=counted).frames
    here = cpu() - before
    with cluster():
        before = cpu()
        pool = open_pool(workers=1)
        warm_up(job, pool, folder / "warm.mp4")
        started, stored, began = cpu(), sum(each.cumulative_created_bytes for each in stores()), time.monotonic()
        own = servers()
        restore_on_ray(replace(job, out=folder / "there.mp4"), None, pool)
        there, own, passed = cpu() - started, servers() - own, time.monotonic() - began
        stored = sum(each.cumulative_created_bytes for each in stores()) - stored
    same = (folder / "here.mp4").read_bytes() == (folder / "there.mp4").read_bytes()
    print(f"{frames} frames, {len(job.segments)} segments, results {'the same' if same else 'DIFFER'}")
    print(
        f"CPU here {here:.1f} s, on Ray {there:.1f} s: {there / here:.3f} times, and {started - before:.1f} s to start;"
    )
    print(
        f"of that {own:.1f} s of Ray's own servers, while {passed:.0f} s passed at a load of {os.getloadavg()[0]:.1f}"
    )
    a_frame = counted.bytes / counted.anchors
    print(
        f"lightness and ab of a frame: {a_frame / 1e3:.0f} kB; of {counted.anchors} frames that were painted, anchors"
    )
    print(
        f"through the object store: {stored / frames / 1e3:.0f} kB a frame, {stored / frames / a_frame:.3f} times that;"
    )
    print(f"{stored / counted.bytes:.3f} times the lightness and ab of the anchors alone")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", choices=["scaling", "mixed", "film", []], default=[])
    parser.add_argument("--seconds", type=int, default=60, help="of the film")
    asked = parser.parse_args()
    keep_freed_memory()  # as the command does
    if not asked.what or "scaling" in asked.what:
        with cluster():
            scaling()
    if not asked.what or "mixed" in asked.what:
        mixed()
    if not asked.what or "film" in asked.what:
        with tempfile.TemporaryDirectory() as name:
            film(Path(name), asked.seconds)


if __name__ == "__main__":
    main()
