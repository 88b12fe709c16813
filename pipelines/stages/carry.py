"""Every frame takes its colour from the anchors before and after it in its shot, along optical flow."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from pipelines.batch import AbFrame, Anchor, ShotFrame
from pipelines.motion import FloatPicture, Motion
from pipelines.settings import MotionSettings


class _Around:
    """The last anchor at or before a time and the first after it, taken from anchors in order."""

    def __init__(self, anchors: Iterable[Anchor]) -> None:
        self.coming = iter(anchors)
        self.near: deque[Anchor] = deque()

    def at(self, pts: int) -> tuple[Anchor | None, Anchor | None]:
        while not self.near or self.near[-1].pts <= pts:
            following = next(self.coming, None)
            if following is None:
                break
            self.near.append(following)
            if len(self.near) > 2:
                self.near.popleft()
        before = [anchor for anchor in self.near if anchor.pts <= pts]
        after = [anchor for anchor in self.near if anchor.pts > pts]
        return (before[-1] if before else None), (after[0] if after else None)


@dataclass(frozen=True)
class Carry:
    """The stage: frames and steady anchors in, the segment's own frames with their ab out."""

    settings: MotionSettings

    def __call__(self, frames: Iterable[ShotFrame], anchors: Iterable[Anchor]) -> Iterator[AbFrame]:
        """Yields the owned frames in order."""
        around, motion = _Around(anchors), Motion(self.settings.residual)
        for shown in frames:
            if not shown.light.frame.is_owned:
                continue
            sides = [side for side in around.at(shown.pts) if side is not None and side.shot == shown.shot]
            yield AbFrame(shown.light.frame, self._ab(shown, sides, motion))

    def _ab(self, shown: ShotFrame, sides: list[Anchor], motion: Motion) -> FloatPicture:
        if sides and sides[0].pts == shown.pts:
            return sides[0].ab
        if not sides:  # every shot and every span decoded begins with an anchor
            raise ValueError(f"no anchor in the shot of the frame at {shown.pts}")
        carried = [motion.bring(side.ab, side.lightness, shown.light.lightness) for side in sides]
        if len(sides) == 1:
            return carried[0][0]
        (before, trust_before), (after, trust_after) = carried
        share = np.float32((shown.pts - sides[0].pts) / (sides[1].pts - sides[0].pts))
        trust_before *= 1 - share
        trust_after *= share
        weight = (trust_after / (trust_before + trust_after))[..., None]
        blended: FloatPicture = before + (after - before) * weight
        return blended
