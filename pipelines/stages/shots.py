"""Cuts and anchors, found in the lightness alone, from what lies within a few frames (DESIGN: finite memory)."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scenedetect import FrameTimecode
from scenedetect.detectors import AdaptiveDetector

from pipelines.batch import AnchorBatch, Film, LightFrame, ShotFrame

AHEAD = 8
"""Frames looked at after a frame before its shot is known: the detector's window and the longest flash."""
WINDOW = 2
"""Frames on either side with whose changes the change at a cut is compared."""
RATIO = 3.0
"""A cut changes the picture this many times as much as the frames around it do (scenedetect's default)."""
LEAST_CHANGE = 12.0
"""Mean change of lightness, of 255, below which nothing is a cut."""
FLASH = 4
"""Frames: a picture that comes back within so many was interrupted by a flash, not by a cut."""
SAME_PICTURE = 0.83
"""Correlation of two lightness pictures above which they show the same thing."""
DETECTOR_WIDTH = 96
"""Pixels: cuts are found on pictures no wider than this, where grain and weave have gone."""


def _for_detector(lightness: NDArray[np.uint8]) -> NDArray[Any]:
    height, width = lightness.shape
    return cv2.resize(
        lightness, (DETECTOR_WIDTH, max(8, DETECTOR_WIDTH * height // width)), interpolation=cv2.INTER_AREA
    )


def _is_same(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """Whether two small pictures show the same thing, however bright each is, and moved by up to an eighth."""
    down, across = (side // 8 for side in one.shape)
    middle = one[down:-down, across:-across]
    if middle.std() < 1 or other.std() < 1:  # nothing in it to know again
        return False
    return float(cv2.matchTemplate(other, middle, cv2.TM_CCOEFF_NORMED).max()) > SAME_PICTURE


class _Cuts:
    """Tells for each frame, AHEAD frames late, whether a shot begins there."""

    def __init__(self) -> None:
        self.detector = AdaptiveDetector(RATIO, 0, WINDOW, LEAST_CHANGE, luma_only=True)
        self.candidates: set[int] = set()
        self.pictures: deque[NDArray[np.uint8]] = deque(maxlen=AHEAD + FLASH + 1)
        self.seen = 0

    def push(self, lightness: NDArray[np.uint8]) -> None:
        small = _for_detector(lightness)
        self.pictures.append(small)
        found = self.detector.process_frame(FrameTimecode(self.seen, 25.0), cv2.cvtColor(small, cv2.COLOR_GRAY2BGR))
        self.candidates.update(cut.frame_num for cut in found)
        self.seen += 1

    def begins_at(self, number: int) -> bool:
        """Whether frame `number` begins a shot; the pictures around it must still be here."""
        if number not in self.candidates:
            return False
        first = self.seen - len(self.pictures)
        before = [self.pictures[i - first] for i in range(max(first, number - FLASH), number)]
        after = [self.pictures[i - first] for i in range(number, min(self.seen, number + FLASH))]
        return not any(_is_same(old, new) for old in before for new in after)


@dataclass(frozen=True)
class Shots:
    """The stage: marks each frame with its shot and whether it is an anchor.

    An anchor is the first frame of a shot, and the first at or after each tick of `interval` from the film's start.
    """

    film: Film
    interval: Fraction
    """Seconds; 0 makes every frame an anchor."""

    def __call__(self, frames: Iterable[LightFrame]) -> Iterator[ShotFrame]:
        """Yields the frames in order, AHEAD frames late."""
        cuts, waiting = _Cuts(), deque[LightFrame]()
        shot = number = 0
        tick: int | None = None

        def mark(light: LightFrame) -> ShotFrame:
            nonlocal shot, number, tick
            begins = number > 0 and cuts.begins_at(number)
            shot += begins
            last, tick = tick, self._tick(light.frame.pts)
            number += 1
            return ShotFrame(light, shot, begins or tick != last)

        for light in frames:
            cuts.push(light.lightness)
            waiting.append(light)
            if len(waiting) > AHEAD:
                yield mark(waiting.popleft())
        while waiting:
            yield mark(waiting.popleft())

    def _tick(self, pts: int) -> int:
        return pts if self.interval == 0 else int(self.film.seconds(pts) // self.interval)


def anchor_batches(frames: Iterable[ShotFrame], size: int) -> Iterator[AnchorBatch]:
    """The anchors among the frames, `size` at a time; a batch ends early where the span ends."""
    waiting: list[ShotFrame] = []
    for frame in frames:
        if frame.is_anchor:
            waiting.append(frame)
        if len(waiting) == size:
            yield _batch(waiting)
            waiting = []
    if waiting:
        yield _batch(waiting)


def _batch(anchors: list[ShotFrame]) -> AnchorBatch:
    lightness = np.stack([anchor.light.lightness for anchor in anchors])
    return AnchorBatch(tuple(a.pts for a in anchors), tuple(a.shot for a in anchors), lightness)
