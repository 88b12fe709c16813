"""Gate weave: how far each frame jumped from the one before it, and frames moved back to their path's trend."""

from collections.abc import Sequence
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.frames import Luma
from pipelines.repair.levels import Levels, eight_bits, scale
from pipelines.repair.trend import trend

Move = NDArray[np.float64]
"""(2,): columns, rows."""
SEEN_ROWS = 480
"""Pixels: larger pictures are compared at half size, and half again."""
CENTRE = 0.06
"""Of each side: what is left out at the edges, where the gate's own frame stands still."""
STEPS, PRECISION, BLUR = 60, 1e-4, 5
"""Of the search (ECC; Evangelidis, Psarakis, IEEE TPAMI 2008): its most steps, when it ends, and its blur in pixels."""
BLANK = 2.0
"""Levels, standard deviation: a picture in which nothing can be followed."""
SIGMAS = {1: 0.15, 2: 0.25, 3: 0.4, 4: 0.7, 5: 1.2}
"""Seconds: sigma of the path's trend, by strength."""
MAX_MOVE = 8
"""Pixels at 480 rows by which a frame is moved at most."""


def shift(before: Luma, luma: Luma, bits: int) -> Move:
    """Columns and rows by which a frame (H, W) shows things further right and further down than the one before it."""
    pictures: list[Levels] = [_centre(eight_bits(each, bits)) for each in (before, luma)]
    shrunk = 1
    while min(pictures[0].shape) > SEEN_ROWS * (1 - 2 * CENTRE) * 1.5:
        pictures = [cv2.resize(each, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for each in pictures]
        shrunk *= 2
    one, other = (each.astype(np.float32) for each in pictures)
    if min(one.std(), other.std()) < BLANK:
        return np.zeros(2)
    window = cv2.createHanningWindow(one.shape[::-1], cv2.CV_32F)
    first, _ = cv2.phaseCorrelate(one, other, window)
    turn = np.array([[1, 0, first[0]], [0, 1, first[1]]], np.float32)
    ends = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, STEPS, PRECISION)
    try:
        _, turn = cv2.findTransformECC(one, other, turn, cv2.MOTION_TRANSLATION, ends, None, BLUR)  # type: ignore[call-overload]
    except cv2.error:  # the pictures are too unlike; phase correlation is what is known
        return np.array(first) * shrunk
    return np.asarray(turn, np.float64)[:, 2] * shrunk


def _centre(picture: Levels) -> Levels:
    top, left = (round(CENTRE * side) for side in picture.shape)
    return picture[top : picture.shape[0] - top, left : picture.shape[1] - left]


def moves(
    shifts: Sequence[Move], rate: Fraction, size: tuple[int, int], strength: int = 3
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Shifts of the frames of a shot that make its path steady: a pan stays a pan.

    Args:
        shifts: of each of N frames to the one before it; the first is (0, 0).
        rate: unlike frames a second.
        size: (H, W) of the film.
        strength: 1, only what jumps from frame to frame, to 5, what sways within a second or two, too.

    Returns:
        (N, 2), columns and rows, and (N,), where a limit struck.
    """
    path = np.cumsum(np.array(shifts, np.float64).reshape(-1, 2), axis=0)
    back = trend(path, max(0.5, SIGMAS[strength] * float(rate))) - path
    limit = MAX_MOVE * scale(np.empty(size, np.bool_))
    return np.clip(back, -limit, limit), np.abs(back).max(axis=1) > limit


def moved(luma: Luma, move: Move, neighbours: Sequence[tuple[Luma, Move]] = (), is_whole: bool = True) -> Luma:
    """A frame moved, at its own size; what comes in at its edges is taken from its neighbours, moved as they are.

    Args:
        luma: (H, W).
        move: columns and rows; rounded where `is_whole`.
        neighbours: frames of its shot and their own moves, the nearest first.
        is_whole: whether samples stay what they are, at whole pixels; else they are interpolated (Lanczos).
    """
    picture, is_known = _shifted(luma, move, is_whole)
    for other, its_move in neighbours:
        if is_known.all():
            break
        shown, is_there = _shifted(other, its_move, is_whole)
        fills = is_there & ~is_known
        picture[fills] = shown[fills]
        is_known |= is_there
    return picture


def _shifted(luma: Luma, move: Move, is_whole: bool) -> tuple[Luma, NDArray[np.bool_]]:
    """A frame moved, its rim going on outside it, and (H, W) what is its own."""
    x, y = (float(np.rint(each)) if is_whole else float(each) for each in move)
    turn = np.array([[1, 0, x], [0, 1, y]], np.float64)
    way = cv2.INTER_NEAREST if is_whole else cv2.INTER_LANCZOS4
    size = luma.shape[::-1]
    if x == y == 0:
        return luma.copy(), np.ones(luma.shape, np.bool_)
    picture = cv2.warpAffine(luma, turn, size, flags=way, borderMode=cv2.BORDER_REPLICATE)
    columns, rows = np.arange(size[0]) - x, np.arange(size[1]) - y
    inside = ((rows >= 0) & (rows <= size[1] - 1))[:, None] & ((columns >= 0) & (columns <= size[0] - 1))
    return picture, inside  # type: ignore[return-value]
