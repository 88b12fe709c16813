"""Where the pictures of a repair come from: a film's frames, or one field of each."""

from dataclasses import dataclass
from fractions import Fraction

from models.colour.colorspace import luma_span
from pipelines.repair.protected import Protected
from pipelines.source import Picture


@dataclass(frozen=True)
class Place:
    """A film's frames, or every second line of them."""

    picture: Picture
    first: int = 0
    """Line of the frame that is the first of its pictures."""
    step: int = 1
    """Lines of the frame from one of its pictures' to the next: 2 in a field."""

    @property
    def bits(self) -> int:
        """Of a sample."""
        return self.picture.bits

    @property
    def black(self) -> float:
        """Level of black, of 8 bits."""
        return float(luma_span(self.bits, self.picture.is_full_range)[0]) / (1 << (self.bits - 8))

    @property
    def rate(self) -> Fraction:
        """Pictures a second."""
        return self.picture.rate

    @property
    def protected(self) -> Protected:
        """Rectangles that a person protects from repair."""
        return Protected(self.picture, self.first, self.step)
