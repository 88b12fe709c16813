"""Luma as repair sees it: eight bits to find damage at, and the units of lengths."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.frames import Luma

Mask = NDArray[np.uint8]
"""(H, W): 0, DARK or BRIGHT."""
Levels = NDArray[Any]
"""(H, W), uint8: luma rounded to eight bits, whatever the film's depth."""
DARK, BRIGHT = 1, 2
"""Damage that is darker, or brighter, than what it hides."""
ROWS = 480
"""Short side of the picture for which lengths and areas are given."""


def eight_bits(luma: Luma, bits: int) -> Levels:
    """Luma (H, W) of `bits` bits, rounded to eight."""
    if bits == 8:
        return luma.astype(np.uint8, copy=False)
    half = 1 << (bits - 9)
    return ((np.minimum(luma, (1 << bits) - 1 - half) + half) >> (bits - 8)).astype(np.uint8)


def scale(picture: NDArray[Any]) -> float:
    """Pixels of this picture to one of a picture of ROWS rows."""
    return min(picture.shape[:2]) / ROWS


def odd(length: float) -> int:
    """The nearest odd number of pixels, at least 1: the side of a window that has a centre."""
    return 2 * max(0, round((length - 1) / 2)) + 1
