"""Shots and anchors, found in the lightness alone, from what lies within a few frames (DESIGN: finite memory)."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from pipelines.batch import AnchorBatch, Film, LightFrame, ShotFrame
from pipelines.cuts import AHEAD, Cuts


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
        cuts, waiting = Cuts(), deque[LightFrame]()
        shot = number = 0
        tick: int | None = None

        def mark(light: LightFrame) -> ShotFrame:
            nonlocal shot, number, tick
            begins = cuts.begins_at(number)
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
