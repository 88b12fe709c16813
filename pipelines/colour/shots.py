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

    An anchor is the first frame of a shot, the first at or after each tick (`anchors.tick_of`), and those asked for.
    """

    film: Film
    motion: MotionSettings
    given: tuple[Fraction, ...] = ()
    """Seconds from the film's start; the first frame at or after each is an anchor too."""

    def __call__(self, frames: Iterable[LightFrame]) -> Iterator[ShotFrame]:
        """Yields the frames in order, AHEAD frames late."""
        shot = 0
        cut: Fraction | None = None
        tick: Tick | None = None
        asked = [self.film.pts(time) for time in self.given]
        before: int | None = None
        for light, begins_shot in _with_cuts(frames):
            pts = light.frame.pts
            seconds = self.film.seconds(pts)
            if begins_shot:
                shot, cut = shot + 1, seconds
            last, tick = tick, tick_of(seconds, cut, self.motion)
            is_asked = any(wanted <= pts and (before is None or before < wanted) for wanted in asked)
            before = pts
            yield ShotFrame(light, shot, is_asked or tick != last)


def _with_cuts(frames: Iterable[LightFrame]) -> Iterator[tuple[LightFrame, bool]]:
    """Frames, each with whether a shot begins there; mended ones know, by how they were before."""
    cuts, waiting = Cuts(), deque[LightFrame]()
    number, shot = 0, None
    for light in frames:
        if light.frame.repair is not None:
            yield light, shot not in (None, light.frame.repair.shot)
            shot = light.frame.repair.shot
            continue
        cuts.push(light.lightness)
        waiting.append(light)
        if len(waiting) > AHEAD:
            yield waiting.popleft(), cuts.begins_at(number)
            number += 1
    for late, light in enumerate(waiting):
        yield light, cuts.begins_at(number + late)
