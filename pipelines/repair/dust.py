"""Dust and dirt: what one frame shows and neither of its neighbours does, along motion.

A pixel is compared with the 18 of the two references around it (SROD, Roosmalen 1999) and with the two beneath it
(SDIp, Kokaram 1998). Both thresholds rise where the references disagree: what they do not agree on is not known.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.repair.blobs import Blobs, blobs, grown, quantiles, rings
from pipelines.repair.borders import inside
from pipelines.repair.levels import BRIGHT, DARK, Levels, Mask, eight_bits, odd, scale
from pipelines.repair.references import References

WINDOW = 33
"""Pixels at ROWS: side of the square in which the references' disagreement is averaged."""
MAX_DISAGREEMENT = 40
"""Levels up to which one pixel's disagreement counts in that mean."""
AGREED = 22
"""Levels by which the references may differ at a pixel of dust."""
SMALLEST, LARGEST = 8, 900
"""Pixels at ROWS: area of a blob."""
CONTRAST = 14
"""Levels by which a blob's stronger pixels differ from the ring around it."""
RING = (2, 5)
"""Pixels at ROWS: where that ring begins and ends."""
STRONGER = 0.9
CROWD = 97
"""Pixels at ROWS: side of the square in which blobs are counted."""
MARGIN = 8
"""Pixels at ROWS, along the frame's edge and its black border, that are left alone."""
OPENING = 4
"""Pixels at ROWS: what is thinner both ways is a line of the scene."""
NEAR = 3
"""Pixels at ROWS: where a neighbour frame has a blob so near, both belong to the scene."""


@dataclass(frozen=True)
class Strength:
    """How much is taken for dust."""

    seed: float
    """Levels beyond all 18 pixels of the references that at least one pixel of a blob has."""
    factor: float
    """Of the references' mean disagreement, as a least seed."""
    crowd: int
    """Blobs in a square of CROWD from which on none of them is dust."""


STRENGTHS = {
    1: Strength(32, 4, 3),
    2: Strength(24, 3.5, 4),
    3: Strength(18, 3, 6),
    4: Strength(14, 2.5, 12),
    5: Strength(12, 2, 10**9),
}
WEAK = 2 / 3
"""Share of a seed's levels that the pixels around it have."""


def found(luma: NDArray[np.uint8] | NDArray[np.uint16], sides: References, bits: int, strength: int = 3) -> Mask:
    """Where a frame has dust, before its neighbours' masks are asked (`kept`).

    Args:
        luma: (H, W), of `bits` bits.
        sides: what the frames around it show there.
        bits: 8 to 16.
        strength: 1, little, to 5, much.

    Returns:
        (H, W): 0, DARK or BRIGHT.
    """
    here, before, after = (eight_bits(each, bits) for each in (luma, sides.before, sides.after))
    size, way = scale(here), STRENGTHS[strength]
    disagreement = cv2.absdiff(before, after)
    mean = cv2.blur(np.minimum(disagreement, MAX_DISAGREEMENT).astype(np.float32), (odd(WINDOW * size),) * 2)
    seed = np.maximum(np.float32(way.seed), np.float32(way.factor) * mean)
    least = np.maximum(np.float32(WEAK * way.seed), np.float32(way.factor / 2) * mean)
    possible = inside((here, before, after), round(MARGIN * size)) & (disagreement < AGREED)
    square = np.ones((3, 3), np.uint8)
    mask = np.zeros(here.shape, np.uint8)
    low, high = cv2.min(before, after), cv2.max(before, after)
    signs = (
        (DARK, cv2.subtract(low, here), cv2.subtract(cv2.erode(low, square), here)),
        (BRIGHT, cv2.subtract(here, high), cv2.subtract(here, cv2.dilate(high, square))),
    )
    for value, beneath, around in signs:
        weak = (beneath > least) & possible
        mask[_dust(here, weak, (around > seed) & weak, way, size)] = value
    return mask


def _dust(
    here: Levels, weak: NDArray[np.bool_], seeds: NDArray[np.bool_], way: Strength, size: float
) -> NDArray[np.bool_]:
    """(H, W), the pixels of the blobs that look like dust."""
    side = max(1, round(OPENING * size))
    opened = cv2.morphologyEx(weak.astype(np.uint8), cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    parts = blobs(opened)
    is_dust = parts.holding(seeds) & (parts.areas >= SMALLEST * size**2) & (parts.areas <= LARGEST * size**2)
    is_dust &= _contrast(here, parts, size) >= CONTRAST
    is_dust[0] = False
    return parts.of(is_dust & ~_crowded(parts, is_dust, way.crowd, size))


def _contrast(here: Levels, parts: Blobs, size: float) -> NDArray[np.float32]:
    """(K,), levels by which the stronger pixels of each blob differ from the ring around it."""
    around = rings(parts.labels, max(1, round(RING[0] * size)), max(2, round(RING[1] * size)))
    ring, blob = around > 0, parts.labels > 0
    level = quantiles(around[ring], here[ring], parts.count, 0.5)
    labels = parts.labels[blob]
    return quantiles(labels, np.abs(here[blob] - level[labels]), parts.count, STRONGER)


def _crowded(parts: Blobs, is_dust: NDArray[np.bool_], most: int, size: float) -> NDArray[np.bool_]:
    """(K,), the blobs with more than `most` in the square around them."""
    columns, rows = np.rint(parts.centres[is_dust]).astype(np.int64).T
    centres = np.zeros(parts.labels.shape, np.float32)
    np.add.at(centres, (rows, columns), 1)
    side = odd(CROWD * size)
    counts = cv2.boxFilter(centres, -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT)
    crowded = np.zeros(parts.count, np.bool_)
    crowded[is_dust] = counts[rows, columns] > most + 0.5
    return crowded


def kept(mask: Mask, neighbours: list[Mask]) -> Mask:
    """A frame's mask without the blobs that a neighbour frame has too: dust is nowhere twice.

    Args:
        mask: (H, W), of `found`.
        neighbours: those of the unlike frames next to it in its shot.
    """
    near = max(1, round(NEAR * scale(mask)))
    dust = mask.copy()
    for value in (DARK, BRIGHT):
        parts = blobs(mask == value)
        again = np.zeros(parts.count, np.bool_)
        for other in neighbours:
            again |= parts.holding(grown((other == value).astype(np.uint8), near) > 0)
        again[0] = False
        dust[parts.of(again)] = 0
    return dust
