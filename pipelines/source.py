"""A film: its file, its picture, its other streams, and parts of it.

Letters: H W film size (luma).
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Literal, TypeVar

from models.colour.log import LogCurve
from pipelines.display import AS_STORED, UNGRADED, DisplayMatrix, Grading

Side = TypeVar("Side", int, float, Fraction)
FieldOrder = Literal["progressive", "top", "bottom"]
DEFAULT_RATE = Fraction(25)
"""Frames per second taken for a film that does not say."""
MAX_START = Fraction(10)
"""Seconds at which a film may begin and its result too: MPEG-TS and MPEG-PS begin after one or so."""
SCAN_SUFFIXES = (".dpx", ".tif", ".tiff", ".png", ".exr")
"""Of pictures that may be one film."""


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
    field_order: FieldOrder
    base_rate: Fraction | None = None
    """Frames per second of the widest even steps on which the first frames' times all lie, as FFmpeg finds them: equal
    to `frame_rate` where frames are evenly spaced."""
    display_matrix: DisplayMatrix = AS_STORED
    grading: Grading = UNGRADED
    has_captions: bool = False
    """Closed captions in its first frame."""
    left_out: tuple[str, ...] = ()
    """Side data of its first frame that no result holds, by names for people to read."""
    is_timed_by_dts: bool = False
    """Whether pts err: then frames are shown at the dts of the packets with which the decoder gives them."""
    log: LogCurve | None = None
    """Of logarithmic scans: how their codes show light. Then `transfer` says nothing."""

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(f"the picture has no size: {self.width}x{self.height}")

    @property
    def rate(self) -> Fraction:
        """Frames per second: the file's own, or DEFAULT_RATE where it does not say."""
        return self.frame_rate or DEFAULT_RATE

    def upright(self, size: tuple[Side, Side]) -> tuple[Side, Side]:
        """The size of the picture turned as players turn it, from its size as stored; and the other way round.

        Args:
            size: height and width, or rows and columns: sides in any unit. A quarter turn swaps them.
        """
        return (size[1], size[0]) if self.display_matrix.turns % 2 else size


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
class Numbered:
    """Pictures in a folder whose names differ in a number."""

    folder: Path
    prefix: str
    digits: int
    """At least so many, with zeros in front."""
    suffix: str
    """With its dot."""

    def path(self, number: int) -> Path:
        """The picture of that number."""
        return self.folder / f"{self.prefix}{number:0{self.digits}d}{self.suffix}"

    def __str__(self) -> str:
        """As one names them: scan_%06d.dpx."""
        return f"{self.prefix}%0{self.digits}d{self.suffix}" if self.digits > 1 else f"{self.prefix}%d{self.suffix}"


@dataclass(frozen=True)
class Scans:
    """Pictures that are one film, a frame each; a frame's pts counts from the first."""

    names: Numbered
    first: int
    """Number of the first picture."""
    frames: int
    """From the first to the last, with those that are missing."""
    missing: tuple[int, ...]
    """Numbers without a picture, rising."""
    sound: Path | None = None
    """The file that holds the film's other streams."""
    timecode: str = ""
    """Of the first picture, HH:MM:SS:FF; empty where it has none."""

    def path(self, pts: int) -> Path:
        """The picture of a frame."""
        return self.names.path(self.first + pts)

    @property
    def files(self) -> tuple[Path, ...]:
        """All files that they are: the pictures that are there, in order, and the sound."""
        missing = set(self.missing)
        pictures = [self.path(pts) for pts in range(self.frames) if self.first + pts not in missing]
        return (*pictures, *([self.sound] if self.sound else []))

    def with_absolute_paths(self) -> "Scans":
        """The scans as processes in other folders find them."""
        names = replace(self.names, folder=self.names.folder.absolute())
        return replace(self, names=names, sound=self.sound and self.sound.absolute())


@dataclass(frozen=True)
class Film:
    """One film: a file, or scans."""

    path: Path
    """The file; of scans their folder or the pattern of their names, as the user gave it."""
    container: str
    """FFmpeg's names of the format, comma-separated."""
    picture: Picture
    others: tuple[OtherStream, ...]
    chapters: int
    start: Fraction
    """Seconds, of the first frame."""
    duration: Fraction
    """Seconds from the first frame to the end of the last."""
    scans: Scans | None = None
    """The pictures, where it is not one file."""
    notes: tuple[str, ...] = ()
    """Clauses for the user on how the film was read."""
    begin: Fraction = Fraction(0)
    """Seconds, of the stream that begins first."""

    @property
    def name(self) -> str:
        """The file's, for people to read: what in it is not UTF-8 is a question mark."""
        return self.path.name.encode(errors="replace").decode()

    @property
    def path_of_others(self) -> Path | None:
        """The file that holds the other streams; None where scans have no sound."""
        return self.path if self.scans is None else self.scans.sound

    def with_absolute_paths(self) -> "Film":
        """The film as processes in other folders find it."""
        return replace(self, path=self.path.absolute(), scans=self.scans and self.scans.with_absolute_paths())

    def pts(self, seconds: Fraction) -> int:
        """The first tick at or after `seconds` from the film's start."""
        return -((-(self.start + seconds)) // self.picture.time_base)

    def seconds(self, pts: int) -> Fraction:
        """Seconds from the film's start."""
        return pts * self.picture.time_base - self.start

    def shift(self, span: "Span") -> Fraction:
        """Seconds taken off all times in a result: whole ticks of the picture.

        A part begins at 0. So does a film that begins late, and one with pictures before time zero, which players and
        containers cut off.
        """
        if span.start is not None:
            return self.pts(span.start) * self.picture.time_base
        is_late = self.begin > MAX_START and not span.keeps_start
        return (
            self.begin // self.picture.time_base * self.picture.time_base if is_late or self.start < 0 else Fraction(0)
        )


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
    keeps_start: bool = False
    """Whether a film that begins late does so in its result."""
