"""Motion between pictures, colour brought along it, and how far it may be trusted.

A flow tells for each square of COARSE x COARSE pixels of one picture the columns and rows, in squares, by which the
same thing lies elsewhere in another. Between neighbouring frames it is found by dense inverse search (Kroeger et al.,
ECCV 2016, arXiv 1603.03590) on lightness at half of network size; between frames further apart it is joined from those:
large motion is followed where one search from end to end loses it.
"""

import math
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
"""Motion and trust are told for squares of so many pixels: the search and what networks say of colour are no finer."""
BLUR = 0.75
"""Squares: sigma of the blur before two looks are compared; grain and texture that slid by a pixel agree."""
STILL = 2.0
"""Change of lightness (of 255) of a square up to which it may have stood still."""
STILL_MOTION = 0.5
"""Pixels of flow up to which a square may have stood still: DIS sees grain move."""
MOST_GAIN = 2.0
"""Most by which contrast may rise or fall from one picture to another where the film breathes."""
BLACK = np.float32(16 * 2.55)
"""What is added to L* (of 255) where that tells of light."""
BREATH, FADED = 0.03, 0.1
"""Fall of the logarithm of L* + 16 up to which a film breathes, and from which on it fades and colour falls as much."""
LEFT = 0.8
"""Quantile of how much is left of what is bright that tells of light."""
LEAST_TRUST = np.float32(1e-3)


def joined(first: Flow, second: Flow) -> Flow:
    """The flow from a picture to a third, of that to a second and that from the second on."""
    return first + brought(second, first)


def brought(picture: FloatPicture, flow: Flow) -> FloatPicture:
    """What the picture (h, w) or (h, w, C) shows where `flow` (h, w, 2) leads; its rim goes on outside it."""
    places = _places(*flow.shape[:2])
    return cv2.remap(picture, flow + places, NO_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def brought_at_full_size(picture: FloatPicture, flow: Flow) -> FloatPicture:
    """The same of a picture (h, w) or (h, w, C) by a flow of its squares, in squares."""
    return brought(picture, at_full_size(flow) * np.float32(COARSE))


@lru_cache(maxsize=4)
def _places(rows: int, columns: int) -> Flow:
    places = np.dstack(np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32)))
    places.flags.writeable = False
    return places


def in_squares(picture: NDArray[Any]) -> NDArray[Any]:
    """(h, w) or (h, w, C) to the means of its squares."""
    return cv2.resize(picture, None, fx=1 / COARSE, fy=1 / COARSE, interpolation=cv2.INTER_AREA)


def look(lightness: NDArray[Any]) -> FloatPicture:
    """What of a picture (h, w) is compared with others: (h / COARSE, w / COARSE), 0..255."""
    return _blurred(in_squares(lightness))


def _blurred(squares: NDArray[Any]) -> FloatPicture:
    return cv2.GaussianBlur(squares.astype(np.float32), (0, 0), BLUR)


def _halved(picture: NDArray[Any]) -> NDArray[Any]:
    return cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def trust(here: FloatPicture, there: FloatPicture, flow: Flow, residual: float) -> FloatPicture:
    """How well motion explains what is seen, above 0 and up to 1.

    Args:
        here: a look, see `look`.
        there: the look of the picture that the flow leads to.
        flow: from here to there.
        residual: difference of lightness (of 255) at which trust falls to 1/e.

    Returns:
        (h / COARSE, w / COARSE).
    """
    gain, shift = _brightness(there, here)
    error = (brought(there, flow) * np.float32(gain) + np.float32(shift) - here) / np.float32(residual)
    return cv2.exp(-error * error) * np.float32(clearness(there, here)) + LEAST_TRUST


def dimness(here: FloatPicture, there: FloatPicture, flow: Flow) -> float:
    """By how much less light shows what is in one look than in another, as the factor on a* and b*: 1 or less.

    Where light falls to a share of itself, L* + 16, a* and b* all fall to its cube root (CIE 15:2004). It has fallen
    where nearly all that is bright has: what an iris leaves open, and what something dark does not hide, has not.

    Args:
        here: a look, see `look`.
        there: the look of the picture that the flow leads to.
        flow: from here to there.
    """
    seen = brought(there, flow)
    is_bright = seen >= seen.mean(dtype=np.float64)  # in single precision a flat picture may lie below its own mean
    left = float(np.quantile((here[is_bright] + BLACK) / (seen[is_bright] + BLACK), LEFT))
    fallen = -math.log(min(1.0, left))
    return math.exp(-fallen * min(1.0, max(0.0, (fallen - BREATH) / (FADED - BREATH))))


def returns(forth: Flow, back: Flow) -> FloatPicture:
    """How nearly a flow comes back from where it leads, above 0 and up to 1."""
    miss = np.square(forth + brought(back, forth)).sum(axis=-1) * np.float32(COARSE**2)
    length = np.square(forth).sum(axis=-1) * np.float32(COARSE**2)
    return 1 / (1 + miss / (1 + np.float32(0.04) * length))


def at_full_size(coarse_picture: FloatPicture, interpolation: int = cv2.INTER_LINEAR) -> FloatPicture:
    """(h / COARSE, w / COARSE) or (h / COARSE, w / COARSE, C) to (h, w) or (h, w, C)."""
    return cv2.resize(coarse_picture, None, fx=COARSE, fy=COARSE, interpolation=interpolation)


def clearness(picture: FloatPicture, other: FloatPicture) -> float:
    """How clearly a look shows what there is to see in another, 0 to 1: a flash or a fade flattens what it hides."""
    spread, wanted = (float(np.ravel(cv2.meanStdDev(one))[1]) for one in (picture, other))
    return min(1.0, MOST_GAIN * spread / wanted) if wanted > 1 else 1.0


def _brightness(picture: NDArray[Any], like: NDArray[Any]) -> tuple[float, float]:
    """Gain and shift that give a picture the other's mean and spread: old film breathes."""
    (mean, spread), (to_mean, to_spread) = (map(float, np.ravel(cv2.meanStdDev(p))) for p in (picture, like))
    gain = min(MOST_GAIN, max(1 / MOST_GAIN, to_spread / spread)) if spread > 1 else 1.0
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
        gain, shift = _brightness(other, one)
        like_one = cv2.convertScaleAbs(other, alpha=gain, beta=max(shift, -gain * 255))
        moved = cv2.absdiff(_blurred(_halved(one)), _blurred(_halved(like_one))) > STILL
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
