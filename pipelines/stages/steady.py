"""Makes anchors agree: each takes the robust mean of itself and its neighbours in the window, brought along motion."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import cv2
import numpy as np

from pipelines.batch import AbBatch, Anchor, FollowedFrame
from pipelines.motion import (
    COARSE,
    FloatPicture,
    Flow,
    at_full_size,
    brought,
    coarse,
    joined,
    look,
    returns,
    trust,
)
from pipelines.settings import MotionSettings

OUTLIER = 20.0
"""Distance in ab from the others' colour at which an anchor's say falls to half."""
ROUNDS = 2
"""Times that the mean is taken again without the outliers."""
FULL_GAIN, NO_GAIN = 1.06, 1.16
"""Factor up to which the mean's chroma is brought back to that of the colours it was taken from, and that from which it
is left as it is: colours that differ so much are guesses, and their mean is pale for a reason."""


def single_anchors(batches: Iterable[AbBatch]) -> Iterator[Anchor]:
    """The anchors of the batches, one by one."""
    for batch in batches:
        yield from map(Anchor, batch.anchors.pts, batch.anchors.shots, batch.anchors.lightness, batch.ab)


@dataclass(frozen=True)
class _Linked:
    """An anchor and the way to its neighbours."""

    anchor: Anchor
    look: FloatPicture
    before: Flow | None
    """To the anchor before it; None: of another shot, or none."""
    after: Flow | None

    def link(self, step: int) -> Flow | None:
        return self.after if step > 0 else self.before


@dataclass(frozen=True)
class _Brought:
    """An anchor's colours where its things are in another."""

    ab: FloatPicture
    """(h, w, 2)"""
    say: FloatPicture
    """(h / COARSE, w / COARSE), how much it counts there."""


@dataclass(frozen=True)
class Steady:
    """The stage: coloured anchors in, anchors that agree out, in order.

    A neighbour counts as far as its lightness agrees after motion and motion leads back from it, less towards the
    window's end, less where its colour lies far from the others', and not at all across a cut.
    """

    settings: MotionSettings
    time_base: Fraction

    def __call__(self, batches: Iterable[AbBatch], frames: Iterable[FollowedFrame]) -> Iterator[Anchor]:
        """Yields each anchor once all anchors of its window have come.

        Args:
            batches: the anchors.
            frames: all frames; those that are anchors are the ones in the batches.
        """
        reach = int(self.settings.steady / self.time_base)
        window: deque[_Linked] = deque()
        waiting = 0  # anchors at the window's end that have not been given yet
        for linked in _linked(batches, frames):
            if reach == 0:
                yield linked.anchor
                continue
            window.append(linked)
            waiting += 1
            while window[-waiting].anchor.pts + reach < linked.anchor.pts:
                yield self._agreed(window, len(window) - waiting, reach)
                waiting -= 1
                while window[0].anchor.pts < window[-waiting].anchor.pts - reach:
                    window.popleft()
        while waiting:
            yield self._agreed(window, len(window) - waiting, reach)
            waiting -= 1

    def _agreed(self, window: Sequence[_Linked], own: int, reach: int) -> Anchor:
        anchor = window[own].anchor
        others = [near for step in (-1, 1) for near in self._neighbours(window, own, step, reach)]
        if not others:
            return anchor
        # a flash is like none of them, and has no more say in its own colour than they have
        own_say = np.full_like(others[0].say, max(float(other.say.mean()) for other in others))
        return replace(anchor, ab=_agreement(_Brought(anchor.ab, own_say), others))

    def _neighbours(self, window: Sequence[_Linked], own: int, step: int, reach: int) -> Iterator[_Brought]:
        """The anchors before (step -1) or after (1) one, as far as the window reaches, brought to it."""
        here, forth, back = window[own], None, None
        for number in range(own, len(window) - 1) if step > 0 else range(own, 0, -1):
            link, other = window[number].link(step), window[number + step]
            distance = abs(other.anchor.pts - here.anchor.pts)
            if link is None or distance > reach:
                return
            way_back = other.link(-step)
            assert way_back is not None
            forth = link if forth is None else joined(forth, link)
            back = coarse(way_back) if back is None else joined(coarse(way_back), back)
            squares = coarse(forth)
            say = trust(here.look, other.look, squares, self.settings.residual) * returns(squares, back)
            yield _Brought(brought(other.anchor.ab, forth), say * np.float32(1 - (distance / (reach + 1)) ** 2))


def _linked(batches: Iterable[AbBatch], frames: Iterable[FollowedFrame]) -> Iterator[_Linked]:
    followed = (frame for frame in frames if frame.shown.is_anchor)
    for anchor, frame in zip(single_anchors(batches), followed, strict=True):
        yield _Linked(anchor, look(anchor.lightness), frame.before, frame.after)


def _agreement(own: _Brought, others: Sequence[_Brought]) -> FloatPicture:
    """The mean colour without the outliers, (h, w, 2); where all have one colour it is that, to the last bit."""
    all_of_them = [own, *others]
    colours = np.stack([_in_squares(one.ab) for one in all_of_them])  # (K, h / COARSE, w / COARSE, 2)
    says = np.stack([one.say for one in all_of_them])
    kept = says
    for _ in range(ROUNDS):
        mean = (colours * kept[..., None]).sum(axis=0) / kept.sum(axis=0)[..., None]
        kept = says / (1 + np.square(colours - mean).sum(axis=-1) / np.float32(OUTLIER**2))
    kept /= kept.sum(axis=0)
    change = sum((other.ab - own.ab) * at_full_size(k)[..., None] for other, k in zip(others, kept[1:], strict=True))
    return (own.ab + change) * np.float32(_gain(colours, kept))


def _gain(colours: FloatPicture, shares: FloatPicture) -> float:
    """What brings the mean back to the chroma that the colours have: colours that differ a little cancel a little.

    Rounded, so that it is exactly 1 where they do not differ.
    """
    mean = (colours * shares[..., None]).sum(axis=0)
    wanted, got = (np.square(colours).sum(axis=-1) * shares).sum(), np.square(mean).sum()
    gain = float(np.sqrt(wanted / max(got, 1e-6)))
    agreement = min(1.0, max(0.0, (NO_GAIN - gain) / (NO_GAIN - FULL_GAIN)))
    return round(1 + (gain - 1) * agreement, 3)


def _in_squares(ab: FloatPicture) -> FloatPicture:
    return cv2.resize(ab, None, fx=1 / COARSE, fy=1 / COARSE, interpolation=cv2.INTER_AREA)
