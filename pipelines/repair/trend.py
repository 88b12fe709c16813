"""The slow trend of a shot, apart from jumps from frame to frame."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

REACH = 3
"""Sigmas of the Gaussian that are looked at on either side."""


def trend(values: NDArray[Any], sigma: float, trust: NDArray[Any] | None = None) -> NDArray[np.float64]:
    """The line that fits the values around each best, weighted by a Gaussian: linear change stays, at the ends too.

    Args:
        values: (N, C), a row a frame.
        sigma: frames.
        trust: (N,), 0..1, how much each frame counts; None: all alike.

    Returns:
        (N, C). A frame around which fewer than two frames count keeps its own values.
    """
    count = len(values)
    trust = np.ones(count) if trust is None else trust.astype(np.float64)
    sums = np.zeros((3, count))
    products = np.zeros((2, count, values.shape[1]))
    reach = min(count - 1, round(REACH * sigma))
    for offset in range(-reach, reach + 1):
        here = slice(max(0, -offset), count - max(0, offset))
        there = slice(max(0, offset), count - max(0, -offset))
        weight = np.exp(-0.5 * (offset / sigma) ** 2) * trust[there]
        for power in range(3):
            sums[power, here] += weight * offset**power
        for power in range(2):
            products[power, here] += (weight * offset**power)[:, None] * values[there]
    spread = sums[0] * sums[2] - sums[1] ** 2
    is_known = spread > 1e-6 * np.maximum(1, sums[0] ** 2)
    line = sums[2][:, None] * products[0] - sums[1][:, None] * products[1]
    return np.where(is_known[:, None], line / np.where(is_known, spread, 1)[:, None], values)
