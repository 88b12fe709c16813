"""Luma at film size to CIE L* at the sizes of the flow and of the network."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.colour.colorspace import lightness_table
from models.colour.log import LogCurve
from pipelines.frames import Frame, LightFrame, Luma
from pipelines.media.shrink import shrunk
from pipelines.painting.size import network_size
from pipelines.source import Picture

LONGEST = 4
"""Times its short side that a network's picture is long at most: a longer strip of a film is squeezed, rather than
let memory grow with its shape."""
TRANSFERS = {4: "gamma22", 5: "gamma28", 8: "linear", 16: "smpte2084", 18: "arib-std-b67"}
"""FFmpeg's AVColorTransferCharacteristic; all others are shown as sRGB shows them."""


def transfer_of(picture: Picture) -> str | LogCurve:
    """The picture's transfer as `models.colour.colorspace.lightness_table` takes it."""
    return picture.log or TRANSFERS.get(picture.transfer, "srgb")


def lightness_size(picture: Picture, rows: int) -> tuple[int, int]:
    """Height and width, in pixels, of a film's lightness: upright, with square pixels, the short side `rows`."""
    shown = picture.upright((float(picture.height), picture.width * float(picture.sample_aspect_ratio)))
    height, width = network_size(*shown, rows)
    return min(height, LONGEST * rows), min(width, LONGEST * rows)


NOTHING: Luma = np.empty((0, 0), np.uint8)
"""In place of a luma that is not kept."""


def whole(luma: Luma) -> Luma:
    """Luma as it is."""
    return luma


def nothing(_: Luma) -> Luma:
    """Luma that is not kept."""
    return NOTHING


@dataclass(frozen=True)
class Lightness:
    """The stage: frames in, frames with their lightness out."""

    picture: Picture
    rows: int
    keep: Callable[[Luma], Luma] = whole
    """A luma of the segment's own frames to the part of it that is kept. Of the frames around it none is: to hold the
    decoder's memory for them takes more time than all that is done with it."""
    large_rows: int | None = None
    """Short side of what the network sees; None, or `rows`: it sees what the flow sees."""
    keeps_context: bool = False
    """Whether of the frames around the segment all is kept."""

    def __call__(self, frames: Iterable[Frame]) -> Iterator[LightFrame]:
        """Yields each frame with its lightness, in order."""
        table = self._table()
        stored = self._stored(self.rows)
        large = None if self.large_rows in (None, self.rows) else self._stored(self.large_rows)
        for frame in frames:
            keep = self.keep if frame.is_owned else whole if self.keeps_context else nothing
            repair = frame.repair and frame.repair.kept(keep)
            yield LightFrame(
                replace(frame, luma=keep(frame.luma), repair=repair),
                self._small(frame.luma, table, stored),
                self._small(frame.luma, table, large) if large else None,
            )

    def _stored(self, rows: int) -> tuple[int, int]:
        return self.picture.upright(lightness_size(self.picture, rows))

    def _small(self, luma: Luma, table: NDArray[np.uint8], stored: tuple[int, int]) -> NDArray[np.uint8]:
        """Upright lightness of a luma, made small as it is stored."""
        small = _looked_up(table, shrunk(luma, stored))
        return np.ascontiguousarray(self.picture.display_matrix.shown(small))

    def _table(self) -> NDArray[np.uint8]:
        table = lightness_table(self.picture.bits, self.picture.is_full_range, transfer_of(self.picture))
        return np.rint(table * 2.55).astype(np.uint8)


def _looked_up(table: NDArray[np.uint8], luma: NDArray[Any]) -> NDArray[Any]:
    return cv2.LUT(luma, table) if luma.dtype == np.uint8 else table[luma]
