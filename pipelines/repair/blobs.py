"""Connected pixels, and what is known of each: counted for all blobs of a frame at once."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Blobs:
    """The connected parts of a mask; blob 0 is all that is no part."""

    labels: NDArray[np.int32]
    """(H, W), the blob of each pixel."""
    stats: NDArray[np.int32]
    """(K, 5): left, top, width, height, area of each, as OpenCV gives them."""
    centres: NDArray[np.float64]
    """(K, 2), column and row."""

    @property
    def count(self) -> int:
        """K, blob 0 included."""
        return len(self.stats)

    @property
    def areas(self) -> NDArray[np.int32]:
        """(K,), pixels."""
        return self.stats[:, cv2.CC_STAT_AREA]

    def holding(self, pixels: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(K,), the blobs that hold at least one of these pixels (H, W)."""
        return np.bincount(self.labels[pixels], minlength=self.count) > 0

    def means(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """(K,), the mean of a picture (H, W) over each blob; 0 for blob 0."""
        return means(self.labels, values, self.count)

    def of(self, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(H, W), the pixels of the blobs kept (K,); never those of blob 0."""
        return (kept & (np.arange(self.count) > 0))[self.labels]


def blobs(mask: NDArray[Any]) -> Blobs:
    """The connected parts of a mask (H, W), corners joined."""
    _, labels, stats, centres = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    return Blobs(np.asarray(labels, np.int32), np.asarray(stats, np.int32), np.asarray(centres, np.float64))


def quantiles(labels: NDArray[Any], values: NDArray[Any], count: int, share: float) -> NDArray[np.float32]:
    """(K,), for each label its values' quantile at `share`, the lower of two; NaN where it has none.

    Args:
        labels: (M,), from 0 up to `count`.
        values: (M,), as many.
        count: K.
        share: 0..1.
    """
    order = np.lexsort((values, labels))
    amounts = np.bincount(labels, minlength=count)
    starts = np.cumsum(amounts) - amounts
    found = np.full(count, np.nan, np.float32)
    has = amounts > 0
    found[has] = values[order][(starts + ((amounts - 1) * share).astype(np.int64))[has]]
    return found


def means(labels: NDArray[np.int32], values: NDArray[Any], count: int) -> NDArray[np.float64]:
    """(K,), the mean of a picture (H, W) over the pixels of each label but 0; 0 where it has none.

    Args:
        labels: (H, W), from 0 up to `count`.
        values: (H, W).
        count: K.
    """
    labelled = labels > 0
    of = labels[labelled]
    sums = np.bincount(of, values[labelled], count)
    return sums / np.maximum(1, np.bincount(of, minlength=count))


def rings(labels: NDArray[np.int32], nearest: int, furthest: int) -> NDArray[np.int32]:
    """(H, W), the blob around which a pixel lies in a ring, from `nearest` (not included) to `furthest` pixels off.

    Where rings meet, the later blob has the pixel.
    """
    wide = cv2.dilate(labels.astype(np.float32), _square(furthest)).astype(np.int32)
    near = cv2.dilate((labels > 0).astype(np.uint8), _square(nearest)) > 0
    return np.where(near, 0, wide)


def _square(radius: int) -> NDArray[np.uint8]:
    return np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)


def grown(mask: NDArray[np.uint8], radius: int) -> NDArray[np.uint8]:
    """A mask (H, W) grown by so many pixels, its values kept: the larger where two meet."""
    return np.asarray(cv2.dilate(mask, _square(radius)), np.uint8)
