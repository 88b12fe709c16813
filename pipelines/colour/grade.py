"""Colours of finished frames changed as a person wants them: saturation, warmth, gray, and areas left as they are."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipelines.frames import AbFrame
from pipelines.repair_settings import Rectangle
from pipelines.source import Picture

WARMTH = 0.2
"""b* by which one unit of warmth shifts colours: 100 of it by 20, which is plain to see and no more."""
FloatPicture = NDArray[np.float32]


@dataclass(frozen=True)
class Grade:
    """A change of colours."""

    saturation: float = 1.0
    """Factor on ab."""
    warmth: float = 0.0
    """Shifts b* by WARMTH each: yellower above 0, bluer below. Black and white stay without colour."""
    is_neutral: bool = False
    """Whether nothing has colour."""
    keep: tuple[Rectangle, ...] = ()
    """Areas that are left as they are."""

    def __call__(self, ab: FloatPicture, kept: FloatPicture | None = None) -> FloatPicture:
        """ab (h, w, 2), changed; the share of a place that is `kept` (h, w) stays as it is."""
        shift = np.array([0, WARMTH * self.warmth], np.float32)
        changed: FloatPicture = ab * np.float32(self.saturation) + shift
        if self.is_neutral:
            changed = np.zeros_like(ab)
        return changed if kept is None else changed + (ab - changed) * kept[..., None]


AS_PAINTED = Grade()


@dataclass(frozen=True)
class Graded:
    """The stage: frames with ab in, the same with colours changed as the grade of their time says.

    Colours that a person gave, see `AbFrame.share`, stay as they are: a frame that was painted over shows its grade.
    """

    picture: Picture
    grade_at: Callable[[int], Grade]
    """By pts."""

    def __call__(self, frames: Iterable[AbFrame]) -> Iterator[AbFrame]:
        """Yields each frame, in order."""
        size = self.picture.upright((self.picture.height, self.picture.width))
        covered = lru_cache(1)(_covered)
        for frame in frames:
            grade = self.grade_at(frame.frame.pts)
            if grade == AS_PAINTED:
                yield frame
                continue
            rows, columns = frame.ab.shape[:2]
            kept = covered(grade.keep, size, (rows, columns)) if grade.keep else None
            if frame.share is not None:
                kept = frame.share if kept is None else np.maximum(kept, frame.share)
            yield replace(frame, ab=grade(frame.ab, kept))


def _covered(areas: tuple[Rectangle, ...], size: tuple[int, int], small: tuple[int, int]) -> FloatPicture:
    """Share of each place of a small picture, (h, w), that areas of the large one cover, 0 to 1."""
    covered = np.zeros(small, np.float32)
    for left, top, width, height in areas:
        down = _covered_line(top, height, size[0], small[0])
        across = _covered_line(left, width, size[1], small[1])
        covered = np.maximum(covered, down[:, None] * across)
    return covered


def _covered_line(begin: int, length: int, side: int, count: int) -> FloatPicture:
    """Share of each of `count` places along a side that a stretch of it covers, (count,)."""
    edges = np.arange(count + 1) * (side / count)
    inside = np.minimum(edges[1:], begin + length) - np.maximum(edges[:-1], begin)
    return (inside / (side / count)).clip(0, 1).astype(np.float32)
