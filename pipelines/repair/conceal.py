"""Concealment of dust from the frames around it; no pixel outside the grown mask changes."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.frames import Luma
from pipelines.repair.blobs import blobs, grown, quantiles, rings
from pipelines.repair.levels import Mask, scale
from pipelines.repair.references import References

GROWTH = 2
"""Pixels at ROWS by which a mask is grown: the soft edge of what was found."""
AGREED = 11
"""Levels up to which the references agree, and their mean is taken."""
RING = 3
"""Pixels around a blob in which a reference is compared with the frame."""
UNFIT = 12
"""Levels by which the better reference may be off around a blob; beyond it the blob is filled from its rim."""
TELEA = 3
"""Pixels: radius of that filling."""


def grown_to_conceal(mask: Mask) -> Mask:
    """(H, W), the mask of all pixels that `concealed` may change."""
    return grown(mask, max(1, round(GROWTH * scale(mask))))


def concealed(luma: Luma, mask: Mask, sides: References, bits: int) -> Luma:
    """A frame with what lies under its mask put back.

    Args:
        luma: (H, W), of `bits` bits.
        mask: (H, W), of `grown_to_conceal`: only there the result differs.
        sides: what the frames around it show there.
        bits: 8 to 16.
    """
    if not mask.any():
        return luma
    parts, unit = blobs(mask), np.float32(1 << (bits - 8))
    frame, before, after = (each.astype(np.float32) / unit for each in (luma, sides.before, sides.after))
    ring = rings(parts.labels, 0, RING)
    at = ring > 0
    offsets, misses = [], []
    for side in (before, after):
        difference = (frame - side)[at]
        offset = quantiles(ring[at], difference, parts.count, 0.5)
        offsets.append(np.nan_to_num(offset))
        misses.append(quantiles(ring[at], np.abs(difference - offset[ring[at]]), parts.count, 0.5))
    inside = parts.labels > 0
    of = parts.labels[inside]
    levels = [side[inside] + offset[of] for side, offset in zip((before, after), offsets, strict=True)]
    better = np.where((misses[0] <= misses[1])[of], *levels)
    agree = np.abs(before[inside] - after[inside]) < AGREED
    fill = np.where(agree, (levels[0] + levels[1]) / 2, better)
    mended = luma.copy()
    top = (1 << bits) - 1
    mended[inside] = np.clip(np.rint(fill * unit), 0, top).astype(luma.dtype)
    unfit = np.fmin(*misses) > UNFIT
    return _filled(mended, parts.of(unfit)) if unfit[1:].any() else mended


def _filled(luma: Luma, holes: NDArray[np.bool_]) -> Luma:
    """A frame with its holes (H, W) filled from their rims."""
    filled = luma.copy()
    np.copyto(filled, cv2.inpaint(luma, holes.astype(np.uint8), TELEA, cv2.INPAINT_TELEA), where=holes)
    return filled
