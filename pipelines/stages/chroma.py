"""ab at network size, with luma, to Cb and Cr at the chroma planes' size and only there."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.colorspace import lightness_table, luma_span
from pipelines.batch import AbFrame, ColouredFrame, Luma
from pipelines.target import Target

Plane = NDArray[Any]


DARK, BRIGHT = 25.0, 92.0
"""L* below and above which colour fades out: what networks say of shadows and of burnt-out white is noise."""


STRIP = 64
"""Lines worked on at a time: their planes stay in the processor's cache (measured: a sixth less time)."""


def _trust(lightness: Plane) -> Plane:
    """Share of its colour that a pixel keeps: 1 between DARK and BRIGHT, smoothly to 0 at black and white."""
    ends = np.minimum(lightness / DARK, (100 - lightness) / (100 - BRIGHT)).clip(0, 1)
    return ends**2 * (3 - 2 * ends)


@dataclass
class Chroma:
    """The stage: frames with ab in, frames with Cb and Cr out, one for one, in order.

    Colours that the picture's luma cannot carry lose saturation; luma is not touched.
    """

    target: Target
    transfer: str
    """As in `models.colorspace.lightness_table`."""
    tables: tuple[Plane, Plane, Plane] = field(init=False)
    """L* 0..100, Y' 0..1, and the share of colour kept, of each luma code."""

    def __post_init__(self) -> None:
        bits, is_full = self.target.source_bits, self.target.source_is_full_range
        lightness = lightness_table(bits, is_full, self.transfer)
        black, white = luma_span(bits, is_full)
        signal = ((np.arange(1 << bits) - black) / (white - black)).clip(0, 1)
        self.tables = lightness, signal.astype(np.float32), _trust(lightness).astype(np.float32)

    def __call__(self, frames: Iterable[AbFrame]) -> Iterator[ColouredFrame]:
        """Yields each frame with its chroma planes."""
        for coloured in frames:
            yield ColouredFrame(coloured.frame, *self._planes(coloured))

    def _planes(self, coloured: AbFrame) -> tuple[Luma, Luma]:
        luma, ab = coloured.frame.luma, np.rot90(coloured.ab, -self.target.rotation // 90)
        if self.target.field_order == "progressive":
            return self._field(luma, ab)
        top, bottom = self._field(luma[0::2], ab), self._field(luma[1::2], ab)
        return _woven(top[0], bottom[0], self.target.chroma_size), _woven(top[1], bottom[1], self.target.chroma_size)

    def _field(self, luma: Luma, ab: Plane) -> tuple[Luma, Luma]:
        """Cb and Cr of a frame, or of one field of it (every second line)."""
        rows, columns = self.target.chroma_size
        rows = -(-rows * luma.shape[0] // self.target.height)
        small = cv2.resize(luma, (columns, rows), interpolation=cv2.INTER_AREA)
        wide = cv2.resize(np.ascontiguousarray(ab), (columns, rows), interpolation=cv2.INTER_CUBIC)
        strips = [self._strip(small[i : i + STRIP], wide[i : i + STRIP]) for i in range(0, rows, STRIP)]
        planes: list[Plane] = [np.vstack(plane) for plane in zip(*strips, strict=True)]
        return planes[0], planes[1]

    def _strip(self, luma: Plane, ab: Plane) -> tuple[Luma, Luma]:
        """Cb and Cr of some lines, of luma and ab at the chroma planes' size."""
        lightness, signal, trust = (_looked_up(table, luma) for table in self.tables)
        red, green, blue = cv2.split(cv2.cvtColor(cv2.merge([lightness, *cv2.split(ab)]), cv2.COLOR_Lab2RGB))
        weight_red, weight_blue = self.target.luma_weights
        own = cv2.addWeighted(red, weight_red, blue, weight_blue, 0)
        own = cv2.addWeighted(own, 1, green, 1 - weight_red - weight_blue, 0)  # Y' of the colour alone
        most = cv2.subtract(cv2.max(cv2.max(red, green), blue), own)
        least = cv2.subtract(own, cv2.min(cv2.min(red, green), blue))
        share = _share_in_gamut(most, least, signal, trust)
        cb = self._coded(cv2.subtract(blue, own), share, 0.5 / (1 - weight_blue))
        return cb, self._coded(cv2.subtract(red, own), share, 0.5 / (1 - weight_red))

    def _coded(self, difference: Plane, share: Plane, gain: float) -> Luma:
        """A colour difference times `share` and `gain` as code values (ITU-R BT.709 sec. 4; JPEG's in full range)."""
        bits = self.target.bits
        most = (1 << bits) - 1
        scaled = cv2.multiply(
            difference, share, scale=gain * (most if self.target.is_full_range else 224 << (bits - 8))
        )
        if bits == 8:
            return cv2.convertScaleAbs(scaled, alpha=1, beta=128)  # type: ignore[return-value]
        return np.rint(scaled + (1 << (bits - 1))).clip(0, most).astype(np.uint16)


def _looked_up(table: Plane, luma: Plane) -> Plane:
    return cv2.LUT(luma, table) if luma.dtype == np.uint8 else table[luma]


def _share_in_gamut(most: Plane, least: Plane, signal: Plane, limit: Plane) -> Plane:
    """The share of a colour difference with which R'G'B' stays in 0..1, at most `limit`: (rows, columns).

    Args:
        most: how far the largest of R'G'B' lies above the colour's own Y', 0 or more.
        least: how far the smallest lies below.
        signal: Y' 0..1 of the picture.
        limit: 0..1.
    """
    tiny = np.float32(1e-6)  # a difference below it needs no room
    above = cv2.divide(1 - signal, np.maximum(most, tiny))
    below = cv2.divide(signal, np.maximum(least, tiny))
    return cv2.min(cv2.min(above, below), limit)


def _woven(top: Luma, bottom: Luma, size: tuple[int, int]) -> Luma:
    """Lines of the two fields in turn, top first."""
    woven: Plane = np.empty(size, top.dtype)
    woven[0::2], woven[1::2] = top[: -(-size[0] // 2)], bottom[: size[0] // 2]
    return woven
