"""Every frame takes its colour from the anchors before and after it in its shot, along the flow to them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from pipelines.colour.overlay import laid_over
from pipelines.frames import AbFrame, Anchor, FollowedFrame
from pipelines.motion.flow import FloatPicture, at_full_size, brought_at_full_size
from pipelines.motion.trust import appearance, trust
from pipelines.settings import MotionSettings


@dataclass(frozen=True)
class _Side:
    """An anchor, with its appearance and its colours."""

    anchor: Anchor
    appearance: FloatPicture
    colours: FloatPicture
    """(h, w, 2), ab; (h, w, 3) where a person gave some of it: with their share."""


def _side(anchor: Anchor) -> _Side:
    size = (anchor.ab.shape[0], anchor.ab.shape[1])
    colours = anchor.ab if anchor.share is None else np.dstack([anchor.ab, anchor.share])
    if anchor.own is not None:
        colours = laid_over(anchor.ab, anchor.own, size)
    return _Side(anchor, appearance(anchor.lightness), colours)


class _Around:
    """The last anchor at or before a time and the first after it, taken from anchors in order."""

    def __init__(self, anchors: Iterable[Anchor]) -> None:
        self.coming = map(_side, anchors)
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
    both anchors have one colour, it is kept to the last bit. A frame for which a person gave colours has just these.
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
                colours = self._colours(followed, *around.at(frame.pts))
                share = colours[..., 2] if colours.shape[2] > 2 else None
                yield AbFrame(frame, np.ascontiguousarray(colours[..., :2]), shot - before, share)

    def _colours(self, followed: FollowedFrame, before: _Side | None, after: _Side | None) -> FloatPicture:
        shown = followed.shown
        if before is None or before.anchor.shot != shown.shot:
            raise ValueError(f"no anchor in the shot of the frame at {shown.pts}")
        if before.anchor.pts == shown.pts:
            own = before.anchor.own
            is_larger = own is not None and own.share.size > before.anchor.lightness.size
            return laid_over(before.anchor.ab, own, own.share.shape) if own and is_larger else before.colours
        assert followed.before is not None
        colours = brought_at_full_size(before.colours, followed.before)
        if followed.after is None or after is None:
            return colours
        there = brought_at_full_size(after.colours, followed.after)
        colours, there = _alike(colours, there)
        share = np.float32((shown.pts - before.anchor.pts) / (after.anchor.pts - before.anchor.pts))
        here = appearance(shown.light.lightness)
        residual = self.settings.residual
        weight_before = trust(here, before.appearance, followed.before, residual) * (1 - share)
        weight_after = trust(here, after.appearance, followed.after, residual) * share
        weight = at_full_size(weight_after / (weight_before + weight_after))
        blended: FloatPicture = colours + (there - colours) * weight[..., None]
        return blended


def _alike(one: FloatPicture, other: FloatPicture) -> tuple[FloatPicture, FloatPicture]:
    """Both colours with the share of a layer, where one has it."""
    most = max(one.shape[2], other.shape[2])
    first, second = (np.pad(each, ((0, 0), (0, 0), (0, most - each.shape[2]))) for each in (one, other))
    return first, second
