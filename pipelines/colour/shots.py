"""Shots and anchors, found in the lightness alone, from the few frames around each."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from pipelines.colour.anchors import Tick, tick_of
from pipelines.frames import LightFrame, ShotFrame
from pipelines.motion.cuts import AHEAD, Cuts
from pipelines.settings import MotionSettings
from pipelines.source import Film


@dataclass(frozen=True)
class Shots:
    """The stage: marks each frame with its shot and whether it is an anchor.

    An anchor is the first frame of a shot, and the first at or after each tick (`anchors.tick_of`).
    """

    film: Film
    motion: MotionSettings

    def __call__(self, frames: Iterable[LightFrame]) -> Iterator[ShotFrame]:
        """Yields the frames in order, AHEAD frames late."""
        cuts, waiting = Cuts(), deque[LightFrame]()
        shot = number = 0
        cut: Fraction | None = None
        tick: Tick | None = None

        def mark(light: LightFrame) -> ShotFrame:
            nonlocal shot, number, cut, tick
            seconds = self.film.seconds(light.frame.pts)
            if cuts.begins_at(number):
                shot, cut = shot + 1, seconds
            last, tick = tick, tick_of(seconds, cut, self.motion)
            number += 1
            return ShotFrame(light, shot, tick != last)

        for light in frames:
            cuts.push(light.lightness)
            waiting.append(light)
            if len(waiting) > AHEAD:
                yield mark(waiting.popleft())
        while waiting:
            yield mark(waiting.popleft())
