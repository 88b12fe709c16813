"""A film: its file, its picture, its other streams, and parts of it.

Letters: H W film size (luma).
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal, TypeVar

Side = TypeVar("Side", int, float, Fraction)
FieldOrder = Literal["progressive", "top", "bottom"]
DEFAULT_RATE = Fraction(25)
"""Frames per second taken for a film that does not say."""


@dataclass(frozen=True)
class Picture:
    """How the film's picture is stored, and how it will be shown."""

    index: int
    """Of its stream in the file."""
    codec: str
    width: int
    height: int
    pixel_format: str
    """FFmpeg's name, as decoded."""
    bits: int
    """Of a luma sample, 8 to 16."""
    is_full_range: bool
    is_gray: bool
    """No chroma planes: gray formats, one bit a pixel."""
    is_rgb: bool
    """Stored as red, green and blue, or through a palette."""
    matrix: int
    """FFmpeg's AVColorSpace: what turns Cb Cr into RGB; 2 where the film does not say."""
    primaries: int
    transfer: int
    time_base: Fraction
    """Seconds of one tick of pts."""
    frame_rate: Fraction | None
    """Frames per second as the file says; only a description where frames are unevenly spaced. Ask `rate` for a number
    to calculate with."""
    sample_aspect_ratio: Fraction
    rotation: int
    """Degrees counter-clockwise by which players turn the picture: 0, 90, 180 or 270."""
    field_order: FieldOrder
    base_rate: Fraction | None = None
    """Frames per second of the widest even steps on which the first frames' times all lie, as FFmpeg finds them: equal
    to `frame_rate` where frames are evenly spaced."""

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(f"the picture has no size: {self.width}x{self.height}")
        if self.rotation not in (0, 90, 180, 270):
            raise ValueError(f"rotation must be 0, 90, 180 or 270 degrees, got {self.rotation}")

    @property
    def rate(self) -> Fraction:
        """Frames per second: the file's own, or DEFAULT_RATE where it does not say."""
        return self.frame_rate or DEFAULT_RATE

    def upright(self, size: tuple[Side, Side]) -> tuple[Side, Side]:
        """The size of the picture turned as players turn it, from its size as stored; and the other way round.

        Args:
            size: height and width, or rows and columns: sides in any unit. A quarter turn swaps them.
        """
        return (size[1], size[0]) if self.rotation in (90, 270) else size


@dataclass(frozen=True)
class OtherStream:
    """A stream of the film that is copied as it is."""

    index: int
    kind: str
    """audio | video (cover art, further pictures) | subtitle | data | attachment."""
    codec: str
    language: str

    def __str__(self) -> str:
        return f"{self.kind} stream {self.index} ({self.codec})"


@dataclass(frozen=True)
class Film:
    """One input file."""

    path: Path
    container: str
    """FFmpeg's names of the format, comma-separated."""
    picture: Picture
    others: tuple[OtherStream, ...]
    chapters: int
    start: Fraction
    """Seconds, of the first frame."""
    duration: Fraction
    """Seconds from the first frame to the end of the last."""

    @property
    def name(self) -> str:
        """The file's, for people to read: what in it is not UTF-8 is a question mark."""
        return self.path.name.encode(errors="replace").decode()

    def pts(self, seconds: Fraction) -> int:
        """The first tick at or after `seconds` from the film's start."""
        return -((-(self.start + seconds)) // self.picture.time_base)

    def seconds(self, pts: int) -> Fraction:
        """Seconds from the film's start."""
        return pts * self.picture.time_base - self.start


@dataclass(frozen=True)
class Segment:
    """A part of a film that is coloured on its own: the frames with start <= pts < end."""

    film: Film
    number: int
    start: int | None
    """pts; None: from the film's first frame."""
    end: int | None
    """pts; None: to the film's last frame."""

    def owns(self, pts: int) -> bool:
        """Whether a frame shown at `pts` belongs to this segment."""
        return (self.start is None or pts >= self.start) and (self.end is None or pts < self.end)

    @property
    def at(self) -> Fraction:
        """Seconds from the film's start."""
        return Fraction(0) if self.start is None else self.film.seconds(self.start)


@dataclass(frozen=True)
class Span:
    """The part of a film that a run writes, in seconds from the film's start; None: its first frame, its last."""

    start: Fraction | None
    end: Fraction | None
