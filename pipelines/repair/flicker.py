"""Global flicker: the quantiles of each frame's luma follow their trend over the shot.

Scale-time equalization (Delon, IEEE TIP 15, 2006), with a trend that keeps fades, steps and flashes as they are.
"""

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.frames import Luma
from pipelines.repair.trend import trend

Curve = NDArray[np.float32]
"""(QUANTILES,), levels, rising."""
QUANTILES = 257
SIGMAS = {1: 2.0, 2: 3.5, 3: 5.0, 4: 8.0, 5: 12.0}
"""Frames: sigma of the trend, by strength."""
LEAST = 0.5
"""Levels, root mean square: a shot whose mean flickers by less is left alone."""
FLASH, LEAST_FLASH = 4.5, 12
"""Times the shot's own flicker, and levels, by which a frame differs from the median around it that is a flash."""
AROUND = 7
"""Frames on either side of which that median is taken."""
STEP, LEAST_STEP, SIDE = 5, 8, 5
"""Times the shot's own flicker, and levels, by which the means of so many frames on both sides of a step differ."""
NORMAL = 1.4826
"""Of a normal distribution, the standard deviation to one median absolute deviation."""
DEEP, SHALLOW = 1, 4
"""Levels above black up to which nothing changes, and from which on all does."""


def curve(luma: Luma, bits: int) -> Curve:
    """The quantiles of a frame's luma (H, W)."""
    counts = np.bincount(luma.ravel(), minlength=1 << bits)
    shares = np.concatenate([[0], np.cumsum(counts) / luma.size]) + 1e-9 * np.arange(len(counts) + 1)
    edges = (np.arange(len(counts) + 1) - 0.5) / (1 << (bits - 8))
    return np.interp(np.linspace(0, 1, QUANTILES), shares, edges).astype(np.float32)


def smoothed(curves: NDArray[np.float32], strength: int = 3) -> NDArray[np.float32]:
    """The curves without flicker.

    Args:
        curves: (N, QUANTILES), of the unlike frames of one shot, in order.
        strength: 1, only what changes from frame to frame, to 5, what changes within a second, too.

    Returns:
        (N, QUANTILES); a frame of which nothing is to be changed has its own curve.
    """
    wanted, mean = curves.copy(), curves.mean(axis=1, dtype=np.float64)
    is_flash = _flashes(mean)
    for part in _parts(mean):
        kept = ~is_flash[part]
        line = trend(curves[part], SIGMAS[strength], kept)
        missed = (curves[part] - line).mean(axis=1)[kept]
        if len(missed) > 2 and np.sqrt(np.square(missed).mean()) >= LEAST:
            wanted[part] = np.where(kept[:, None], line, curves[part])
    return np.maximum.accumulate(wanted, axis=1)


def _noise(mean: NDArray[np.float64]) -> float:
    """Levels by which a shot's mean flickers: what changes slowly hardly counts."""
    return NORMAL * float(np.median(np.abs(np.diff(mean)))) / np.sqrt(2) if len(mean) > 1 else 0.0


def _flashes(mean: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(N,), frames much brighter or darker than those around them."""
    padded = np.pad(mean, AROUND, constant_values=np.nan)
    median = np.nanmedian(np.lib.stride_tricks.sliding_window_view(padded, 2 * AROUND + 1), axis=1)
    return np.abs(mean - median) > max(FLASH * _noise(mean), LEAST_FLASH)


def _parts(mean: NDArray[np.float64]) -> list[slice]:
    """The parts of a shot between steps of its light."""
    sums = np.concatenate([[0], np.cumsum(mean)])
    places = np.arange(SIDE, len(mean) - SIDE + 1)
    before, after = sums[places] - sums[places - SIDE], sums[places + SIDE] - sums[places]
    heights = np.abs(after - before) / SIDE
    limit = max(STEP * _noise(mean), LEAST_STEP)
    steps = []
    while len(heights) and heights.max() > limit:
        at = int(np.argmax(heights))
        steps.append(int(places[at]))
        heights[max(0, at - SIDE) : at + SIDE + 1] = 0
    edges = [0, *sorted(steps), len(mean)]
    return [slice(start, end) for start, end in pairwise(edges)]


def table(own: Curve, wanted: Curve, bits: int, black: float = 0) -> Luma:
    """(2 ** bits,), for each sample of luma its new value.

    Args:
        own: a frame's quantiles.
        wanted: those it is to have.
        bits: depth of the film.
        black: level of black: 16 where the range is limited.
    """
    unit = 1 << (bits - 8)
    levels = np.arange(1 << bits) / unit
    rising = own + 1e-4 * np.arange(QUANTILES)
    change = np.interp(levels, rising, wanted - own)
    share = np.clip((levels - black - DEEP) / (SHALLOW - DEEP), 0, 1)
    mapped = np.clip(np.rint((levels + share * change) * unit), 0, (1 << bits) - 1)
    return mapped.astype(np.uint8 if bits == 8 else np.uint16)


def evened(luma: Luma, values: Luma) -> Luma:
    """A frame (H, W) with its samples replaced by those of a `table`."""
    return cv2.LUT(luma, values) if luma.dtype == np.uint8 else values[luma]  # type: ignore[return-value]
