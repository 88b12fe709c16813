"""Motion between pictures, colour brought along it, and how far it may be trusted.

A flow (h, w, 2) tells for each place of one picture the columns and rows, in pixels, by which the same thing lies
elsewhere in another. Between neighbouring frames it is found by dense inverse search (Kroeger et al., ECCV 2016,
arXiv 1603.03590) on lightness at network size; between frames further apart it is joined from those: large motion is
followed where one search from end to end loses it.
"""

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

FloatPicture = NDArray[Any]
"""float32."""
Flow = NDArray[Any]
"""(h, w, 2), float32."""
NO_MAP: Any = None
"""cv2.remap's second map, where the first holds both coordinates."""
COARSE = 4
"""Trust is told for squares of so many pixels: what networks say of colour is no finer."""
BLUR = 0.75
"""Squares: sigma of the blur before two looks are compared; grain and texture that slid by a pixel agree."""
STILL = 2.0
"""Change of lightness (of 255) of a square up to which it may have stood still."""
STILL_MOTION = 0.5
"""Pixels of flow up to which a square may have stood still: DIS sees grain move."""
AROUND = 2
"""Pixels on each side of a point whose motion is the point's."""
LEAST_TRUST = np.float32(1e-3)


def joined(first: Flow, second: Flow) -> Flow:
    """The flow from a picture to a third, of that to a second and that from the second on."""
    return first + brought(second, first)


def brought(picture: FloatPicture, flow: Flow) -> FloatPicture:
    """What the picture (h, w) or (h, w, C) shows where `flow` leads; its rim goes on outside it."""
    return cv2.remap(picture, flow + _places(flow), NO_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _places(flow: Flow) -> Flow:
    rows, columns = flow.shape[:2]
    return np.dstack(np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32)))


def coarse(flow: Flow) -> Flow:
    """The flow of squares, in squares."""
    return cv2.resize(flow, None, fx=1 / COARSE, fy=1 / COARSE, interpolation=cv2.INTER_AREA) / np.float32(COARSE)


def look(lightness: NDArray[Any]) -> FloatPicture:
    """What of a picture (h, w) is compared with others: (h / COARSE, w / COARSE), 0..255."""
    small = cv2.resize(lightness, None, fx=1 / COARSE, fy=1 / COARSE, interpolation=cv2.INTER_AREA)
    return cv2.GaussianBlur(small.astype(np.float32), (0, 0), BLUR)


def trust(here: FloatPicture, there: FloatPicture, flow: Flow, residual: float) -> FloatPicture:
    """How well motion explains what is seen, above 0 and up to 1.

    Args:
        here: a look, see `look`.
        there: the look of the picture that the flow leads to.
        flow: of squares, in squares.
        residual: difference of lightness (of 255) at which trust falls to 1/e.

    Returns:
        (h / COARSE, w / COARSE).
    """
    gain, shift = _brightness(there, here)
    error = (brought(there, flow) * np.float32(gain) + np.float32(shift) - here) / np.float32(residual)
    return cv2.exp(-error * error) + LEAST_TRUST


def returns(forth: Flow, back: Flow) -> FloatPicture:
    """How nearly a flow comes back from where it leads, above 0 and up to 1; both of squares, in squares."""
    miss = np.square(forth + brought(back, forth)).sum(axis=-1) * np.float32(COARSE**2)
    length = np.square(forth).sum(axis=-1) * np.float32(COARSE**2)
    return 1 / (1 + miss / (1 + np.float32(0.04) * length))


def at_full_size(coarse_picture: FloatPicture) -> FloatPicture:
    """(h / COARSE, w / COARSE) to (h, w)."""
    return cv2.resize(coarse_picture, None, fx=COARSE, fy=COARSE, interpolation=cv2.INTER_LINEAR)


def _brightness(picture: NDArray[Any], like: NDArray[Any]) -> tuple[float, float]:
    """Gain and shift that give a picture the other's mean and spread: old film breathes."""
    (mean, spread), (to_mean, to_spread) = (map(float, np.ravel(cv2.meanStdDev(p))) for p in (picture, like))
    gain = min(2.0, max(0.5, to_spread / spread)) if spread > 1 else 1.0
    return gain, to_mean - gain * mean


@dataclass
class Motion:
    """Finds flow between neighbouring frames; all of one size."""

    search: Any = field(init=False)

    def __post_init__(self) -> None:
        self.search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)

    def between(self, one: NDArray[np.uint8], other: NDArray[np.uint8]) -> tuple[Flow, Flow]:
        """The flow from one picture (h, w) to the other, and that back. Where nothing changed both are exactly 0."""
        gain, shift = _brightness(other, one)
        like_one = cv2.convertScaleAbs(other, alpha=gain, beta=max(shift, -gain * 255))
        moved = cv2.absdiff(look(one), look(like_one)) > STILL
        flows = self.search.calc(one, like_one, None), self.search.calc(like_one, one, None)
        return _without_rest(flows[0], moved), _without_rest(flows[1], moved)

    def follow(
        self, point: tuple[float, float], lightness: NDArray[np.uint8], to: NDArray[np.uint8]
    ) -> tuple[float, float]:
        """Where a point of one picture is in another: x and y, in pixels; the median of its surroundings' motion."""
        flow, _ = self.between(lightness, to)
        row, column = (min(max(int(place), 0), side - 1) for place, side in zip(point[::-1], to.shape, strict=True))
        rows, columns = (slice(max(0, place - AROUND), place + AROUND + 1) for place in (row, column))
        moved = np.median(flow[rows, columns].reshape(-1, 2), axis=0)
        return point[0] + float(moved[0]), point[1] + float(moved[1])


def _without_rest(flow: Flow, moved: NDArray[np.bool_]) -> Flow:
    fast = np.abs(coarse(flow)).max(axis=-1) > STILL_MOTION / COARSE
    moves = cv2.resize((moved | fast).astype(np.float32), flow.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    return flow * moves[..., None]
