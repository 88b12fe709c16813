"""Where the places of a shot's frames come from in one frame of it, however far, and in a nearer one.

Flow from frame to frame drifts, and colours carried by it blur: so places are joined, not colours, and after each step
the frame is compared with the first one, brought to it, and what is left between the two is searched again.
"""

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.motion.flow import NO_MAP, FloatPicture, brightness

SPREAD = 3.0
"""Pixels: sigma of the blur before two errors are compared; a place alone says nothing."""
TRUST_SPREAD = 2.0
"""Pixels: sigma of the blur of two errors before trust is taken from them; trust ends where a thing does."""
RESIDUAL = 24.0
"""Difference of lightness (of 255) at which trust in a place falls to 1/e."""


@dataclass
class Origins:
    """Places of the last frame in the first; frames are given in order, forth or back in time."""

    first: NDArray[np.uint8]
    """(h, w), its lightness."""
    places: FloatPicture = field(init=False)
    """(h, w, 2): columns and rows in the first frame."""
    near: FloatPicture = field(init=False)
    """(h, w, 2), in the frame of `mark`, along flow from frame to frame alone."""
    _marked: NDArray[np.uint8] = field(init=False, repr=False)
    _last: NDArray[np.uint8] = field(init=False, repr=False)
    _search: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        rows, columns = self.first.shape
        self._grid = np.dstack(np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32)))
        self.places, self._last = self._grid, self.first
        self.mark()
        self._search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def step(self, lightness: NDArray[np.uint8]) -> None:
        """Goes on to the next frame."""
        back = self._grid + self._flow(lightness, self._last)
        self.near, joined = _sampled(self.near, back), _sampled(self.places, back)
        met = _sampled(joined, self._grid + self._flow(lightness, _sampled(self.first, joined)))
        errors = (_error(lightness, self.first, places, SPREAD) for places in (met, joined))
        self.places, self._last = np.where(np.less(*errors)[..., None], met, joined), lightness

    def mark(self) -> None:
        """Lets the last frame be the one that `near` is about."""
        self.near, self._marked = self._grid, self._last

    def brought(self, picture: FloatPicture) -> tuple[FloatPicture, FloatPicture]:
        """A picture (h, w, C) of the first frame, as the last one has it, and how alike both look there, 0..1."""
        return _sampled(picture, self.places), self._trust(self.first, self.places)

    def brought_near(self, picture: FloatPicture) -> tuple[FloatPicture, FloatPicture]:
        """A picture (h, w, C) of the frame of `mark`, as the last frame has it, and how alike both look there, 0..1."""
        return _sampled(picture, self.near), self._trust(self._marked, self.near)

    def _trust(self, frame: NDArray[np.uint8], places: FloatPicture) -> FloatPicture:
        return np.exp(-_error(self._last, frame, places, TRUST_SPREAD) / np.float32(RESIDUAL**2))

    def _flow(self, one: NDArray[np.uint8], other: NDArray[np.uint8]) -> FloatPicture:
        gain, shift = brightness(other, one)
        return self._search.calc(one, cv2.convertScaleAbs(other, alpha=gain, beta=max(shift, -gain * 255)), None)


def _error(lightness: NDArray[np.uint8], frame: NDArray[np.uint8], places: FloatPicture, spread: float) -> FloatPicture:
    """Mean square of the difference that is left around each place between a lightness and that of a frame."""
    there = _sampled(frame, places).astype(np.float32)
    gain, shift = brightness(there, lightness)
    return cv2.GaussianBlur(np.square(there * gain + shift - lightness), (0, 0), spread)


def _sampled(picture: NDArray[Any], places: FloatPicture) -> NDArray[Any]:
    return cv2.remap(picture, places, NO_MAP, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
