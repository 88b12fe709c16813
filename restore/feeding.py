"""Cores that keep a GPU busy: what a frame costs them beside the network, against what the GPU colours in a second."""

import math
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.networks import NETWORKS
from pipelines.frames import AnchorBatch
from pipelines.motion.flow import Motion
from pipelines.painting.choice import Chosen
from pipelines.painting.colorize import Colorize
from pipelines.painting.detect import Detect
from pipelines.painting.painter import open_painter
from pipelines.painting.size import network_size
from pipelines.settings import MotionSettings

FLOWS_A_FRAME = 31
"""CPU time of a frame of 1080p, its network aside, in that of its flow, which tells how fast the cores are: as
`python tests/benchmarks/run.py --parts` measures it."""
RATE = 24
"""Frames a second."""
SIZE = (1080, 1920)
FLOW_ROWS = 192
"""Short side of the pictures whose flow is timed."""
SECONDS = 1.0
"""For which a network is timed."""
CHILD_SECONDS = 60
"""In which a process starts, loads the network and has timed it."""
CHILD = (
    "import pickle, sys; from restore import feeding; print(feeding.anchors_a_second(pickle.load(sys.stdin.buffer)))"
)


@dataclass(frozen=True)
class Feeding:
    """The speed of one GPU with a network, and of the cores that send it anchors."""

    anchors: float
    """Coloured in a second by one GPU."""
    frame: float
    """Seconds of a core for a frame of 1080p, its network aside."""
    frames_an_anchor: float

    @property
    def cores(self) -> float:
        """Cores that one GPU keeps waiting for it no longer than it waits for them."""
        return self.anchors * self.frames_an_anchor * self.frame

    def gpus(self, cores: int) -> int:
        """GPUs that so many cores can use, the last of them in part."""
        return max(1, math.ceil(cores / self.cores))

    def __str__(self) -> str:
        cores = max(1, round(self.cores))
        feed = f"about {cores} cores feed" if cores > 1 else "one core feeds"
        return f"colours about {self.anchors:.0f} anchors a second: {feed} it with film of 1080p"


def feeding(chosen: Chosen, motion: MotionSettings, timed: Callable[[Chosen], float]) -> Feeding:
    """The feeding of a GPU of this machine by its cores, both timed now.

    Args:
        chosen: the network.
        motion: how dense anchors are.
        timed: `anchors_a_second`, or `anchors_a_second_apart`.

    Raises:
        RuntimeError: the network could not be timed.
    """
    return Feeding(timed(chosen), seconds_a_frame(), max(1.0, float(RATE * motion.anchors)))


def seconds_a_frame() -> float:
    """Seconds of one of this machine's cores for a frame of 1080p, its network aside."""
    pictures = _pictures(2, FLOW_ROWS)
    between, rounds = Motion().between, 20
    between(*pictures)
    began = time.thread_time()
    for _ in range(rounds):
        between(*pictures)
    return FLOWS_A_FRAME * (time.thread_time() - began) / rounds


def anchors_a_second(chosen: Chosen) -> float:
    """Anchors that the network's device colours in a second, timed for one; a blend's networks one after the other.

    Raises:
        FileNotFoundError, ValueError: the network cannot be loaded.
        RuntimeError: its device cannot run it now.
    """
    networks = [part.chosen for part in chosen.parts] or [chosen]
    return 1 / sum(1 / _timed(one) for one in networks)


def _timed(chosen: Chosen) -> float:
    """Anchors that one network's device colours in a second."""
    painter = open_painter(chosen)
    detect, colorize, anchors = Detect(painter), Colorize(painter), trial_anchors(chosen, painter.batch)
    colorize(detect(anchors))  # the first call plans
    began, batches = time.perf_counter(), 0
    while time.perf_counter() - began < SECONDS:
        colorize(detect(anchors))
        batches += 1
    return painter.batch * batches / (time.perf_counter() - began)


def anchors_a_second_apart(chosen: Chosen) -> float:
    """Anchors that a GPU colours in a second, timed in another process, so that this one takes no memory of the GPU.

    Raises:
        RuntimeError: it could not be timed.
    """
    command, given = [sys.executable, "-c", CHILD], pickle.dumps(chosen)
    try:
        said = subprocess.run(command, input=given, capture_output=True, timeout=CHILD_SECONDS, check=True)
    except subprocess.SubprocessError as error:
        raise RuntimeError(f"the network could not be timed ({error})") from error
    return float(said.stdout)


def trial_anchors(chosen: Chosen, count: int) -> AnchorBatch:
    """So many drawn anchors of a film of 1080p, as a network gets them."""
    large = None if chosen.rows == chosen.motion_rows else _pictures(count, chosen.rows)
    classes = (0,) * count if "class" in NETWORKS[chosen.kind].takes else ()
    return AnchorBatch(
        tuple(range(count)), (0,) * count, _pictures(count, chosen.motion_rows), classes=classes, large=large
    )


def _pictures(count: int, rows: int) -> NDArray[np.uint8]:
    """(count, h, w), lightness that changes smoothly and moves from each picture to the next."""
    height, width = network_size(*SIZE, rows)
    coarse = np.random.default_rng(0).integers(0, 256, (9, 16 + count), np.uint8)
    wide = cv2.resize(coarse, (width + 4 * count, height), interpolation=cv2.INTER_CUBIC)
    return np.stack([wide[:, 4 * n : 4 * n + width] for n in range(count)])
