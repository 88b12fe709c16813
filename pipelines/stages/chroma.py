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


@dataclass
class Chroma:
    """The stage: frames with ab in, frames with Cb and Cr out, one for one, in order.

    Colours that the picture's luma cannot carry lose saturation; luma is not touched.
    """

    target: Target
    transfer: str
    """As in `models.colorspace.lightness_table`."""
    _lightness: Plane = field(init=False)
    _signal: Plane = field(init=False)
    """Y' 0..1 of each luma code."""

    def __post_init__(self) -> None:
        bits, is_full = self.target.source_bits, self.target.source_is_full_range
        self._lightness = lightness_table(bits, is_full, self.transfer)
        black, white = luma_span(bits, is_full)
        codes = (np.arange(1 << bits) - black) / (white - black)
        self._signal = codes.clip(0, 1).astype(np.float32)
        red, blue = self.target.luma_weights
        green = 1 - red - blue
        to_chroma = np.array([[-red, -green, 1 - blue], [1 - red, -green, -blue]])
        self._to_chroma = to_chroma / np.array([[2 * (1 - blue)], [2 * (1 - red)]])
        self._to_offsets = np.array([[0, 2 * (1 - red)], [-2 * blue * (1 - blue) / green, -2 * red * (1 - red) / green],
                                     [2 * (1 - blue), 0]])  # fmt: skip

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
        wide = cv2.resize(ab, (columns, rows), interpolation=cv2.INTER_CUBIC)
        lab = cv2.merge([_looked_up(self._lightness, small), *cv2.split(wide)])
        chroma = cv2.transform(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), self._to_chroma)
        share = _share_in_gamut(cv2.transform(chroma, self._to_offsets), _looked_up(self._signal, small))
        cb, cr = (self._coded(plane, share) for plane in cv2.split(chroma))
        return cb, cr

    def _coded(self, plane: Plane, share: Plane) -> Luma:
        """-0.5..0.5, times `share`, as code values (ITU-R BT.709 sec. 4; full range as in JPEG)."""
        bits = self.target.bits
        most = (1 << bits) - 1
        scaled = cv2.multiply(plane, share, scale=most if self.target.is_full_range else 224 << (bits - 8))
        if bits == 8:
            return cv2.convertScaleAbs(scaled, alpha=1, beta=128)  # type: ignore[return-value]
        return np.rint(scaled + (1 << (bits - 1))).clip(0, most).astype(np.uint16)


def _looked_up(table: Plane, luma: Plane) -> Plane:
    return cv2.LUT(luma, table) if luma.dtype == np.uint8 else table[luma]


def _share_in_gamut(offsets: Plane, signal: Plane) -> Plane:
    """The share of a chroma vector with which R'G'B' = Y' + offsets stays in 0..1: (rows, columns), 0..1."""
    red, green, blue = cv2.split(offsets)
    most = cv2.max(cv2.max(red, green), blue)
    least = cv2.min(cv2.min(red, green), blue)
    tiny = np.float32(1e-6)  # an offset below it needs no room
    over = (1 - signal) / np.maximum(most, tiny)
    under = signal / np.maximum(-least, tiny)
    return np.minimum(np.minimum(over, under), np.float32(1))


def _woven(top: Luma, bottom: Luma, size: tuple[int, int]) -> Luma:
    """Lines of the two fields in turn, top first."""
    woven: Plane = np.empty(size, top.dtype)
    woven[0::2], woven[1::2] = top[: -(-size[0] // 2)], bottom[: size[0] // 2]
    return woven
