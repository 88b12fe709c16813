"""Cuts: motion explains each picture from its neighbours, but none from across a cut.

How well one picture explains another is how like its blocks are, however bright, near where the other has them. Light
that flickers or fades changes nothing there, and what slides, weaves or dissolves is explained from frame to frame.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

AHEAD = 4
"""Frames after a frame on which it depends whether a shot begins there: the longest flash."""
BEHIND = AHEAD + 2
"""Frames before it: as many, the one before the flash, and one that may be a mix of both shots."""
BLOCK = 12
"""Pixels: side of a block."""
BLOCKS = 5
"""Blocks along the longer side of the small pictures in which cuts are found; most of grain and dust has gone there."""
REACH = 8
"""Pixels by which a block may have moved."""
BLANK = 8.0
"""Spread of lightness (of 255) below which a block cannot be recognised."""
BLACK = 30.0
"""Lightness (of 255) below which a picture with nothing in it is black."""
REPEATED = 0.5
"""Mean difference of lightness (of 255) up to which a frame is the one before shown again."""
ALIKE = 0.8
"""Correlation from which two pictures explain each other without a closer look."""
EXPLAINED = 0.65
"""From here on a picture explains another, if they are not too unlike as a whole."""
UNLIKE = 0.5
"""Correlation below which smooth pictures, whose blocks are found anywhere, may be of two shots all the same."""
STEP = 0.16
"""How much less is explained across a cut than on each side of it, however fast things move there."""
MIX = 0.98
"""Correlation from which a frame is a mix of those around it, as changed frame rates leave them at cuts."""
MIN_SHARE = 0.15
"""Of either of them in a mix."""

Small = NDArray[Any]
"""Lightness, 0..255; each side is a multiple of BLOCK."""


@dataclass(frozen=True)
class _SmallFrame:
    """The small picture of a frame, in which cuts are looked for."""

    picture: Small

    @cached_property
    def blocks(self) -> NDArray[np.intp]:
        """(M, 2), row and column of each block, in blocks, that can be recognised."""
        rows, columns = (side // BLOCK for side in self.picture.shape)
        return np.argwhere(self.picture.reshape(rows, BLOCK, columns, BLOCK).std(axis=(1, 3)) > BLANK)

    @property
    def is_blank(self) -> bool:
        return not len(self.blocks)

    @property
    def is_black(self) -> bool:
        return self.is_blank and float(self.picture.mean()) < BLACK

    def is_repeated(self, other: "_SmallFrame") -> bool:
        return float(cv2.absdiff(self.picture, other.picture).mean()) < REPEATED

    def found_in(self, other: "_SmallFrame") -> float:
        """How well the other explains this, 0 to 1: the best correlation of each block, their mean."""
        best = []
        for row, column in self.blocks:
            top, left = row * BLOCK, column * BLOCK
            block = self.picture[top : top + BLOCK, left : left + BLOCK]
            rows = slice(max(0, top - REACH), top + BLOCK + REACH)
            columns = slice(max(0, left - REACH), left + BLOCK + REACH)
            best.append(cv2.matchTemplate(other.picture[rows, columns], block, cv2.TM_CCOEFF_NORMED).max())
        return max(0.0, float(np.mean(best))) if best else 1.0


def _small(lightness: NDArray[np.uint8]) -> Small:
    rows, columns = (max(1, round(BLOCKS * side / max(lightness.shape))) * BLOCK for side in lightness.shape)
    return cv2.resize(lightness, (columns, rows), interpolation=cv2.INTER_AREA)


def _correlation(one: NDArray[Any], other: NDArray[Any]) -> float:
    """-1 to 1; 0 where one is even."""
    a, b = (picture.ravel() - np.float32(picture.mean()) for picture in (one, other))
    product = float(np.sqrt(a.dot(a) * b.dot(b)))
    return float(a.dot(b)) / product if product else 0.0


@dataclass
class Cuts:
    """Tells for each frame whether a shot begins there, from the frames around it alone."""

    frames: dict[int, _SmallFrame] = field(default_factory=dict)
    """The last frames, by number."""
    links: dict[tuple[int, int], float] = field(default_factory=dict)
    """How well the pictures of a pair explain each other, for the pairs asked for so far."""
    count: int = 0

    def push(self, lightness: NDArray[np.uint8]) -> None:
        """Takes the next frame's lightness (h, w)."""
        self.frames[self.count] = _SmallFrame(_small(lightness))
        gone = self.count - BEHIND - 2 * AHEAD  # a frame may be asked for as late as its shot is known
        self.frames.pop(gone, None)
        self.links = {pair: link for pair, link in self.links.items() if pair[0] > gone}
        self.count += 1

    def begins_at(self, number: int) -> bool:
        """Whether frame `number` begins a shot; those around it on which that depends must have come."""
        if number - 1 not in self.frames or self.frames[number].is_blank:
            return False
        if self._is_after_black(number):
            return True
        if self._is_mixed(number - 1):
            return self._parts(number - 2, number) and not self._parts(number - 2, number - 1)
        return self._parts(number - 1, number)

    def _is_after_black(self, number: int) -> bool:
        """Whether the frames before have shown nothing for longer than a flash, and black once."""
        before = [self.frames[n] for n in range(number - AHEAD - 1, number) if n in self.frames]
        return len(before) > AHEAD and all(one.is_blank for one in before) and any(one.is_black for one in before)

    def _parts(self, last: int, first: int) -> bool:
        """Whether one shot ends with one frame and another begins with the other."""
        before = [n for n in range(last - AHEAD, last + 1) if n in self.frames]
        after = [n for n in range(first, first + AHEAD + 1) if n in self.frames]
        # a flash is left again for what was there before it
        others = [*((last, n) for n in after[1:]), *((n, first) for n in before[:-1])]
        if not all(self._is_unlike(*pair) for pair in ((last, first), *others)):
            return False
        calm = min(self._calm(numbers, first - last) for numbers in (before, after))
        return calm - self._link(last, first) > STEP and all(calm - self._link(*pair) > STEP / 2 for pair in others)

    def _is_unlike(self, one: int, other: int) -> bool:
        return (
            self._link(one, other) < EXPLAINED
            or _correlation(self.frames[one].picture, self.frames[other].picture) < UNLIKE
        )

    def _calm(self, numbers: list[int], stride: int) -> float:
        """How well frames explain those so many further on; blank and repeated ones do not count."""
        pairs = zip(numbers, numbers[stride:], strict=False)
        links = [self._link(*pair) for pair in pairs if self._is_telling(*pair)]
        return float(np.median(links)) if links else 1.0

    def _is_telling(self, one: int, other: int) -> bool:
        first, second = self.frames[one], self.frames[other]
        return not (first.is_blank or second.is_blank or first.is_repeated(second))

    def _is_mixed(self, number: int) -> bool:
        """Whether a frame shows those around it one over the other, and these are not alike."""
        around = [self.frames[n].picture for n in (number - 1, number + 1) if n in self.frames]
        if len(around) < 2 or _correlation(*around) > ALIKE:
            return False
        own = self.frames[number].picture
        parts = np.stack([*(side.ravel() for side in around), np.ones(own.size)], axis=1).astype(np.float32)
        shares = np.linalg.lstsq(parts, own.ravel().astype(np.float32))[0]
        return bool(shares[:2].min() > MIN_SHARE) and _correlation(parts @ shares, own) > MIX

    def _link(self, one: int, other: int) -> float:
        """How well two frames explain each other, 0 to 1."""
        if (one, other) not in self.links:
            first, second = self.frames[one], self.frames[other]
            alike = _correlation(first.picture, second.picture) > ALIKE
            self.links[one, other] = 1.0 if alike else min(first.found_in(second), second.found_in(first))
        return self.links[one, other]
