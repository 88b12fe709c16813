"""Metrics of a run on Ray for its dashboard and for Prometheus, under names that stay: all begin with `restore_`.

Each process tells of itself; Ray adds which one and where, so a cluster's figure is a sum. Ray sends them on where its
agents run (`pip install 'ray[default]'`), and drops them elsewhere.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from ray.util.metrics import Counter, Gauge, Histogram

from pipelines.frames import Painted
from pipelines.painting.device import find_device
from pipelines.painting.paint import Paint, Painting, PaintOrder

SECONDS = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000]
"""Bounds of the histogram's bins."""


@cache
def frames_painted() -> Counter:
    """The counter of anchors painted; made once in each process that counts."""
    return Counter("restore_frames_painted", "Frames that the network has coloured: anchors")


@cache
def frames_encoded() -> Counter:
    """The counter of frames that went to the encoder; made once in each process that counts."""
    return Counter("restore_frames_encoded", "Frames of films that have gone to the encoder")


@cache
def queue_depth() -> Gauge:
    """The gauge of batches in flight; made once in each process that sets it."""
    return Gauge("restore_queue_depth", "Batches of anchors that a segment has in flight to the painters")


@cache
def stage_seconds() -> Histogram:
    """The histogram of seconds a stage takes; made once in each process that observes."""
    return Histogram(
        "restore_stage_seconds", "Taken by a batch of anchors, a segment, a film's joining", SECONDS, ("stage",)
    )


@cache
def device_memory() -> Gauge:
    """The gauge of memory that a painter has held; made once in each process that sets it."""
    what = "The most that a painter has held on its device; on the CPU, that its process has"
    return Gauge("restore_device_memory_bytes", what, ("device",))


class MeteredPaint:
    """The stage of painting, which tells what it does.

    Args:
        device: cpu | cuda, which must be here.

    Raises:
        NoDeviceError: it cannot be used on this machine.
    """

    def __init__(self, device: str = "cpu") -> None:
        find_device(device)
        self.paint = Paint()

    def __call__(self, order: PaintOrder) -> Painted:
        """Colours of a batch of anchors, see `Paint`."""
        painted = timed("paint", self.paint)(order)
        frames_painted().inc(len(painted.ab))
        device = order.chosen.device.type
        device_memory().set(memory_on(device), {"device": device})
        return painted


def memory_on(device: str) -> int:
    """Bytes: the most so far; 0 where the system does not say."""
    if device == "cuda":
        return torch.cuda.max_memory_reserved()
    if sys.platform == "win32":
        return 0  # it has no such figure
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most


def timed(name: str, stage: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A stage that tells how long each batch took it."""

    def run(batch: Any) -> Any:
        began = time.perf_counter()
        done = stage(batch)
        stage_seconds().observe(time.perf_counter() - began, {"stage": name})
        return done

    return run


@dataclass(frozen=True)
class Queued:
    """A pool whose streams tell how much they have in flight."""

    pool: Painting

    def __call__(self, orders: Iterable[PaintOrder]) -> Iterator[Painted]:
        """The pool's results; how many batches are in flight is set on the way."""
        in_flight = 0

        def change(by: int) -> None:
            nonlocal in_flight
            in_flight += by
            queue_depth().set(in_flight)

        def taken() -> Iterator[PaintOrder]:
            for order in orders:
                change(1)
                yield order

        try:
            for painted in self.pool(taken()):
                change(-1)
                yield painted
        finally:
            change(-in_flight)
