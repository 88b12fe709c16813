"""Lettering in training pictures: words laid over them, signs, title cards; all gray, since its colour is unknown.

Pictures seldom show words; without these, networks colour them red, like painted things.
"""

import string
from typing import Any

import cv2
import numpy as np

from pipelines.media.pictures import Picture

CARDS = 0.3
"""Share of title cards; the others are pictures with words in them."""
FACES = ("sans", "italic")
SIZES = (7, 34)
"""Pixels of a line, minimum and maximum."""
MAX_LINES, MAX_LETTERS = 7, 18
SPREAD = 14.0
"""Of a card's paper: standard deviation, in codes, of what is uneven in it."""


def lettered(square: Picture, random: np.random.Generator) -> Picture:
    """The picture (H, W, 3) with words over it, on a plate or not; or a title card, perhaps with the picture behind."""
    shades = [int(random.integers(0, 70)), int(random.integers(170, 256))]
    paper, ink = shades if random.random() < 0.7 else shades[::-1]
    if random.random() < CARDS:
        return _with_words(_card(square, paper, random), ink, int(random.integers(1, MAX_LINES + 1)), random)
    return _with_words(square, ink, int(random.integers(1, 3)), random, paper if random.random() < 0.5 else None)


def _card(square: Picture, paper: int, random: np.random.Generator) -> Picture:
    """Uneven gray paper, on half of the cards with the picture in it."""
    height, width = square.shape[:2]
    uneven = cv2.resize(random.normal(0, SPREAD, (3, 3)), (width, height), interpolation=cv2.INTER_CUBIC)
    if random.random() < 0.5:
        gray: Any = cv2.cvtColor(square, cv2.COLOR_RGB2GRAY)
        uneven = uneven + random.uniform(0.1, 0.5) * (gray.astype(np.float64) - 128)
    plane = np.rint(paper + uneven).clip(0, 255).astype(np.uint8)
    return np.repeat(plane[..., None], 3, axis=2)


def _with_words(
    picture: Picture, ink: int, lines: int, random: np.random.Generator, plate: int | None = None
) -> Picture:
    """Lines of words, from a random place on, over a plate if it has a gray."""
    written: Any = picture.copy()
    size, face = int(random.integers(*SIZES)), cv2.FontFace(str(random.choice(FACES)))
    weight, left = int(random.integers(300, 900)), int(random.integers(-size, picture.shape[1] // 2))
    base = int(random.integers(size, picture.shape[0]))
    for _ in range(lines):
        words = _words(random)
        x, y, width, height = cv2.getTextSize((0, 0), words, (left, base), face, size, weight)
        if plate is not None:
            corner = (x - size // 3, y - size // 3), (x + width + size // 3, y + height + size // 3)
            cv2.rectangle(written, *corner, (plate,) * 3, cv2.FILLED)
        cv2.putText(written, words, (left, base), (ink,) * 3, face, size, weight)
        base = (base + size * 3 // 2) % picture.shape[0]
    return written


def _words(random: np.random.Generator) -> str:
    """Letters, figures and spaces; all large, or not."""
    letters = string.ascii_lowercase * 3 + string.digits + " " * 14
    words = "".join(random.choice(list(letters), random.integers(2, MAX_LETTERS + 1))).strip() or "The End"
    return words.upper() if random.random() < 0.6 else words.title()
