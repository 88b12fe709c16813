"""Follows each frame's things to the anchors around it, and makes more anchors where they are lost on the way."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import accumulate, pairwise

import numpy as np

from pipelines.batch import FollowedFrame, ShotFrame
from pipelines.motion import FloatPicture, Flow, Motion, joined, look, trust
from pipelines.settings import MotionSettings

LOST = 0.5
"""Trust below which a square of a frame is not to be seen in an anchor."""
MOST_LOST = 0.1
"""Share of a frame's squares that may be lost to the anchors around it."""


@dataclass(frozen=True)
class _Span:
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


@dataclass
class Follow:
    """The stage: frames with an anchor at each tick in, the same with flows to the anchors on either side out.

    What happens from one tick to the next, or to the end of a shot, depends on the frames between them alone.
    """

    settings: MotionSettings
    time_base: Fraction
    motion: Motion = field(default_factory=Motion)

    def __call__(self, frames: Iterable[ShotFrame]) -> Iterator[FollowedFrame]:
        """Yields the frames in order, each once the next tick is known."""
        waiting: list[ShotFrame] = []
        link: Flow | None = None  # from the first that waits to the anchor before it
        for shown in frames:
            if waiting and shown.shot != waiting[0].shot:
                yield from self._followed(waiting, link)
                waiting, link = [], None
            waiting.append(shown)
            if len(waiting) > 1 and shown.is_anchor:
                *done, last = self._followed(waiting, link)
                yield from done
                waiting, link = [last.shown], last.before
        if waiting:
            yield from self._followed(waiting, link)

    def _followed(self, frames: list[ShotFrame], link: Flow | None) -> Iterator[FollowedFrame]:
        if self.settings.steady == 0 and all(shown.is_anchor for shown in frames):  # nothing is brought anywhere
            return (FollowedFrame(shown, None, None) for shown in frames)
        lights = [shown.light.lightness for shown in frames]
        flows = [self.motion.between(one, other) for one, other in pairwise(lights)]
        span = _Span(frames, [forth for forth, _ in flows], [back for _, back in flows])
        anchors = _Choice(span, self.settings, self.time_base).anchors()
        before, after = [link], list[Flow | None]()
        for first, last in pairwise(anchors):
            before += span.before(first, last)
            after += reversed(list(span.after(first, last)))
        before += span.before(anchors[-1], len(frames) - 1)
        after += [None] * (len(frames) - anchors[-1])
        shown = (replace(frame, is_anchor=number in anchors) for number, frame in enumerate(frames))
        return map(FollowedFrame, shown, before, after)


@dataclass(frozen=True)
class _Choice:
    """Chooses the anchors of a span: as few as show what is in the frames between."""

    span: _Span
    settings: MotionSettings
    time_base: Fraction

    def anchors(self) -> list[int]:
        """Their numbers; the first frame is always one, the last if it is a tick or would be lost."""
        last = len(self.span.frames) - 1
        if not self.span.frames[last].is_anchor and (self._is_near(0, last) or not self._is_lost(last, 0, None)):
            return [0]
        return [0, *self._between(0, last), last] if last else [0]

    def _between(self, first: int, last: int) -> list[int]:
        """Anchors between two: the middle, if much is lost there, and so on to both sides of it."""
        middle = (first + last) // 2
        if self._is_near(first, last) or not self._is_lost(middle, first, last):
            return []
        return [*self._between(first, middle), middle, *self._between(middle, last)]

    def _is_near(self, first: int, last: int) -> bool:
        """Whether two anchors are too near to each other for another between."""
        ticks = self.span.frames[last].pts - self.span.frames[first].pts
        return last - first < 2 or ticks * self.time_base < 2 * self.settings.closest

    def _is_lost(self, number: int, first: int, last: int | None) -> bool:
        """Whether too much of a frame is seen neither in the anchor before it nor in that after it."""
        *_, flow = self.span.before(first, number)
        seen = self._trust(number, first, flow)
        if last is not None:
            *_, flow = self.span.after(number, last)
            seen = np.maximum(seen, self._trust(number, last, flow))
        return float(np.mean(seen < LOST)) > MOST_LOST

    def _trust(self, number: int, anchor: int, flow: Flow) -> FloatPicture:
        here, there = (look(self.span.frames[n].light.lightness) for n in (number, anchor))
        return trust(here, there, flow, self.settings.residual)
