"""Motion between pictures, colour brought along it, and how far it may be trusted.

A flow has for each square of COARSE x COARSE pixels of one picture the columns and rows, in squares, by which the
same thing lies elsewhere in another. Between neighbouring frames it is found by dense inverse search (Kroeger et al.,
ECCV 2016, arXiv 1603.03590) on lightness at half of network size; between frames further apart it is joined from those:
large motion is followed where one search from end to end loses it.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

FloatPicture = NDArray[Any]
"""float32."""
Flow = NDArray[Any]
"""(h / COARSE, w / COARSE, 2), float32."""
NO_MAP: Any = None
"""cv2.remap's second map, where the first holds both coordinates."""
COARSE = 4
"""Pixels: side of the squares for which motion and trust are known; the search and networks' colours are no finer."""
BLUR = 0.75
"""Squares: sigma of the blur before two appearances are compared; grain and texture that slid by a pixel agree."""
STILL = 2.0
"""Change of lightness (of 255) of a square up to which it may have stood still."""
STILL_MOTION = 0.5
"""Pixels of flow up to which a square may have stood still: DIS sees grain move."""
MAX_BREATH_GAIN = 2.0
"""Largest factor by which contrast may rise or fall between two pictures where a film breathes: its exposure varies."""


def joined(first: Flow, second: Flow) -> Flow:
    """The flow from a picture to a third, of that to a second and that from the second on."""
    return first + brought(second, first)


def brought(picture: FloatPicture, flow: Flow) -> FloatPicture:
    """The picture (h, w) or (h, w, C) sampled where `flow` (h, w, 2) leads; its rim goes on outside it."""
    places = _places(*flow.shape[:2])
    return cv2.remap(picture, flow + places, NO_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def brought_at_full_size(picture: FloatPicture, flow: Flow) -> FloatPicture:
    """The picture (h, w) or (h, w, C) sampled where a flow of its squares, in squares, leads."""
    return brought(picture, at_full_size(flow) * np.float32(COARSE))


@lru_cache(maxsize=4)
def _places(rows: int, columns: int) -> Flow:
    places = np.dstack(np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32)))
    places.flags.writeable = False
    return places


def in_squares(picture: NDArray[Any]) -> NDArray[Any]:
    """(h, w) or (h, w, C) to the means of its squares."""
    return cv2.resize(picture, None, fx=1 / COARSE, fy=1 / COARSE, interpolation=cv2.INTER_AREA)


def blurred(squares: NDArray[Any]) -> FloatPicture:
    """The squares blurred by BLUR."""
    return cv2.GaussianBlur(squares.astype(np.float32), (0, 0), BLUR)


def _halved(picture: NDArray[Any]) -> NDArray[Any]:
    return cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def at_full_size(coarse_picture: FloatPicture, interpolation: int = cv2.INTER_LINEAR) -> FloatPicture:
    """(h / COARSE, w / COARSE) or (h / COARSE, w / COARSE, C) to (h, w) or (h, w, C)."""
    return cv2.resize(coarse_picture, None, fx=COARSE, fy=COARSE, interpolation=interpolation)


def brightness(picture: NDArray[Any], like: NDArray[Any]) -> tuple[float, float]:
    """Gain and shift that give a picture another's mean and spread: the exposure of old film varies."""
    (mean, spread), (to_mean, to_spread) = (map(float, np.ravel(cv2.meanStdDev(p))) for p in (picture, like))
    gain = min(MAX_BREATH_GAIN, max(1 / MAX_BREATH_GAIN, to_spread / spread)) if spread > 1 else 1.0
    return gain, to_mean - gain * mean


@dataclass
class Motion:
    """Finds flow between neighbouring frames; all of one size."""

    search: Any = field(init=False)

    def __post_init__(self) -> None:
        self.search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self.search.setFinestScale(1)

    def between(self, one: NDArray[np.uint8], other: NDArray[np.uint8]) -> tuple[Flow, Flow]:
        """The flow from one picture (h, w) to the other, and that back. Where nothing changed both are exactly 0."""
        one, other = _halved(one), _halved(other)
        gain, shift = brightness(other, one)
        like_one = cv2.convertScaleAbs(other, alpha=gain, beta=max(shift, -gain * 255))
        moved = cv2.absdiff(blurred(_halved(one)), blurred(_halved(like_one))) > STILL
        return self._found(one, like_one, moved), self._found(like_one, one, moved)

    def _found(self, one: NDArray[Any], other: NDArray[Any], moved: NDArray[np.bool_]) -> Flow:
        flow = _halved(self.search.calc(one, other, None)) / 2
        fast = np.abs(flow).max(axis=-1) > STILL_MOTION / COARSE
        flow[~(moved | fast)] = 0
        return flow

    def follow(
        self, point: tuple[float, float], lightness: NDArray[np.uint8], to: NDArray[np.uint8]
    ) -> tuple[float, float]:
        """Where a point of one picture is in another: x and y, in pixels; it moves as its square does."""
        flow, _ = self.between(lightness, to)
        row, column = (
            min(max(int(place / COARSE), 0), side - 1) for place, side in zip(point[::-1], flow.shape, strict=False)
        )
        across, down = flow[row, column] * COARSE
        return point[0] + float(across), point[1] + float(down)
