"""Every frame takes its colour from the anchors before and after it in its shot, along the flow to them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from pipelines.frames import AbFrame, Anchor, FollowedFrame
from pipelines.motion.flow import FloatPicture, at_full_size, brought_at_full_size
from pipelines.motion.trust import appearance, trust
from pipelines.settings import MotionSettings


@dataclass(frozen=True)
class _Side:
    """An anchor, with its appearance."""

    anchor: Anchor
    appearance: FloatPicture


class _Around:
    """The last anchor at or before a time and the first after it, taken from anchors in order."""

    def __init__(self, anchors: Iterable[Anchor]) -> None:
        self.coming = (_Side(anchor, appearance(anchor.lightness)) for anchor in anchors)
        self.before: _Side | None = None
        self.after: _Side | None = next(self.coming, None)

    def at(self, pts: int) -> tuple[_Side | None, _Side | None]:
        """The anchors on both sides of a time; times must rise."""
        while self.after is not None and self.after.anchor.pts <= pts:
            self.before, self.after = self.after, next(self.coming, None)
        return self.before, self.after


@dataclass(frozen=True)
class Carry:
    """The stage: frames and steady anchors in, the segment's own frames with their ab out.

    The nearer anchor has more weight; an anchor that matches the frame's content has the most. Where nothing moves and
    both anchors have one colour, it is kept to the last bit.
    """

    settings: MotionSettings

    def __call__(self, frames: Iterable[FollowedFrame], anchors: Iterable[Anchor]) -> Iterator[AbFrame]:
        """Yields the owned frames in order."""
        around = _Around(anchors)
        before: int | None = None  # shot of the last frame before the segment
        for followed in frames:
            frame, shot = followed.shown.light.frame, followed.shown.shot
            if before is None or not frame.is_owned:
                before = shot
            if frame.is_owned:
                yield AbFrame(frame, self._ab(followed, *around.at(frame.pts)), shot - before)

    def _ab(self, followed: FollowedFrame, before: _Side | None, after: _Side | None) -> FloatPicture:
        shown = followed.shown
        if before is None or before.anchor.shot != shown.shot:
            raise ValueError(f"no anchor in the shot of the frame at {shown.pts}")
        if before.anchor.pts == shown.pts:
            return before.anchor.ab
        assert followed.before is not None
        ab = brought_at_full_size(before.anchor.ab, followed.before)
        if followed.after is None or after is None:
            return ab
        there = brought_at_full_size(after.anchor.ab, followed.after)
        share = np.float32((shown.pts - before.anchor.pts) / (after.anchor.pts - before.anchor.pts))
        here = appearance(shown.light.lightness)
        residual = self.settings.residual
        weight_before = trust(here, before.appearance, followed.before, residual) * (1 - share)
        weight_after = trust(here, after.appearance, followed.after, residual) * share
        weight = at_full_size(weight_after / (weight_before + weight_after))
        blended: FloatPicture = ab + (there - ab) * weight[..., None]
        return blended
