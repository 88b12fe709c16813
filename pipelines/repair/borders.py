"""The black border around a film's picture: nothing is looked for in it, or near it."""

import numpy as np
from numpy.typing import NDArray

from pipelines.repair.levels import Levels

BLACK = 24
"""Levels of luma up to which a row or a column is black: 16 is black where the range is limited."""
SHARE = 0.95
"""Share of a row's or column's pixels that must be black: dirt and titles may lie in a border."""
WIDEST = 0.25
"""Share of a side that a border may take: what is wider is a dark picture."""


def inside(frames: tuple[Levels, ...], margin: int) -> NDArray[np.bool_]:
    """(H, W), the pixels that lie further than `margin` from the frame's edge and from its black border.

    Args:
        frames: (H, W), eight bits; what is black in all of them is the border.
        margin: pixels.
    """
    brightest = np.maximum.reduce(frames)
    is_inside = np.zeros(brightest.shape, np.bool_)
    dark = brightest <= BLACK
    top, bottom = _border(dark.mean(axis=1) >= SHARE)
    left, right = _border(dark.mean(axis=0) >= SHARE)
    height, width = brightest.shape
    is_inside[top + margin : max(0, height - bottom - margin), left + margin : max(0, width - right - margin)] = True
    return is_inside


def _border(black: NDArray[np.bool_]) -> tuple[int, int]:
    """Rows black at the start, and at the end."""
    widest = int(WIDEST * len(black))
    first, last = (int(np.argmin(side)) if not side.all() else len(side) for side in (black, black[::-1]))
    return (first if first <= widest else 0), (last if last <= widest else 0)
