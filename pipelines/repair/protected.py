"""Rectangles in which a person wants nothing to be mended."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pipelines.repair.levels import Mask
from pipelines.repair_settings import Rectangle, RepairSettings
from pipelines.source import Picture


@dataclass(frozen=True)
class Protected:
    """Takes the rectangles of the settings out of masks."""

    picture: Picture
    first: int = 0
    """Line of the frame that is the first of the masks."""
    step: int = 1
    """Lines of the frame from one of the masks to the next: 2 in a field."""

    def left_alone(self, mask: Mask, how: RepairSettings) -> Mask:
        """The mask (H, W) without what lies in the rectangles."""
        if not how.protect:
            return mask
        return np.where(_covered(self.picture, how.protect)[self.first :: self.step], 0, mask).astype(np.uint8)


@cache
def _covered(picture: Picture, rectangles: tuple[Rectangle, ...]) -> NDArray[np.bool_]:
    """(H, W) as stored: where the rectangles lie."""
    covered = np.zeros(picture.upright((picture.height, picture.width)), np.bool_)
    for left, top, width, height in rectangles:
        covered[top : top + height, left : left + width] = True
    return np.ascontiguousarray(picture.display_matrix.stored(covered))
