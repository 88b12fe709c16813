"""Anchors, the frames that the network colours: the first of a shot, the first at or after each tick, and more between
two of these where things that a frame shows are lost on the way to both.

Ticks count from the last cut, so that a shot is coloured as if the film began with it. Later than `lookback` after the
cut they count from the film's start, so that a segment need not know how long ago the cut was.

`Shots` (shots.py) marks the first two kinds by `tick_of`, `Follow` (follow.py) adds the third by `AnchorChoice`.
`MotionSettings.anchors` (`--anchors`) is the time from tick to tick.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

import numpy as np

from pipelines.frames import AnchorBatch, ShotFrame
from pipelines.motion.flow import FloatPicture, Flow, joined
from pipelines.motion.trust import appearance, trust
from pipelines.settings import MotionSettings

Tick = tuple[Fraction | None, Fraction | int]
"""Seconds of the cut that it counts from, None for the film's start; and its number."""


def lookback(motion: MotionSettings) -> Fraction:
    """Seconds from a cut on in which ticks count from it: all anchors that its first frame depends on lie there."""
    if motion.anchors == 0:
        return Fraction(0)
    return (math.ceil(motion.steady / motion.anchors) + 1) * motion.anchors


def tick_of(seconds: Fraction, cut: Fraction | None, motion: MotionSettings) -> Tick:
    """The last tick at or before a time, and the cut that it counts from, if it does."""
    begins = cut if cut is not None and seconds - cut < lookback(motion) else None
    return begins, seconds if motion.anchors == 0 else (seconds - (begins or 0)) // motion.anchors


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
    large = [anchor.light.large for anchor in anchors if anchor.light.large is not None]
    pts, shots = tuple(a.pts for a in anchors), tuple(a.shot for a in anchors)
    return AnchorBatch(pts, shots, lightness, large=np.stack(large) if large else None)


UNSEEN = 0.5
"""Trust in the flow to an anchor below which a square of a frame counts as not seen there."""
MAX_UNSEEN = 0.1
"""Share of a frame's squares that may be seen in neither of the anchors around it before one more is made."""


@dataclass(frozen=True)
class Stretch:
    """The frames from one tick to the next, or to the end of the shot."""

    frames: Sequence[ShotFrame]
    forth: Sequence[Flow]
    """From each frame to the next."""
    back: Sequence[Flow]
    """From the next frame to each."""

    def before(self, first: int, last: int) -> Iterator[Flow]:
        """Flow to frame `first` from each of the frames after it, up to `last`."""
        return accumulate(self.back[first:last], lambda far, step: joined(step, far))

    def after(self, first: int, last: int) -> Iterator[Flow]:
        """Flow to frame `last` from each of the frames before it, back to `first`."""
        return accumulate(reversed(self.forth[first:last]), lambda far, step: joined(step, far))


@dataclass(frozen=True)
class AnchorChoice:
    """Chooses the anchors of a stretch: as few as show what its frames show."""

    stretch: Stretch
    settings: MotionSettings
    time_base: Fraction

    def anchors(self) -> list[int]:
        """The numbers of the frames that are: the first, and the last if it is a tick or too much of it is unseen."""
        last = len(self.stretch.frames) - 1
        if not self.stretch.frames[last].is_anchor and (self._is_near(0, last) or not self._is_unseen(last, 0, None)):
            return [0]
        return [0, *self._between(0, last), last] if last else [0]

    def _between(self, first: int, last: int) -> list[int]:
        """Anchors between two: the middle, if too much of it is unseen, and so on to both sides of it."""
        middle = (first + last) // 2
        if self._is_near(first, last) or not self._is_unseen(middle, first, last):
            return []
        return [*self._between(first, middle), middle, *self._between(middle, last)]

    def _is_near(self, first: int, last: int) -> bool:
        """Whether two anchors are too near to each other for another between."""
        ticks = self.stretch.frames[last].pts - self.stretch.frames[first].pts
        return last - first < 2 or ticks * self.time_base < 2 * self.settings.closest

    def _is_unseen(self, number: int, first: int, last: int | None) -> bool:
        """Whether too much of a frame is seen neither in the anchor before it nor in the one after it."""
        *_, flow = self.stretch.before(first, number)
        seen = self._trust(number, first, flow)
        if last is not None:
            *_, flow = self.stretch.after(number, last)
            seen = np.maximum(seen, self._trust(number, last, flow))
        return float(np.mean(seen < UNSEEN)) > MAX_UNSEEN

    def _trust(self, number: int, anchor: int, flow: Flow) -> FloatPicture:
        here, there = (appearance(self.stretch.frames[n].light.lightness) for n in (number, anchor))
        return trust(here, there, flow, self.settings.residual)
