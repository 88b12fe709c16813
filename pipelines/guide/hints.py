"""Colours that a person gives for points of a film; each holds for its shot and follows its point.

A hint is followed once, before the run: through its shot in both directions, from anchor to anchor along optical flow.
What comes out is a table of places by anchor, so that segments stay independent of each other.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import InputError
from pipelines.frames import HintTable
from pipelines.guide.reading import ShotReader, SmallFrame
from pipelines.motion.flow import Motion
from pipelines.ranges import in_seconds
from pipelines.settings import Hint, Settings
from pipelines.source import Film

Tracks = dict[int, HintTable]
"""By the pts of an anchor: the hints that are in it."""


@dataclass(frozen=True)
class HintTracker:
    """Follows the hints of one film from anchor to anchor."""

    film: Film
    settings: Settings
    rows: int
    """Short side of the pictures in which they are followed."""

    def __call__(self) -> Tracks:
        """The hints in each anchor that has some.

        Raises:
            InputError: a hint lies outside the film or its picture, or the film cannot be read.
        """
        reader = ShotReader(self.film, self.settings, self.rows)
        found: dict[int, list[tuple[float, ...]]] = {}
        for hint in (hint for hint in self.settings.hints if not hint.is_region):
            for pts, x, y in self._places(hint, reader):
                found.setdefault(pts, []).append((x, y, *hint.ab))
        return {pts: np.array(table, np.float32) for pts, table in found.items()}

    def _places(self, hint: Hint, reader: ShotReader) -> Iterator[tuple[int, float, float]]:
        """pts of the anchors of the hint's shot, and where its point is in them, as shares of the sides."""
        time = in_seconds(hint.time)
        own = reader.frame_at(time)
        if own is None:
            raise InputError(self.film.path, "a hint's time lies outside the film", "change it in the hints", time)
        point = self._point(hint, own.lightness)
        yield from self._along(reader.frames_from(time, +1), point)
        earlier = list(self._along(reader.frames_from(time, -1), point))
        yield from earlier[own.is_anchor :]  # its own frame came with the later ones

    def _point(self, hint: Hint, lightness: NDArray[np.uint8]) -> tuple[float, float]:
        """The hint's point in the small picture, in its pixels."""
        picture = self.film.picture
        height, width = picture.upright((picture.height, picture.width))
        if not (hint.x < width and hint.y < height):
            what = f"the hint at {hint.x:g}, {hint.y:g} lies outside the picture ({width}x{height})"
            raise InputError(self.film.path, what, "change it in the hints", in_seconds(hint.time))
        rows, columns = lightness.shape
        return (hint.x + 0.5) / width * columns, (hint.y + 0.5) / height * rows

    def _along(self, frames: Iterable[SmallFrame], point: tuple[float, float]) -> Iterator[tuple[int, float, float]]:
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
