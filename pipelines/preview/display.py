"""The run's pictures as they are shown: upright, with square pixels, as small as asked for."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from models.colour.colorspace import luma_span
from pipelines.colour.chroma import Chroma
from pipelines.colour.lightness import transfer_of
from pipelines.display import AS_STORED
from pipelines.frames import AbFrame, ColouredFrame, Luma
from pipelines.media.shrink import shrunk
from pipelines.media.target import Target, choose_target
from pipelines.settings import EncodeSettings, Settings
from pipelines.source import Film, Picture

STEP = 4
"""Pixels: both sides are multiples, so that half a picture has whole chroma samples too."""
FIELDS = {"progressive": slice(None), "top": slice(0, None, 2), "bottom": slice(1, None, 2)}
"""Lines of a frame that show one moment, by the field that is shown first."""


def display_size(picture: Picture, height: int) -> tuple[int, int]:
    """Rows and columns of the picture as it is shown: `height` rows at most, and never more than it has."""
    rows, columns = picture.upright((Fraction(picture.height), picture.width * picture.sample_aspect_ratio))
    scale = min(Fraction(1), height / rows)
    down, across = (max(STEP, STEP * round(side * scale / STEP)) for side in (rows, columns))
    return down, across


def display_target(film: Film, height: int) -> Target:
    """A picture that every player shows: 8 bits, limited range, 4:2:0, progressive, with the colour tags of a run."""
    rows, columns = display_size(film.picture, height)
    return replace(
        choose_target(film, EncodeSettings(), deinterlace=True), chroma_format="420", bits=8, is_full_range=False,
        width=columns, height=rows, display_matrix=AS_STORED, sample_aspect_ratio=Fraction(1),
    )  # fmt: skip


def rgb_of(coloured: ColouredFrame, target: Target) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """R'G'B' (H, W, 3), 0 to 1, of a frame without and with its colour; luma and chroma are in the target's codes."""
    black, white = luma_span(target.bits, target.is_full_range)
    luma = ((coloured.frame.luma.astype(np.float32) - black) / (white - black))[..., None]
    span = (1 << target.bits) - 1 if target.is_full_range else 224 << (target.bits - 8)
    size = luma.shape[1], luma.shape[0]
    planes = [
        cv2.resize(plane.astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
        for plane in (coloured.cb, coloured.cr)
    ]
    cb, cr = ((plane - (1 << (target.bits - 1))) / span for plane in planes)
    red, blue = target.luma_weights
    of_red, of_blue = 2 * (1 - red) * cr, 2 * (1 - blue) * cb
    of_green = -(red * of_red + blue * of_blue) / (1 - red - blue)
    before = np.repeat(luma, 3, axis=2)
    return before.clip(0, 1), (before + np.stack([of_red, of_green, of_blue], axis=2)).clip(0, 1)


@dataclass(frozen=True)
class Display:
    """The stage: frames made `small` and with the ab of a run in, frames to be shown out, one for one, in order."""

    film: Film
    settings: Settings
    target: Target
    """From `display_target`."""

    def __call__(self, frames: Iterable[AbFrame]) -> Iterator[ColouredFrame]:
        """Yields frames whose luma, too, is in the codes of the target."""
        chroma, table = Chroma(self.target, transfer_of(self.film.picture)), self.target.luma_table
        for coloured in chroma(frames):
            luma = coloured.frame.luma
            shown = luma if table is None else table[luma].astype(np.uint8)
            yield replace(coloured, frame=replace(coloured.frame, luma=shown))

    def small(self, luma: Luma) -> Luma:
        """Luma as it is decoded, (H, W), upright and at the size at which it is shown."""
        upright = self.film.picture.display_matrix.shown(self._moment(luma))
        return shrunk(np.ascontiguousarray(upright), (self.target.height, self.target.width))

    def _moment(self, luma: Luma) -> Luma:
        """One field of interlaced frames, so that two moments are not blended."""
        return luma if self.settings.deinterlace else luma[FIELDS[self.film.picture.field_order]]
