"""Colours that a person gives for points of a film; each holds for its shot and follows its point.

A hint is followed once, before the run: through its shot in both directions, from anchor to anchor along optical flow.
What comes out is a table of places by anchor, so that segments stay independent of each other.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipelines.colour.follow import Follow
from pipelines.colour.lightness import NOTHING
from pipelines.errors import InputError
from pipelines.frames import HintTable
from pipelines.motion.flow import Motion
from pipelines.ranges import in_seconds
from pipelines.segment import marked
from pipelines.settings import Hint, Settings
from pipelines.source import Film, Segment

READ_AT_ONCE = Fraction(10)
"""Seconds of film."""

Tracks = dict[int, HintTable]
"""By the pts of an anchor: the hints that are in it."""


@dataclass(frozen=True)
class _TrackedFrame:
    """A frame, as far as hints are followed through it."""

    pts: int
    begins_shot: bool
    is_anchor: bool
    lightness: NDArray[np.uint8]


Parts = Callable[[int], list[_TrackedFrame]]
"""The frames of a part of the film, by its number."""


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
        parts = lru_cache(2)(self._read)
        found: dict[int, list[tuple[float, ...]]] = {}
        for hint in self.settings.hints:
            for pts, x, y in self._places(hint, parts):
                found.setdefault(pts, []).append((x, y, *hint.ab))
        return {pts: np.array(table, np.float32) for pts, table in found.items()}

    def _read(self, number: int) -> list[_TrackedFrame]:
        """The frames of a part of the film, which is READ_AT_ONCE long."""
        film, motion = self.film, self.settings.motion
        start = film.pts(number * READ_AT_ONCE) if number else None
        segment = Segment(film, number, start, film.pts((number + 1) * READ_AT_ONCE))
        frames, shot = [], 0
        follow = Follow(motion, film.picture.time_base)
        for followed in follow(marked(segment, self.settings, self.rows, lambda _: NOTHING)):
            frame = followed.shown
            if frame.light.frame.is_owned:
                frames.append(_TrackedFrame(frame.pts, frame.shot != shot, frame.is_anchor, frame.light.lightness))
            shot = frame.shot
        return frames

    def _places(self, hint: Hint, parts: Parts) -> Iterator[tuple[int, float, float]]:
        """pts of the anchors of the hint's shot, and where its point is in them, as shares of the sides."""
        time = in_seconds(hint.time)
        number = int(time // READ_AT_ONCE)
        here = parts(number)
        wanted = self.film.pts(time)
        own = next((i for i, frame in enumerate(here) if frame.pts >= wanted), len(here) - 1)
        if own < 0 or time >= self.film.duration:
            raise InputError(self.film.path, "a hint's time lies outside the film", "change it in the hints", time)
        point = self._point(hint, here[own].lightness)
        later = self._until_cut(here[own:], number, +1, parts)
        earlier = self._until_cut(here[own::-1], number, -1, parts)
        yield from self._along(later, point)
        yield from list(self._along(earlier, point))[here[own].is_anchor :]  # its own frame came with the later ones

    def _until_cut(
        self, first: Sequence[_TrackedFrame], number: int, step: int, parts: Parts
    ) -> Iterator[_TrackedFrame]:
        """The frames from the hint's own to its shot's end, or back to its beginning."""
        frames: Sequence[_TrackedFrame] = first
        is_own = True
        while frames:
            for frame in frames:
                if step > 0 and frame.begins_shot and not is_own:
                    return
                yield frame
                if step < 0 and frame.begins_shot:
                    return
                is_own = False
            number += step
            frames = parts(number)[::step] if number >= 0 and number * READ_AT_ONCE < self.film.duration else []

    def _point(self, hint: Hint, lightness: NDArray[np.uint8]) -> tuple[float, float]:
        """The hint's point in the small picture, in its pixels."""
        picture = self.film.picture
        height, width = picture.upright((picture.height, picture.width))
        if not (hint.x < width and hint.y < height):
            what = f"the hint at {hint.x:g}, {hint.y:g} lies outside the picture ({width}x{height})"
            raise InputError(self.film.path, what, "change it in the hints", in_seconds(hint.time))
        rows, columns = lightness.shape
        return (hint.x + 0.5) / width * columns, (hint.y + 0.5) / height * rows

    def _along(self, frames: Iterable[_TrackedFrame], point: tuple[float, float]) -> Iterator[tuple[int, float, float]]:
        """The place in each anchor, as shares, until the point leaves the picture."""
        motion = Motion()
        last: _TrackedFrame | None = None
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
