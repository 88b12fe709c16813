"""The frames before and after a frame, brought to it along motion: what ought to be seen there."""

from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.frames import Luma
from pipelines.motion.flow import Flow, brought
from pipelines.repair.levels import Levels, eight_bits

SPECKS = 5
"""Pixels: side of the median that takes small damage away before motion is looked for."""


@dataclass(frozen=True)
class References:
    """The two unlike neighbours of a frame, in its shot, each moved to where the frame's own things lie."""

    before: Luma
    """(H, W), the film's depth."""
    after: Luma
    """(H, W), the film's depth."""


def references(luma: Luma, before: Luma, after: Luma, bits: int) -> References:
    """The neighbours brought to a frame.

    Args:
        luma: (H, W), the frame.
        before: (H, W), the last unlike frame before it, in its shot.
        after: (H, W), the first unlike frame after it, in its shot.
        bits: depth of all three.
    """
    here = without_specks(eight_bits(luma, bits))
    moved = (brought(there, motion(here, without_specks(eight_bits(there, bits)))) for there in (before, after))
    return References(*moved)


def motion(here: Levels, there: Levels) -> Flow:
    """(H, W, 2), columns and rows by which what is here lies elsewhere there."""
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return search.calc(here, there, None)  # type: ignore[call-overload]


def without_specks(levels: Levels) -> Levels:
    """The picture without what is smaller than a few pixels."""
    return np.asarray(cv2.medianBlur(levels, SPECKS), np.uint8)
