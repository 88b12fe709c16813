"""Motion between two pictures, and colour brought along it.

Flow: dense inverse search (Kroeger et al., ECCV 2016, arXiv 1603.03590), on lightness at network size.
"""

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

FloatPicture = NDArray[Any]
"""float32."""
NO_MAP: Any = None
"""cv2.remap's second map, where the first holds both coordinates."""
BLUR = 5
"""Pixels: side of the window in which the error after motion is averaged."""


def _aligned_brightness(lightness: NDArray[np.uint8], like: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture with the other's mean and spread: old film breathes, and flow takes light for motion."""
    (mean, spread), (to_mean, to_spread) = (map(float, np.ravel(cv2.meanStdDev(p))) for p in (lightness, like))
    gain = min(2.0, max(0.5, to_spread / spread)) if spread > 1 else 1.0
    return cv2.convertScaleAbs(lightness, alpha=gain, beta=max(to_mean - gain * mean, -gain * 255))  # type: ignore[return-value]


@dataclass
class Motion:
    """Brings pictures along the motion between two lightness pictures (h, w); keeps its flow field and its grid."""

    residual: float
    """Error of lightness (of 255) after motion at which trust falls to 1/e."""
    flow: Any = field(init=False)
    grid: FloatPicture = field(init=False)

    def __post_init__(self) -> None:
        self.flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self.grid = np.empty((0, 0, 2), np.float32)

    def bring(
        self, ab: FloatPicture, lightness: NDArray[np.uint8], to: NDArray[np.uint8]
    ) -> tuple[FloatPicture, FloatPicture]:
        """The colour of one picture, moved to where its things are in another.

        Args:
            ab: (h, w, 2), colour of the picture that `lightness` shows.
            lightness: (h, w), where the colour comes from.
            to: (h, w), where it goes.

        Returns:
            ab at `to` (h, w, 2), and trust (h, w) above 0 and up to 1: how well the motion explains the lightness.
        """
        source = _aligned_brightness(lightness, to)
        where = self.flow.calc(to, source, None) + self._grid(to.shape)
        moved = cv2.remap(source, where, NO_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        error = cv2.blur(cv2.absdiff(moved, to).astype(np.float32), (BLUR, BLUR))
        trust = cv2.exp(error * error * (-1 / self.residual**2)) + np.float32(1e-6)
        brought = cv2.remap(ab, where, NO_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return brought, trust

    def follow(
        self, point: tuple[float, float], lightness: NDArray[np.uint8], to: NDArray[np.uint8]
    ) -> tuple[float, float]:
        """Where a point of one picture is in another: x and y, in pixels; the median of its surroundings' motion."""
        flow = self.flow.calc(lightness, _aligned_brightness(to, lightness), None)
        row, column = (min(max(int(place), 0), side - 1) for place, side in zip(point[::-1], to.shape, strict=True))
        rows, columns = (slice(max(0, place - BLUR // 2), place + BLUR // 2 + 1) for place in (row, column))
        moved = np.median(flow[rows, columns].reshape(-1, 2), axis=0)
        return point[0] + float(moved[0]), point[1] + float(moved[1])

    def _grid(self, shape: tuple[int, ...]) -> FloatPicture:
        if self.grid.shape[:2] != shape:
            rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
            self.grid = np.dstack([columns, rows])
        return self.grid
