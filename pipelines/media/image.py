"""Pictures beside and below each other, as files."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[Any]


def stacked(tiles: Sequence[Rgb], columns: int, blank: int = 0) -> Rgb:
    """Tiles of one size (H, W, 3), so many a line; places left over get the value `blank`."""
    empty = np.full_like(tiles[0], blank)
    filled = [*tiles, *[empty] * (-len(tiles) % columns)]
    return np.vstack([np.hstack(filled[i : i + columns]) for i in range(0, len(filled), columns)])


def png(picture: Rgb) -> bytes:
    """(H, W, 3), RGB of 8 or 16 bits, as a PNG file of the same depth."""
    return cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes()
