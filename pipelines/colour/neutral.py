"""Frames without colour, for films that are mended and stay black and white."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from pipelines.frames import ColouredFrame, Frame
from pipelines.media.target import Target


@dataclass(frozen=True)
class Neutral:
    """The stage: frames that know their shots in, those of the segment with Cb and Cr of no colour out."""

    target: Target

    def __call__(self, frames: Iterable[Frame]) -> Iterator[ColouredFrame]:
        """Yields the owned frames in order."""
        plane = np.full(
            self.target.chroma_size, 1 << (self.target.bits - 1), np.uint8 if self.target.bits == 8 else np.uint16
        )
        before: int | None = None  # shot of the last frame before the segment
        for frame in frames:
            shot = 0 if frame.repair is None else frame.repair.shot
            if before is None or not frame.is_owned:
                before = shot
            if frame.is_owned:
                yield ColouredFrame(frame, plane, plane, shot - before)
