"""Flow from each frame to the anchors around it, and more anchors where too much is lost on the way."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise

from pipelines.colour.anchors import AnchorChoice, Stretch
from pipelines.frames import FollowedFrame, ShotFrame
from pipelines.motion.flow import Flow, Motion
from pipelines.settings import MotionSettings


@dataclass
class Follow:
    """The stage: frames with an anchor at each tick in, the same with flows to the anchors on either side out.

    The flows and anchors from one tick to the next, or to the end of a shot, depend on the frames between them alone.
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
        stretch = Stretch(frames, [forth for forth, _ in flows], [back for _, back in flows])
        anchors = AnchorChoice(stretch, self.settings, self.time_base).anchors()
        before, after = [link], list[Flow | None]()
        for first, last in pairwise(anchors):
            before += stretch.before(first, last)
            after += reversed(list(stretch.after(first, last)))
        before += stretch.before(anchors[-1], len(frames) - 1)
        after += [None] * (len(frames) - anchors[-1])
        shown = (replace(frame, is_anchor=number in anchors) for number, frame in enumerate(frames))
        return map(FollowedFrame, shown, before, after)
