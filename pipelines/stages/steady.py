"""Makes anchors agree: each takes the mean of itself and its neighbours in the window, brought along motion."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from pipelines.batch import AbBatch, Anchor
from pipelines.motion import Motion
from pipelines.settings import MotionSettings


def single_anchors(batches: Iterable[AbBatch]) -> Iterator[Anchor]:
    """The anchors of the batches, one by one."""
    for batch in batches:
        yield from map(Anchor, batch.anchors.pts, batch.anchors.shots, batch.anchors.lightness, batch.ab)


@dataclass(frozen=True)
class Steady:
    """The stage: coloured anchors in, anchors that agree out, in order.

    A neighbour counts as far as its lightness agrees after motion, less towards the window's end (a Hann window), and
    not at all across a cut.
    """

    settings: MotionSettings
    time_base: Fraction

    def __call__(self, batches: Iterable[AbBatch]) -> Iterator[Anchor]:
        """Yields each anchor once all anchors of its window have come."""
        reach = int(self.settings.steady / self.time_base)
        if reach == 0:
            yield from single_anchors(batches)
            return
        motion = Motion(self.settings.residual)
        window: deque[Anchor] = deque()
        waiting: deque[Anchor] = deque()
        for anchor in single_anchors(batches):
            window.append(anchor)
            waiting.append(anchor)
            while waiting[0].pts + reach < anchor.pts:
                yield self._agreed(waiting.popleft(), window, reach, motion)
                while window[0].pts < waiting[0].pts - reach:
                    window.popleft()
        while waiting:
            yield self._agreed(waiting.popleft(), window, reach, motion)

    def _agreed(self, anchor: Anchor, window: Iterable[Anchor], reach: int, motion: Motion) -> Anchor:
        total, weights = anchor.ab.copy(), np.ones(anchor.lightness.shape, np.float32)
        for other in window:
            distance = abs(other.pts - anchor.pts)
            if other is anchor or other.shot != anchor.shot or distance > reach:
                continue
            ab, trust = motion.bring(other.ab, other.lightness, anchor.lightness)
            trust *= np.float32(np.cos(np.pi / 2 * distance / (reach + 1)) ** 2)
            total += ab * trust[..., None]
            weights += trust
        return replace(anchor, ab=total / weights[..., None])
