"""Dust and dirt: what one frame shows and neither of its neighbours does, along motion.

A pixel's anomaly is the smaller of its differences from both neighbours, where they have one sign (SDIp, Kokaram 1998).
Connected anomalies are candidates, cut down to their outline at half of their strength. A logistic regression on each
candidate as a whole decides which are dust: one pixel tells grain from dust badly, a blob well.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.frames import Luma
from pipelines.motion.flow import FloatPicture
from pipelines.repair.blobs import Blobs, blobs, grown, means, rings
from pipelines.repair.borders import inside
from pipelines.repair.levels import BRIGHT, DARK, Levels, Mask, eight_bits, odd, scale
from pipelines.repair.references import References

WINDOW, NEAR_WINDOW = 33, 9
"""Pixels at ROWS: sides of the squares in which the references' disagreement is averaged."""
MAX_DISAGREEMENT = 40
"""Levels up to which one pixel's disagreement counts in the mean over the wider one."""
WEAK, SEED = (4, 0.7), (7, 1.2)
"""Least anomaly of each pixel of a candidate, and of at least one: in levels, and as a factor of the disagreement."""
HALF = 0.4
"""Share of a candidate's strength that the pixels of its outline have."""
SMALLEST, LARGEST = 8, 900
"""Pixels at ROWS: area of a blob."""
LEAST = 6.5
"""Levels: mean anomaly of a blob; what codecs leave of a moved block is fainter."""
RING = (2, 5)
"""Pixels at ROWS: where the ring around a blob begins and ends."""
CROWD = 195
"""Pixels at ROWS: side of the square in which blobs are counted."""
CROWDS = 6
"""Times as many blobs as in such a square that a whole frame may have: beyond it, it rains or snows there."""
MARGIN = 3
"""Pixels at ROWS, along the frame's edge and its black border, that are left alone."""
NEAR = 3
"""Pixels at ROWS: where a neighbour frame has a blob so near, both belong to the scene."""
WEIGHTS = (4.404, 0.918, -2.001, -1.858, -0.786)
"""Of the logarithms of 2 + mean anomaly, area (pixels at ROWS), the references' disagreement near by, range of 3 x 3
pixels, and mean anomaly of the ring around. Fitted on drawn dust, where a sample of clean film that is taken for dust
costs ten times one that is missed."""
UNREST, BIAS = -0.191, -5.9
"""Of the references' disagreement further around, in levels; of 1."""


@dataclass(frozen=True)
class Strength:
    """How much is taken for dust."""

    odds: float
    """Logarithm of the odds from which a candidate is dust."""
    crowd: int
    """Blobs in a square of CROWD beyond which none of them is dust."""


STRENGTHS = {1: Strength(3, 3), 2: Strength(1.5, 4), 3: Strength(0, 7), 4: Strength(-1, 12), 5: Strength(-2, 10**9)}


def found(luma: Luma, sides: References, bits: int, strength: int = 3) -> Mask:
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
    low, high = cv2.min(before, after), cv2.max(before, after)
    anomalies = {DARK: cv2.subtract(low, here), BRIGHT: cv2.subtract(here, high)}
    seen = _Seen.of(here, cv2.absdiff(before, after), cv2.max(*anomalies.values()), size)
    possible = inside((here, before, after), round(MARGIN * size))
    parts = {value: _candidates(anomaly, seen.disagreement, possible) for value, anomaly in anomalies.items()}
    is_dust = {value: seen.is_dust(parts[value], anomalies[value], size, way.odds) for value in anomalies}
    free = _uncrowded([parts[value].centres[is_dust[value]] for value in anomalies], here.shape, way.crowd, size)
    mask = np.zeros(here.shape, np.uint8)
    for (value, dust), alone in zip(is_dust.items(), free, strict=True):
        dust[dust] = alone
        mask[parts[value].of(dust)] = value
    return mask


def _candidates(anomaly: Levels, disagreement: FloatPicture, possible: NDArray[np.bool_]) -> Blobs:
    """Connected anomalies, at half of the strength of each."""
    weak = (anomaly > np.maximum(np.float32(WEAK[0]), np.float32(WEAK[1]) * disagreement)) & possible
    seeds = (anomaly > np.maximum(np.float32(SEED[0]), np.float32(SEED[1]) * disagreement)) & weak
    parts = blobs(weak)
    mean, square = parts.means(anomaly), parts.means(np.square(anomaly, dtype=np.uint16))
    strength = (square / np.maximum(mean, 1)).astype(np.float32)  # the stronger a pixel, the more it counts
    strength[~parts.holding(seeds)] = np.inf
    return blobs(weak & (anomaly >= (HALF * strength)[parts.labels]))


@dataclass(frozen=True)
class _Seen:
    """Measures of a frame against its references, by which candidates are judged."""

    range: Levels
    """(H, W), of the 3 x 3 pixels around each."""
    anomaly: Levels
    """(H, W), of either sign."""
    disagreement: FloatPicture
    """(H, W), the references', averaged over WINDOW."""
    near: FloatPicture
    """(H, W), averaged over NEAR_WINDOW."""

    @classmethod
    def of(cls, here: Levels, disagreement: Levels, anomaly: Levels, size: float) -> "_Seen":
        square = np.ones((3, 3), np.uint8)
        extent = cv2.subtract(cv2.dilate(here, square), cv2.erode(here, square))
        wide = cv2.blur(np.minimum(disagreement, MAX_DISAGREEMENT).astype(np.float32), (odd(WINDOW * size),) * 2)
        near = cv2.blur(disagreement.astype(np.float32), (odd(NEAR_WINDOW * size),) * 2)
        return cls(extent, anomaly, wide, near)

    def is_dust(self, parts: Blobs, anomaly: Levels, size: float, least: float) -> NDArray[np.bool_]:
        """(K,), the candidates that are dust by what is known of each alone."""
        fits = (parts.areas >= SMALLEST * size**2) & (parts.areas <= LARGEST * size**2)
        fits &= (parts.means(anomaly) >= LEAST) & (self.odds(parts, anomaly, size) >= least)
        fits[0] = False
        return fits

    def odds(self, parts: Blobs, anomaly: Levels, size: float) -> NDArray[np.float64]:
        """(K,), the logarithm of the odds that each candidate is dust."""
        around = rings(parts.labels, max(1, round(RING[0] * size)), max(2, round(RING[1] * size)))
        known = (
            parts.means(anomaly),
            parts.areas / size**2,
            parts.means(self.near),
            parts.means(self.range),
            means(around, self.anomaly, parts.count),
        )
        odds = sum(weight * np.log(2 + each) for weight, each in zip(WEIGHTS, known, strict=True))
        return BIAS + UNREST * parts.means(self.disagreement) + odds


def _uncrowded(
    centres: list[NDArray[np.float64]], shape: tuple[int, ...], most: int, size: float
) -> list[NDArray[np.bool_]]:
    """Which blobs have at most `most` in the square around them, in a frame that is not full of them.

    Args:
        centres: (K, 2), columns and rows of the blobs of each value.
        shape: (H, W).
        most: blobs in a square of CROWD.
        size: see `scale`.
    """
    places = [np.rint(each).astype(np.int64).T for each in centres]
    if sum(len(each) for each in centres) > CROWDS * most:
        return [np.zeros(len(each), np.bool_) for each in centres]
    marks = np.zeros(shape, np.float32)
    for columns, rows in places:
        np.add.at(marks, (rows, columns), 1)
    side = odd(CROWD * size)
    counts = cv2.boxFilter(marks, -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT)
    return [counts[rows, columns] < most + 0.5 for columns, rows in places]


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
