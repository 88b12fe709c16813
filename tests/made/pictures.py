"""The drawn pictures: float arrays (H, W, 3) of Y' 0..1 and Cb Cr -0.5..0.5, nothing in them at random."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.float32]

WIDTH, HEIGHT = 128, 96
PAN = 1.5
"""Pixels a frame by which the texture moves left."""
BRIGHTNESS = (0.35, 0.75, 0.20, 0.60)
"""Mean Y' of shot 0, 1, 2, 3; a later shot takes them in turn."""


def picture(moment: float, shot: int = 0, width: int = WIDTH, height: int = HEIGHT) -> Picture:
    """A smooth texture at `moment` (in frames) of its pan, with a disc that crosses it, in black and white."""
    y, x = grid(width, height)
    across = x + np.float32(PAN * moment)
    slow, fast = 7 + 3 * (shot % 4), 3 + shot % 3
    waves = np.sin(across / slow + shot) + 0.8 * np.sin(y / 9 + across / 23) + 0.5 * np.sin(across / fast - y / 4.3)
    drawn = np.zeros((height, width, 3), np.float32)
    drawn[..., 0] = BRIGHTNESS[shot % len(BRIGHTNESS)] + 0.08 * waves
    disc_x, disc_y = width / 6 + 2 * moment, height / 2 + height / 8 * np.sin(moment / 5)
    drawn[np.hypot(x - disc_x % width, y - disc_y) < height / 8, 0] = 0.95
    return drawn


def grid(width: int, height: int) -> tuple[Picture, Picture]:
    """The row (H, 1) and the column (1, W) of each pixel."""
    return np.arange(height, dtype=np.float32)[:, np.newaxis], np.arange(width, dtype=np.float32)[np.newaxis]


def pan(frames: int = 24, shot: int = 0, width: int = WIDTH, height: int = HEIGHT) -> Iterator[Picture]:
    """One shot."""
    return (picture(moment, shot, width, height) for moment in range(frames))


def cuts(shots: int = 3, frames: int = 12) -> Iterator[Picture]:
    """`shots` shots of `frames` frames, hard cuts between them."""
    return chain.from_iterable(pan(frames, shot) for shot in range(shots))


def flash(frames: int = 24, at: int = 12, length: int = 2) -> Iterator[Picture]:
    """One shot with `length` white frames in it, the first of them frame `at`."""
    for moment, drawn in enumerate(pan(frames)):
        if at <= moment < at + length:
            drawn[..., 0] = 1
        yield drawn


def fade(frames: int = 36) -> Iterator[Picture]:
    """One shot: full for a third, fading to black for a third, black for a third."""
    for moment, drawn in enumerate(pan(frames)):
        yield drawn * np.float32(np.clip(2 - 3 * moment / frames, 0, 1))


def dissolve(frames: int = 36) -> Iterator[Picture]:
    """Shot 0 for a third, both shots mixed for a third, shot 1 for a third."""
    for moment in range(frames):
        mixed = np.float32(np.clip(3 * moment / frames - 1, 0, 1))
        yield (1 - mixed) * picture(moment, shot=0) + mixed * picture(moment, shot=1)


def fields(frames: int = 24) -> Iterator[Picture]:
    """One shot woven from fields: rows 0, 2, 4... show moment 2n, rows 1, 3, 5... moment 2n + 1."""
    for frame in range(frames):
        woven = picture(2 * frame)
        woven[1::2] = picture(2 * frame + 1)[1::2]
        yield woven


def colours(frames: int = 24) -> Iterator[Picture]:
    """One shot in real colours: the texture and the disc have hues of their own, which move with them."""
    y, x = grid(WIDTH, HEIGHT)
    for moment, drawn in enumerate(pan(frames)):
        disc = drawn[..., 0] == np.float32(0.95)
        drawn[..., 1] = np.where(disc, -0.2, 0.15 * np.sin((x + PAN * moment) / 11))
        drawn[..., 2] = np.where(disc, 0.3, 0.15 * np.cos(y / 13 + (x + PAN * moment) / 17))
        yield drawn


def sepia(frames: int = 24, by_luma: bool = False) -> Iterator[Picture]:
    """One shot in one brown tint: chroma the same everywhere, or, `by_luma`, none in black and white, most between."""
    for drawn in pan(frames):
        strength = 4 * drawn[..., :1] * (1 - drawn[..., :1]) if by_luma else 1
        drawn[..., 1:] = strength * np.array((-0.08, 0.05), np.float32)
        yield drawn


def striped_pictures(folder: Path) -> Path:
    """Stripes along in one folder, across in another."""
    for kind in ("along", "across"):
        (folder / kind).mkdir(parents=True)
        for number in range(12):
            waves = 127 + 100 * np.sin((np.arange(64) + 5 * number) / 3)
            stripes = np.broadcast_to(waves if kind == "along" else waves[:, None], (64, 64)).astype(np.uint8)
            Image.fromarray(np.repeat(stripes[..., None], 3, axis=2)).save(folder / kind / f"{kind}{number}.png")
    return folder
