"""Vertical scratches: lines that stay where they are on the screen while the scene moves beneath them.

Lines are found as Newson, Almansa, Gousseau and Pérez do (IEEE TIP 23, 2014): samples that stand out of their row vote
for steep lines, and a line is kept that chance would hardly draw. Alone that takes masts and door frames for scratches;
so only what stays, as the scene moves past it, is one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.frames import Luma
from pipelines.motion.flow import Flow
from pipelines.repair.levels import BRIGHT, DARK, Levels, Mask, eight_bits, odd, scale

STANDS_OUT, ALIKE = 3, 20
"""Levels by which a scratch differs from its row's median, and by which both of its sides differ at most."""
SIDE = 4
"""Pixels at ROWS, from the line: where its sides are."""
STEEP = 3.0
"""Degrees from the vertical."""
SQUARE = 1 / 30
"""Of the width: side of the squares in which the density of such samples is known."""
SHORTEST, LONG = 0.1, 0.6
"""Of the height: the least length of a line, and the length from which it is a scratch wherever it stays."""
STAYS, MOVES, OF = 2, 2, 0.75
"""Pixels at ROWS within which a scratch stays, pixels that the scene beside it moves, and the share of neighbours."""
WIDTH = 3
"""Pixels at ROWS: how wide a scratch is."""
PROFILE = 15
"""Rows at ROWS over which a scratch's profile is averaged: it is taken off, and detail stays."""
MOST = 40
"""Lines of one polarity in a frame."""


@dataclass(frozen=True)
class Line:
    """A steep line in one frame."""

    top: float
    """Column of its upper end."""
    bottom: float
    """Column of its lower end."""
    first: int
    """Row of its upper end."""
    last: int
    """Row after its lower end."""
    value: int
    """DARK or BRIGHT."""

    def columns(self) -> NDArray[np.intp]:
        """The column of each of its rows."""
        rows = self.last - self.first
        return np.rint(np.linspace(self.top, self.bottom, rows)).astype(np.intp)


def lines(luma: Luma, bits: int) -> list[Line]:
    """The steep lines of a frame (H, W), the surest first: candidates, of which few are scratches."""
    levels = cv2.GaussianBlur(eight_bits(luma, bits), (3, 3), 0)
    size = scale(levels)
    middle = _row_median(levels)
    reach = max(2, round(SIDE * size))
    left, right = (np.roll(levels, way * reach, axis=1) for way in (1, -1))
    is_flat = cv2.absdiff(left, right) < ALIKE
    found: list[Line] = []
    for value, apart in ((DARK, cv2.subtract(middle, levels)), (BRIGHT, cv2.subtract(levels, middle))):
        hits = (apart > STANDS_OUT) & is_flat
        hits[:, :reach] = hits[:, -reach:] = False
        found += _lines(hits, value, size)
    return found


def _row_median(levels: Levels) -> Levels:
    """(H, W), the median of five samples of a row."""
    padded = cv2.copyMakeBorder(levels, 0, 0, 2, 2, cv2.BORDER_REPLICATE)
    width = levels.shape[1]
    a, b, middle, c, d = (padded[:, at : at + width] for at in range(5))
    low = cv2.max(cv2.min(a, b), cv2.min(c, d))
    high = cv2.min(cv2.max(a, b), cv2.max(c, d))
    return cv2.max(cv2.min(middle, low), cv2.min(cv2.max(middle, low), high))


def _lines(hits: NDArray[np.bool_], value: int, size: float) -> list[Line]:
    height, width = hits.shape
    votes_of = hits.astype(np.float32)
    density = cv2.blur(votes_of, (odd(SQUARE * width),) * 2)
    lean = int(np.tan(np.radians(STEEP)) * height)
    votes, chance = [], []
    leans = np.arange(-lean, lean + 1, max(1, round(2 * size)))
    for each in leans.tolist():
        votes.append(_sheared(votes_of, each).sum(axis=0))
        chance.append(_sheared(density, each).sum(axis=0))
    count, mean = np.stack(votes), np.stack(chance)  # (leans, W)
    sure = _surprise(count, mean, height) - np.log(count.size)
    middles = np.arange(width) + leans[:, None] / 2  # (leans, W)
    found: list[Line] = []
    apart = max(2, round(2 * STAYS * size))
    while sure.max() > 0 and len(found) < MOST:
        which, column = np.unravel_index(int(np.argmax(sure)), sure.shape)
        rows = _sheared(votes_of, int(leans[which]))[:, max(0, column - 1) : column + 2].max(axis=1)
        first, last = _longest(rows, size)
        if last - first >= SHORTEST * height:
            top, bottom = (float(column + leans[which] * row / height) for row in (first, last))
            found.append(Line(top, bottom, first, last, value))
        sure[np.abs(middles - middles[which, column]) <= apart] = -np.inf
    return found


def _sheared(picture: NDArray[Any], lean: int) -> NDArray[Any]:
    """A picture whose columns are the lines that lean by so many pixels over its height."""
    height, width = picture.shape
    turn = np.array([[1, lean / height, 0], [0, 1, 0]], np.float64)
    return cv2.warpAffine(picture, turn, (width, height), flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP)


def _surprise(count: NDArray[Any], mean: NDArray[Any], height: int) -> NDArray[Any]:
    """Minus the logarithm of the odds that chance gives a line as many votes (Hoeffding's bound)."""
    share = np.clip(count / height, 1e-6, 1 - 1e-6)
    base = np.clip(mean / height, 1e-3, 1 - 1e-6)
    divergence = share * np.log(share / base) + (1 - share) * np.log((1 - share) / (1 - base))
    return np.where(share > base, height * divergence, 0)


def _longest(rows: NDArray[Any], size: float) -> tuple[int, int]:
    """The longest stretch of rows most of which have a hit: first, and the one after the last."""
    side = odd(PROFILE * size)
    is_dense = np.convolve(rows, np.ones(side) / side, mode="same") > 0.5
    edges = np.flatnonzero(np.diff(np.concatenate([[0], is_dense.astype(np.int8), [0]])))
    if not len(edges):
        return 0, 0
    starts, ends = edges[::2], edges[1::2]
    best = int(np.argmax(ends - starts))
    return int(starts[best]), int(ends[best])


def staying(own: Sequence[Line], neighbours: Sequence[tuple[Sequence[Line], Flow]]) -> list[Line]:
    """The lines of a frame that are scratches.

    Args:
        own: of `lines`.
        neighbours: of each unlike frame near it in its shot, its lines, and the flow (H, W, 2) from the frame to it.
    """
    if not neighbours:
        return []
    height, size = neighbours[0][1].shape[0], scale(neighbours[0][1])
    return [line for line in own if _stays(line, neighbours, height, size)]


def _stays(line: Line, neighbours: Sequence[tuple[Sequence[Line], Flow]], height: int, size: float) -> bool:
    again, moving = 0, 0
    rows, columns = np.arange(line.first, line.last), line.columns()
    for others, flow in neighbours:
        again += any(
            other.value == line.value
            and abs((other.top + other.bottom) - (line.top + line.bottom)) / 2 <= STAYS * size
            and min(other.last, line.last) > max(other.first, line.first)
            for other in others
        )
        across = flow[rows, np.clip(columns, 0, flow.shape[1] - 1), 0]
        moving += bool(np.median(np.abs(across)) > MOVES * size)
    is_long = line.last - line.first >= LONG * height
    return again >= OF * len(neighbours) and (is_long or moving >= OF * len(neighbours))


def mask(scratches: Sequence[Line], shape: tuple[int, ...]) -> Mask:
    """(H, W), the samples of the scratches: only there the result of `concealed` differs."""
    drawn = np.zeros(shape[:2], np.uint8)
    for line in scratches:
        columns = np.clip(line.columns(), 0, shape[1] - 1)
        drawn[np.arange(line.first, line.last), columns] = line.value
    half = max(1, round(WIDTH * scale(drawn) / 2))
    return np.asarray(cv2.dilate(drawn, np.ones((1, 2 * half + 1), np.uint8)), np.uint8)


def concealed(luma: Luma, scratches: Sequence[Line], bits: int) -> Luma:
    """A frame with the profile of each scratch taken off; the detail beneath it stays.

    Args:
        luma: (H, W), of `bits` bits.
        scratches: of `staying`.
        bits: 8 to 16.
    """
    mended, size, top = luma.copy(), scale(luma), (1 << bits) - 1
    half = max(1, round(WIDTH * size / 2))
    offsets = np.arange(-half, half + 1)
    for line in scratches:
        rows, columns = np.arange(line.first, line.last)[:, None], line.columns()[:, None]
        places = np.clip(columns + offsets, 0, luma.shape[1] - 1)
        sides = [np.clip(columns + way * (half + np.arange(1, 3)), 0, luma.shape[1] - 1) for way in (-1, 1)]
        left, right = (luma[rows, side].astype(np.float32).mean(axis=1, keepdims=True) for side in sides)
        line_between = left + (right - left) * ((offsets + half + 1) / (2 * half + 2)).astype(np.float32)
        apart = luma[rows, places].astype(np.float32) - line_between  # (rows, width)
        profile = cv2.blur(apart, (1, odd(PROFILE * size)), borderType=cv2.BORDER_REPLICATE)
        whole = np.clip(np.rint(luma[rows, places] - profile), 0, top)
        mended[rows, places] = whole.astype(luma.dtype)
    return mended
