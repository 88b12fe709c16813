"""A contact sheet: gray | ours | true of each picture, three pictures a line."""

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.evaluate.paint import Coloured
from pipelines.media.image import png, stacked

TILE = 256, 192
"""Width and height of a picture's place on the sheet, in pixels."""
COLUMNS = 3
MAX_PICTURES = 30
"""Pictures on a sheet."""


def _fitted(rgb: NDArray[np.float32]) -> NDArray[np.uint8]:
    """All of a picture (H, W, 3) in the middle of its place, black around it."""
    height, width = rgb.shape[:2]
    scale = min(TILE[0] / width, TILE[1] / height)
    width, height = max(1, round(width * scale)), max(1, round(height * scale))
    place = np.zeros((TILE[1], TILE[0], 3), np.uint8)
    top, left = (TILE[1] - height) // 2, (TILE[0] - width) // 2
    small = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
    place[top : top + height, left : left + width] = np.rint(small * 255)
    return place


def tile(coloured: Coloured) -> NDArray[np.uint8]:
    """A picture's part of the sheet: gray | ours | true."""
    shown = (coloured.rgb[kind][0].permute(1, 2, 0).numpy() for kind in ("gray", "ours", "true"))
    return np.hstack([_fitted(rgb) for rgb in shown])


@dataclass(frozen=True)
class Sheet:
    """A sheet that grows while pictures are measured, and is written when their figures are safe."""

    path: Path
    tiles: list[NDArray[np.uint8]] = field(default_factory=list)

    def write(self) -> None:
        """Writes a PNG, COLUMNS tiles a line.

        Raises:
            OSError: it cannot be written.
        """
        self.path.write_bytes(png(stacked(self.tiles, COLUMNS)))
