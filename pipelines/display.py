"""How a film's picture is to be shown, beside its samples: turned and mirrored, and on which display it was graded."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what a film is costs no numpy
    from numpy.typing import NDArray

IDENTITY = (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)


@dataclass(frozen=True)
class DisplayMatrix:
    """How players turn and mirror a picture: nine numbers in its file's header.

    A result gets the numbers as they are. Its pictures are turned here by the nearest quarter turn.
    """

    values: tuple[int, ...] = IDENTITY
    """a b u c d v x y w: what is stored at p, q is shown at a p + c q, b p + d q (ISO/IEC 14496-12, section 6.2.2)."""

    @classmethod
    def turned(cls, degrees: float, is_mirrored: bool = False) -> "DisplayMatrix":
        """The matrix that swaps left and right where `is_mirrored`, and then turns counter-clockwise."""
        cosine, sine = (round((1 << 16) * part(math.radians(degrees))) for part in (math.cos, math.sin))
        flip = -1 if is_mirrored else 1
        return cls((flip * cosine, -flip * sine, 0, sine, cosine, 0, 0, 0, 1 << 30))

    @property
    def is_upright(self) -> bool:
        """Whether players show the picture as it is stored, but for its scale and place."""
        a, b, _, c, d = self.values[:5]
        return b == c == 0 and a > 0 and d > 0

    @property
    def is_mirrored(self) -> bool:
        """Whether left and right are swapped before the turn."""
        a, b, _, c, d = self.values[:5]
        return a * d < b * c

    @property
    def turns(self) -> int:
        """Quarter turns counter-clockwise, the nearest number: 0 to 3."""
        return round(self._degrees / 90) % 4

    @property
    def _degrees(self) -> float:
        """Counter-clockwise: of the turn that is nearest where the numbers also stretch the picture."""
        a, b, _, c, d = self.values[:5]
        flip = -1 if self.is_mirrored else 1
        return math.degrees(math.atan2(c - flip * b, flip * a + d))

    def without_stretch(self) -> "DisplayMatrix":
        """The matrix that mirrors and turns alone."""
        return DisplayMatrix.turned(self._degrees, self.is_mirrored)

    def shown(self, stored: "NDArray[Any]") -> "NDArray[Any]":
        """A picture (rows, columns, ...) as players show it, from the one that is stored."""
        return _turned(stored[:, ::-1] if self.is_mirrored else stored, self.turns)

    def stored(self, shown: "NDArray[Any]") -> "NDArray[Any]":
        """A picture (rows, columns, ...) as it is stored, from the one that players show."""
        straight = _turned(shown, -self.turns % 4)
        return straight[:, ::-1] if self.is_mirrored else straight


def _turned(picture: "NDArray[Any]", turns: int) -> "NDArray[Any]":
    """A picture after some quarter turns counter-clockwise."""
    for _ in range(turns):
        picture = picture.swapaxes(0, 1)[::-1]
    return picture


@dataclass(frozen=True)
class Grading:
    """The display on which a film of high dynamic range was graded, and how bright the film is; empty: not told."""

    mastering: tuple[int, ...] = ()
    """x and y of red, green, blue and white in 1/50000; most and least light in 1/10000 cd/m2 (SMPTE ST 2086)."""
    light: tuple[int, ...] = ()
    """Greatest light level of a pixel, and of a frame's mean, in cd/m2 (CTA-861.3)."""


AS_STORED, UNGRADED = DisplayMatrix(), Grading()
