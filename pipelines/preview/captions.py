"""Words as pictures: labels and timecodes."""

import re
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

BLACK, WHITE = 16, 235
"""Of luma of limited range."""
MIN_SIZE = 14
"""Pixels a line of text is high at least: smaller ones cannot be read."""
MARGIN = 6
"""Pixels of black around the words."""

DIGIT = re.compile(r"\d")
TALL = "ÉÂgjy|"
"""As high and as low as letters go."""


def text_size(rows: int) -> int:
    """Height of a line, in pixels, that suits a picture so many rows high."""
    return max(MIN_SIZE, round(rows / 22))


def _box(words: str, size: int) -> Sequence[int]:
    """Left, top, width and height of the words drawn from (0, 0)."""
    return cv2.getTextSize((0, 0), words, (0, 0), cv2.FontFace("sans"), size)


def caption(words: str, size: int, most_width: int, ink: int = WHITE, paper: int = BLACK) -> NDArray[np.uint8]:
    """The words as luma (h, w), both sides even, never wider than `most_width`.

    Its size depends on how many digits there are, not on which: a running timecode stands still. Words that are too
    long are set smaller, and where that does not help, cut.
    """
    widest = DIGIT.sub("0", words)
    while size > MIN_SIZE and _box(widest, size)[2] + 2 * MARGIN > most_width:
        size -= 1
    left, _, width, _ = _box(widest, size)
    _, top, _, height = _box(TALL, size)
    rows, columns = (side + 2 * MARGIN + side % 2 for side in (height, width))
    picture: Any = np.full((rows, min(columns, most_width // 2 * 2), 3), paper, np.uint8)
    cv2.putText(picture, words, (MARGIN - left, MARGIN - top), (ink, ink, ink), cv2.FontFace("sans"), size)
    return picture[..., 0].copy()
