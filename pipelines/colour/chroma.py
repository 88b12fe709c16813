"""ab at network size, with luma, to Cb and Cr at the chroma planes' size and only there."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.colour.colorspace import light_of_signal, lightness_table, luma_span, signal_slope
from models.colour.log import LogCurve
from pipelines.frames import AbFrame, ColouredFrame, Luma
from pipelines.media.shrink import shrunk
from pipelines.media.target import Target

Plane = NDArray[Any]


DARK, BRIGHT = 25.0, 92.0
"""L* below and above which colour fades out: networks' colours for shadows and burnt-out white are noise."""


STRIP = 32
"""Lines worked on at a time: their planes stay in the processor's cache (measured: half the time)."""


MIN_HEADROOM = 1e-6
"""Of 1: least room for colour above or below Y' that is divided by; a pixel with less has no colour."""


def _kept(lightness: Plane) -> Plane:
    """Share of its colour that a pixel keeps: 1 between DARK and BRIGHT, smoothly to 0 at black and white."""
    ends = np.minimum(lightness / DARK, (100 - lightness) / (100 - BRIGHT)).clip(0, 1)
    return ends**2 * (3 - 2 * ends)


@dataclass
class Chroma:
    """The stage: frames with ab in, frames with Cb and Cr out, one for one, in order.

    Colours that the picture's luma cannot carry lose saturation; luma is not touched.
    """

    target: Target
    transfer: str | LogCurve
    """As in `models.colour.colorspace.lightness_table`."""
    lightness: Plane = field(init=False)
    """L* 0..100 of each luma code."""
    limits: tuple[Plane, Plane, Plane] = field(init=False)
    """For each luma code 1 over the room above Y', over that below it (of 1), and over the share of colour kept."""

    slope: Plane | None = field(init=False)
    """For each luma code the worth of a difference of sRGB values at it; None: of transfers that are like sRGB's."""

    def __post_init__(self) -> None:
        bits, is_full = self.target.source_bits, self.target.source_is_full_range
        self.lightness = lightness_table(bits, is_full, self.transfer)
        black, white = luma_span(bits, is_full)
        signal = ((np.arange(1 << bits) - black) / (white - black)).clip(0, 1)
        is_like_srgb = isinstance(self.transfer, str) and self.transfer != "linear"
        slope = None if is_like_srgb else signal_slope(light_of_signal(signal, self.transfer), 1 / (white - black))
        self.slope = None if slope is None else slope.astype(np.float32)
        room = np.stack([1 - signal, signal, _kept(self.lightness)])
        self.limits = tuple(1 / np.maximum(room, MIN_HEADROOM).astype(np.float32))

    def __call__(self, frames: Iterable[AbFrame]) -> Iterator[ColouredFrame]:
        """Yields each frame with its chroma planes."""
        for coloured in frames:
            yield ColouredFrame(coloured.frame, *self._planes(coloured), coloured.shot)

    def _planes(self, coloured: AbFrame) -> tuple[Luma, Luma]:
        matrix, luma = self.target.display_matrix, coloured.frame.luma
        ab, share = matrix.stored(coloured.ab), coloured.share
        share = None if share is None else matrix.stored(share)
        if self.target.field_order == "progressive":
            return self._field(luma, ab, share)
        top, bottom = (self._field(luma[first::2], ab, share) for first in (0, 1))
        return _woven(top[0], bottom[0], self.target.chroma_size), _woven(top[1], bottom[1], self.target.chroma_size)

    def _field(self, luma: Luma, ab: Plane, share: Plane | None) -> tuple[Luma, Luma]:
        """Cb and Cr of a frame, or of one field of it (every second line)."""
        rows, columns = self.target.chroma_size
        rows = -(-rows * luma.shape[0] // self.target.height)
        small = shrunk(luma, (rows, columns))
        how = cv2.INTER_AREA if ab.shape[0] > rows else cv2.INTER_CUBIC
        blue, red = (cv2.resize(d, (columns, rows), interpolation=how) for d in self._wanted(small, ab))
        given = np.zeros((rows, 0), np.float32) if share is None else cv2.resize(share, (columns, rows))
        strips = (slice(first, first + STRIP) for first in range(0, rows, STRIP))
        coded = [self._strip(small[lines], blue[lines], red[lines], given[lines]) for lines in strips]
        planes: list[Plane] = [np.vstack(plane) for plane in zip(*coded, strict=True)]
        return planes[0], planes[1]

    def _wanted(self, luma: Plane, ab: Plane) -> tuple[Plane, Plane]:
        """B' - Y' and R' - Y' of ab (h, w, 2), each (h, w).

        For a given ab they change so little with lightness that its mean around the place will do: against lightness
        at every pixel, 99.9 % of the code values of seven films change by no more than 1.
        """
        lightness = _looked_up(self.lightness, shrunk(luma, (ab.shape[0], ab.shape[1])))
        rgb = cv2.cvtColor(cv2.merge([lightness, *cv2.split(ab)]), cv2.COLOR_Lab2RGB)
        red, blue = self.target.luma_weights
        own = np.array([[red, 1 - red - blue, blue]])
        return cv2.transform(rgb, [[0, 0, 1]] - own), cv2.transform(rgb, [[1, 0, 0]] - own)

    def _strip(self, luma: Plane, blue: Plane, red: Plane, given: Plane) -> tuple[Luma, Luma]:
        """Cb and Cr of some lines: B' - Y' and R' - Y' as far as R'G'B' stays in 0..1 and colour is kept.

        All of it is where `given` is 1; (rows, 0) where nothing is.
        """
        weight_red, weight_blue = self.target.luma_weights
        weight_green = 1 - weight_red - weight_blue
        if self.slope is not None:
            worth = _looked_up(self.slope, luma)
            red, blue = cv2.multiply(red, worth), cv2.multiply(blue, worth)
        green = cv2.addWeighted(red, -weight_red / weight_green, blue, -weight_blue / weight_green, 0)
        most, least = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
        above, below, kept = (_looked_up(table, luma) for table in self.limits)
        over = cv2.max(cv2.multiply(most, above), cv2.multiply(least, below, scale=-1))
        if given.size:
            kept = 1 + (kept - 1) * (1 - given)
        over = cv2.max(over, kept)  # what the colour must be divided by, 1 or more
        cb = self._coded(cv2.divide(blue, over), 0.5 / (1 - weight_blue))
        return cb, self._coded(cv2.divide(red, over), 0.5 / (1 - weight_red))

    def _coded(self, difference: Plane, gain: float) -> Luma:
        """A colour difference times `gain` as code values (ITU-R BT.709 sec. 4; JPEG's in full range)."""
        bits = self.target.bits
        most = (1 << bits) - 1
        scale = gain * (most if self.target.is_full_range else 224 << (bits - 8))
        if bits == 8:
            return cv2.convertScaleAbs(difference, alpha=scale, beta=128)  # type: ignore[return-value]
        return np.rint(difference * scale + (1 << (bits - 1))).clip(0, most).astype(np.uint16)


def _looked_up(table: Plane, luma: Plane) -> Plane:
    return cv2.LUT(luma, table) if luma.dtype == np.uint8 else table[luma]


def _woven(top: Luma, bottom: Luma, size: tuple[int, int]) -> Luma:
    """Lines of the two fields in turn, top first."""
    woven: Plane = np.empty(size, top.dtype)
    woven[0::2], woven[1::2] = top[: -(-size[0] // 2)], bottom[: size[0] // 2]
    return woven
