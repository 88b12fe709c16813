"""The run's pictures as they are shown: upright, with square pixels, as small as asked for."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

import numpy as np
from numpy.typing import NDArray

from pipelines.colour.chroma import Chroma
from pipelines.colour.lightness import transfer_of
from pipelines.display import AS_STORED
from pipelines.frames import AbFrame, ColouredFrame, Luma
from pipelines.media.shrink import shrunk
from pipelines.media.target import Target, choose_target
from pipelines.preview.shown import before_of
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


def _coded(table: NDArray[np.uint16] | None, luma: Luma) -> Luma:
    """Luma in the target's codes."""
    return luma if table is None else table[luma].astype(np.uint8)


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
            frame = coloured.frame
            coded = partial(_coded, table)
            repair = frame.repair and replace(frame.repair, before=coded(before_of(coloured)))
            yield replace(coloured, frame=replace(frame, luma=coded(frame.luma), repair=repair))

    def small(self, luma: Luma) -> Luma:
        """Luma as it is decoded, (H, W), upright and at the size at which it is shown."""
        upright = self.film.picture.display_matrix.shown(self._moment(luma))
        return shrunk(np.ascontiguousarray(upright), (self.target.height, self.target.width))

    def _moment(self, luma: Luma) -> Luma:
        """One field of interlaced frames, so that two moments are not blended."""
        return luma if self.settings.deinterlace else luma[FIELDS[self.film.picture.field_order]]
