"""What travels between the stages: one type for each arrow of the flow.

Letters: N frames, H W film size (luma), h w network size.
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Luma = NDArray[np.uint8] | NDArray[np.uint16]
HintTable = NDArray[np.float32]
"""(M, 4): x and y as shares of the sides, a*, b* of each hint in one anchor."""
FieldOrder = Literal["progressive", "top", "bottom"]


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
    """Frames per second as the file says; only a description where frames are unevenly spaced."""
    sample_aspect_ratio: Fraction
    rotation: int
    """Degrees counter-clockwise by which players turn the picture: 0, 90, 180 or 270."""
    field_order: FieldOrder

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(f"the picture has no size: {self.width}x{self.height}")
        if self.rotation not in (0, 90, 180, 270):
            raise ValueError(f"rotation must be 0, 90, 180 or 270 degrees, got {self.rotation}")


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
    """A span of a film handled as one job: the frames with start <= pts < end."""

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
class Frame:
    """A decoded frame."""

    pts: int
    duration: int
    """Ticks; 0 where the file does not say."""
    luma: Luma
    """(H, W), Y' as decoded; it may share the decoder's memory and is never written to. Once its lightness is known it
    is what will be shown: of frames that are not owned nothing, (0, 0)."""
    is_owned: bool
    """False: decoded only as context for the segment's own frames."""
    is_held: bool = False
    """True: the frame at this time is damaged, and the last good one stands in for it."""

    def __post_init__(self) -> None:
        if self.luma.ndim != 2:
            raise ValueError(f"luma must be 2-dimensional, got {self.luma.shape = }")


@dataclass(frozen=True)
class LightFrame:
    """A frame with what the network and the flow see of it."""

    frame: Frame
    lightness: NDArray[np.uint8]
    """(h, w), CIE L* 0..100 as 0..255, upright."""


@dataclass(frozen=True)
class ShotFrame:
    """A frame that knows its shot."""

    light: LightFrame
    shot: int
    """Counts up from 0 in the span decoded; frames of one number lie between two cuts."""
    is_anchor: bool

    @property
    def pts(self) -> int:
        """Presentation time in ticks."""
        return self.light.frame.pts


@dataclass(frozen=True)
class FollowedFrame:
    """A frame that knows where its things are in the anchors around it."""

    shown: ShotFrame
    before: NDArray[np.float32] | None
    """(h / 4, w / 4, 2), the flow of squares to the last anchor before it; None: there is none in its shot."""
    after: NDArray[np.float32] | None
    """(h / 4, w / 4, 2), the flow of squares to the first anchor after it; None: there is none in its shot."""


@dataclass(frozen=True)
class AnchorBatch:
    """Anchors on their way to the network."""

    pts: tuple[int, ...]
    shots: tuple[int, ...]
    lightness: NDArray[np.uint8]
    """(N, h, w), presentation order."""
    hints: tuple[HintTable, ...] = ()
    """Of each anchor; none at all where nobody gave any."""

    def __post_init__(self) -> None:
        if not len(self.pts) == len(self.shots) == len(self.lightness):
            raise ValueError(f"{len(self.pts)} pts, {len(self.shots)} shots, {self.lightness.shape = }")


@dataclass(frozen=True)
class InstanceBatch:
    """Anchors with the things found in them."""

    anchors: AnchorBatch
    boxes: tuple[NDArray[np.float32], ...]
    """For each anchor (K, 6): left, top, right, bottom as shares of the sides, COCO class 0..79, score 0..1."""
    features: tuple[Tensor, ...] | None = None
    """What the network's encoder saw when it looked for instances, on its device; None: it has not looked yet."""

    def __post_init__(self) -> None:
        if len(self.boxes) != len(self.anchors.pts):
            raise ValueError(f"boxes of {len(self.boxes)} anchors for {len(self.anchors.pts)} anchors")


@dataclass(frozen=True)
class AbBatch:
    """Coloured anchors."""

    anchors: AnchorBatch
    ab: NDArray[np.float32]
    """(N, h, w, 2), CIE a* b*."""

    def __post_init__(self) -> None:
        if self.ab.shape != (*self.anchors.lightness.shape, 2):
            raise ValueError(f"{self.ab.shape = } does not fit {self.anchors.lightness.shape = }")


@dataclass(frozen=True)
class Anchor:
    """One coloured anchor."""

    pts: int
    shot: int
    lightness: NDArray[np.uint8]
    """(h, w)"""
    ab: NDArray[np.float32]
    """(h, w, 2)"""


@dataclass(frozen=True)
class AbFrame:
    """A frame and its colour at network size."""

    frame: Frame
    ab: NDArray[np.float32]
    """(h, w, 2), upright."""


@dataclass(frozen=True)
class ColouredFrame:
    """A frame ready for the encoder."""

    frame: Frame
    cb: Luma
    """(rows, columns) of the output's chroma planes, code values."""
    cr: Luma


@dataclass(frozen=True)
class EncodedSegment:
    """A finished segment's picture stream, in a file of its own whose times start at 0."""

    pts: tuple[int, ...]
    """Of every frame, in presentation order, in the film's ticks."""
    last_duration: int
    """Ticks that the last frame lasts; 0 where the film does not say."""
    reorder: int
    """Most frames that a frame stands later in the stream than on the screen."""
    held: tuple[int, ...]
    """pts of damaged frames that hold the last good one."""
    cuts: tuple[int, ...] = ()
    """pts of the frames that begin a shot, the film's first frame aside."""
