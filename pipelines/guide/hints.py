"""Colours that a person gives for points of a film; each holds for its shot and follows its point.

A hint is followed once, before the run: through its shot in both directions, from anchor to anchor along optical flow.
What comes out is a table of places by anchor, so that segments stay independent of each other.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import InputError
from pipelines.frames import HintTable
from pipelines.guide.reading import ShotReader, SmallFrame
from pipelines.motion.flow import Motion
from pipelines.places import stamp_of
from pipelines.ranges import in_seconds
from pipelines.settings import Settings
from pipelines.source import Film

Tracks = dict[int, HintTable]
"""By the pts of an anchor: the hints that are in it."""


KEPT = 64
"""Points whose places are kept: a person who changes the colour of one, or adds another, waits for none of the rest."""


@dataclass(frozen=True)
class HintTracker:
    """Follows the hints of one film from anchor to anchor."""

    reader: ShotReader
    settings: Settings
    """Of the run."""

    def __call__(self) -> Tracks:
        """The hints in each anchor that has some.

        Raises:
            InputError: a hint lies outside the film or its picture, or the film cannot be read.
        """
        found: dict[int, list[tuple[float, ...]]] = {}
        stamp = stamp_of(self.reader.film.path)
        for hint in (hint for hint in self.settings.hints if not hint.is_region):
            for pts, x, y in places(self.reader, in_seconds(hint.time), (hint.x, hint.y), stamp):
                found.setdefault(pts, []).append((x, y, *hint.ab))
        return {pts: np.array(table, np.float32) for pts, table in found.items()}


@lru_cache(KEPT)
def places(
    reader: ShotReader, time: Fraction, place: tuple[float, float], _: tuple[int, int]
) -> tuple[tuple[int, float, float], ...]:
    """pts of the anchors of a point's shot, and where the point is in them, as shares of the sides.

    Args:
        reader: of the film.
        time: seconds from its start.
        place: pixels from the left and from the top of the upright picture.
        _: stamp of the film's file, so that one that has changed is read again.
    """
    own = reader.frame_at(time)
    if own is None:
        raise InputError(reader.film.path, "a hint's time lies outside the film", "change it in the hints", time)
    point = _point(reader.film, time, place, own.lightness)
    later = _along(reader.frames_from(time, +1), point)
    earlier = list(_along(reader.frames_from(time, -1), point))
    return (*later, *earlier[own.is_anchor :])  # its own frame came with the later ones


def _point(film: Film, time: Fraction, place: tuple[float, float], lightness: NDArray[np.uint8]) -> tuple[float, float]:
    """The point in the small picture, in its pixels."""
    (x, y), picture = place, film.picture
    height, width = picture.upright((picture.height, picture.width))
    if not (x < width and y < height):
        what = f"the hint at {x:g}, {y:g} lies outside the picture ({width}x{height})"
        raise InputError(film.path, what, "change it in the hints", time)
    rows, columns = lightness.shape
    return (x + 0.5) / width * columns, (y + 0.5) / height * rows


def _along(frames: Iterable[SmallFrame], point: tuple[float, float]) -> Iterator[tuple[int, float, float]]:
    """The place in each anchor, as shares, until the point leaves the picture."""
    motion = Motion()
    last: SmallFrame | None = None
    for frame in frames:
        if last is not None and not frame.is_anchor:
            continue
        if last is not None:
            point = motion.follow(point, last.lightness, frame.lightness)
        last, (rows, columns) = frame, frame.lightness.shape
        x, y = point[0] / columns, point[1] / rows
        if not (0 <= x < 1 and 0 <= y < 1):
            return
        if frame.is_anchor:
            yield frame.pts, x, y
