"""Shots and anchors, found in the lightness alone, from what lies within a few frames (DESIGN: finite memory)."""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from pipelines.batch import AnchorBatch, Film, LightFrame, ShotFrame
from pipelines.cuts import AHEAD, Cuts
from pipelines.settings import MotionSettings

_Tick = tuple[Fraction | None, Fraction | int]


def lookback(motion: MotionSettings) -> Fraction:
    """Seconds for which ticks count from the cut before: all anchors that the frame after it agrees with lie there."""
    if motion.anchors == 0:
        return Fraction(0)
    return (math.ceil(motion.steady / motion.anchors) + 1) * motion.anchors


@dataclass(frozen=True)
class Shots:
    """The stage: marks each frame with its shot and whether it is an anchor.

    An anchor is the first frame of a shot, and the first at or after each tick. Ticks count from the cut, so that a
    shot begins as a film does that begins there; from `lookback` after it on they count from the film's start, so that
    nobody need know how long ago the cut was.
    """

    film: Film
    motion: MotionSettings

    def __call__(self, frames: Iterable[LightFrame]) -> Iterator[ShotFrame]:
        """Yields the frames in order, AHEAD frames late."""
        cuts, waiting = Cuts(), deque[LightFrame]()
        shot = number = 0
        cut: Fraction | None = None
        tick: _Tick | None = None

        def mark(light: LightFrame) -> ShotFrame:
            nonlocal shot, number, cut, tick
            seconds = self.film.seconds(light.frame.pts)
            if cuts.begins_at(number):
                shot, cut = shot + 1, seconds
            last, tick = tick, self._tick(seconds, cut)
            number += 1
            return ShotFrame(light, shot, tick != last)

        for light in frames:
            cuts.push(light.lightness)
            waiting.append(light)
            if len(waiting) > AHEAD:
                yield mark(waiting.popleft())
        while waiting:
            yield mark(waiting.popleft())

    def _tick(self, seconds: Fraction, cut: Fraction | None) -> _Tick:
        """The last tick at or before a time, and the cut that it counts from, if it does."""
        interval = self.motion.anchors
        begins = cut if cut is not None and seconds - cut < lookback(self.motion) else None
        return begins, seconds if interval == 0 else (seconds - (begins or 0)) // interval


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
