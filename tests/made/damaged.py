"""Films with drawn damage: where it is, is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.made import pictures
from tests.made.pictures import Picture
from tests.made.tracks import PictureTrack, write

WIDTH, HEIGHT = 160, 128
SHOT = 14
"""Frames."""


def specks(frame: int, frames: int) -> list[tuple[int, int, float]]:
    """Row and column of the specks of a frame, and their Y': none in the first and last of a shot."""
    if frame % SHOT in (0, SHOT - 1) or frame in (0, frames - 1):
        return []
    rng = np.random.default_rng(frame)
    return [(int(rng.integers(12, HEIGHT - 20)), int(rng.integers(12, WIDTH - 20)), (0.0, 1.0)[n]) for n in range(2)]


def scene(moment: int, shot: int) -> Picture:
    """The picture of a shot that pans: every second one stands on its head, a quarter as large."""
    if shot % 2 == 0:
        return pictures.picture(moment, shot, WIDTH, HEIGHT)
    return pictures.picture(moment, shot, WIDTH // 2, HEIGHT // 2)[::-1].repeat(2, axis=0).repeat(2, axis=1)


def spotted(
    frames: int = 2 * SHOT, repeats: Sequence[int] = (1,), is_clean: bool = False, size: tuple[int, int] = (5, 6)
) -> Iterator[Picture]:
    """Shots of SHOT frames that pan, with a dark and a bright speck in each frame.

    Args:
        frames: of the film, before any is repeated.
        repeats: how often frames are shown, in turn.
        is_clean: draw the film without its specks.
        size: rows and columns of a speck.
    """
    for frame in range(frames):
        drawn = scene(frame, frame // SHOT)
        for row, column, luma in [] if is_clean else specks(frame, frames):
            drawn[row : row + size[0], column : column + size[1], 0] = luma
        for _ in range(repeats[frame % len(repeats)]):
            yield drawn


def dusty(
    path: Path, frames: int = 2 * SHOT, is_clean: bool = False, repeats: Sequence[int] = (1,), **track: Any
) -> Path:
    """`spotted` as a film, without loss."""
    return write(path, PictureTrack(spotted(frames, repeats, is_clean), **{"codec": "ffv1"} | track))


def woven(path: Path, frames: int = 12, is_clean: bool = False) -> Path:
    """A film of fields, top first: each has specks of its own."""

    def shown() -> Iterator[Picture]:
        moments = list(spotted(2 * frames, is_clean=is_clean, size=(4, 5)))
        for top, bottom in zip(moments[::2], moments[1::2], strict=True):
            both = top.copy()
            both[1::2] = bottom[1::2]
            yield both

    return write(path, PictureTrack(shown(), codec="ffv1", top_field_first=True))


def shaken(frames: Iterable[Picture], gate: int = 3, light: float = 0.12) -> Iterator[Picture]:
    """Frames whose gate jumps by up to `gate` pixels, and whose light by up to a share `light`; twins stay alike."""
    last, drawn = None, np.zeros((1, 1, 3), np.float32)
    rng = np.random.default_rng(7)
    for frame in frames:
        if frame is not last:
            shifts = rng.integers(-gate, gate + 1, 2)
            drawn = np.roll(frame, tuple(shifts), axis=(0, 1))
            drawn[..., 0] *= np.float32(1 + rng.uniform(-light, light))
        last = frame
        yield drawn


def scratched(path: Path, frames: int = SHOT, columns: Sequence[int] = (40, 110)) -> Path:
    """A pan with a dark and a bright scratch from top to bottom, 2 pixels wide, without loss."""

    def shown() -> Iterator[Picture]:
        for drawn in spotted(frames, is_clean=True):
            for column, luma in zip(columns, (-0.15, 0.15), strict=True):
                drawn[:, column : column + 2, 0] += np.float32(luma)
            yield drawn

    return write(path, PictureTrack(shown(), codec="ffv1"))


def worn(
    path: Path, frames: int = 2 * SHOT, repeats: Sequence[int] = (1,), is_clean: bool = False, **how: float
) -> Path:
    """`spotted`, with its gate and light `shaken`, as a film without loss."""
    return write(path, PictureTrack(shaken(spotted(frames, repeats, is_clean), **how), codec="ffv1"))  # type: ignore[arg-type]
