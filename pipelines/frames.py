"""The types that travel between the stages, one for each arrow of the flow.

Letters: N frames, H W film size (luma), h w network size.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # the types that travel cost no torch
    from torch import Tensor

    from models.colour.finish import Finish

Luma = NDArray[np.uint8] | NDArray[np.uint16]
HintTable = NDArray[np.float32]
"""(M, 4): x and y as shares of the sides, a*, b* of each hint in one anchor."""


@dataclass(frozen=True)
class FrameRepair:
    """Counts of the repairs in one frame."""

    shot: int
    """Counts up from 0 in the span decoded."""
    dark: int
    """Specks darker than what they hid."""
    bright: int
    lines: int
    """Scratches."""
    share: float
    """Of the frame's pixels that specks and scratches were concealed in."""
    light: float
    """Levels, of 255, by which its mean luma was raised."""
    shift: tuple[float, float]
    """Columns and rows by which it was moved."""
    is_limited: bool
    """Whether more was found than a repair may do."""
    mask: NDArray[np.uint8] | None = None
    """(H, W), levels of the mask as a film; None: it is not kept."""
    before: Luma | None = None
    """(H, W), luma as decoded; None: it is not kept."""

    def kept(self, keep: Callable[[Luma], Luma]) -> "FrameRepair":
        """The repairs of a part of the picture, as `Lightness.keep` takes it."""
        mask, before = (None if each is None else keep(each) for each in (self.mask, self.before))
        return replace(self, mask=mask, before=before)  # type: ignore[arg-type]  # the mask has 8 bits


@dataclass(frozen=True)
class Frame:
    """A decoded frame."""

    pts: int
    duration: int
    """Ticks; 0 where the file does not say."""
    luma: Luma
    """(H, W), Y' as decoded; it may share the decoder's memory and is never written to. From `Lightness` on only the
    part that will be shown: of frames that are not owned none, (0, 0)."""
    is_owned: bool
    """False: decoded only as context for the segment's own frames."""
    is_held: bool = False
    """True: the frame at this time is damaged, and the last good one stands in for it."""
    captions: bytes = b""
    """Closed captions: triplets of CTA-708, three bytes each."""
    repair: FrameRepair | None = None
    """None: nothing was looked for."""

    def __post_init__(self) -> None:
        if self.luma.ndim != 2:
            raise ValueError(f"luma must be 2-dimensional, got {self.luma.shape = }")


@dataclass(frozen=True)
class LightFrame:
    """A frame with what the flow and the network see of it."""

    frame: Frame
    lightness: NDArray[np.uint8]
    """(h, w), CIE L* 0..100 as 0..255, upright."""
    large: NDArray[np.uint8] | None = None
    """(h', w'), the same at the network's size; None: the network sees `lightness`, too."""


@dataclass(frozen=True)
class ShotFrame:
    """A frame with its shot."""

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
    """A frame with the flows to the anchors around it: where the things in it lie there."""

    shown: ShotFrame
    before: NDArray[np.float32] | None
    """(h / 4, w / 4, 2), the flow of squares to the last anchor before it; None: there is none in its shot."""
    after: NDArray[np.float32] | None
    """(h / 4, w / 4, 2), the flow of squares to the first anchor after it; None: there is none in its shot."""


@dataclass(frozen=True)
class Layer:
    """Colours that a person gave, as far as they reach into one anchor; of any size."""

    ab: NDArray[np.float32]
    """(h', w', 2), CIE a* b*, upright."""
    share: NDArray[np.float32]
    """(h', w'), 0..1: how far they take the place of other colours."""
    is_own: bool = False
    """Whether they were given for this very frame, which has just these; others agree with their neighbours."""
    is_partial: bool = False
    """Whether they are about some things, so that the network goes on as if they were not there."""


@dataclass(frozen=True)
class AnchorBatch:
    """Anchors on their way to the network."""

    pts: tuple[int, ...]
    shots: tuple[int, ...]
    lightness: NDArray[np.uint8]
    """(N, h, w), presentation order."""
    hints: tuple[HintTable, ...] = ()
    """Of each anchor, what the network is told beside its points; empty where there is none in the film."""
    points: tuple[HintTable, ...] = ()
    """Of each anchor, hints for single things, whose colours reach no further; empty where nobody gave any."""
    classes: tuple[int, ...] = ()
    """Of ImageNet's 1,000, what each anchor's shot shows; empty where the network does not take it."""
    large: NDArray[np.uint8] | None = None
    """(N, h', w'), the same at the network's size; None: the network sees `lightness`, too."""
    layers: tuple[Layer | None, ...] = ()
    """Of each anchor, colours that take the place of the network's; empty where nobody gave any for the film."""
    references: tuple[Layer | None, ...] = ()
    """Of each anchor, colours taken from references by likeness; anchors agree on them as on the network's."""

    @property
    def seen(self) -> NDArray[np.uint8]:
        """Lightness as the network sees it."""
        return self.lightness if self.large is None else self.large

    def __post_init__(self) -> None:
        if not len(self.pts) == len(self.shots) == len(self.lightness):
            raise ValueError(f"{len(self.pts)} pts, {len(self.shots)} shots, {self.lightness.shape = }")


@dataclass(frozen=True)
class InstanceBatch:
    """Anchors with the things found in them."""

    anchors: AnchorBatch
    boxes: tuple[NDArray[np.float32], ...]
    """For each anchor (K, 6): left, top, right, bottom as shares of the sides, COCO class 0..79, score 0..1."""
    features: "tuple[Tensor, ...] | None" = None
    """The encoder's features, on its device, where the network that colours looked for instances; None: it did not."""

    def __post_init__(self) -> None:
        if len(self.boxes) != len(self.anchors.pts):
            raise ValueError(f"boxes of {len(self.boxes)} anchors for {len(self.anchors.pts)} anchors")


@dataclass(frozen=True)
class Painted:
    """Colours of a batch of anchors as their network gives them, see `painting.finish.finished`."""

    ab: NDArray[np.float32]
    """(N, h', w', 2), CIE a* b*, at the size of what the network gives."""
    finish: "Finish"
    """As the network's weights and the settings say."""
    device: str = ""
    """Kind of device that coloured them, see `painting.device.kind_of`."""
    parts: int = 1
    """In which the batch was coloured: more than one where memory was short."""


@dataclass(frozen=True)
class AbBatch:
    """Coloured anchors."""

    anchors: AnchorBatch
    ab: NDArray[np.float32]
    """(N, h, w, 2), CIE a* b*."""
    device: str = ""
    """Kind of device that coloured them, see `painting.device.kind_of`."""
    parts: int = 1
    """In which the batch was coloured: more than one where memory was short."""

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
    share: NDArray[np.float32] | None = None
    """(h, w), 0..1: how far these are colours that a person gave for another frame; None: nowhere."""
    own: Layer | None = None
    """Colours that a person gave for this very frame, which lie over `ab`."""


@dataclass(frozen=True)
class AbFrame:
    """A frame and its colour."""

    frame: Frame
    ab: NDArray[np.float32]
    """(h, w, 2), upright, at network size; of a frame whose colours a person gave at the size of these."""
    shot: int
    """Counts up through the segment, from 0 for the shot of the frame before it, or of the film's first frame."""
    share: NDArray[np.float32] | None = None
    """(h, w), 0..1: how far it has colours that a person gave, and that no limit of networks holds for; None: nowhere.
    """


@dataclass(frozen=True)
class ColouredFrame:
    """A frame ready for the encoder."""

    frame: Frame
    cb: Luma
    """(rows, columns) of the output's chroma planes, code values."""
    cr: Luma
    shot: int
    """As in `AbFrame`."""


class ShotRepair(NamedTuple):
    """Counts of the repairs in a shot, or in the part of it that lies in a segment."""

    start: int
    """pts of its first frame."""
    frames: int
    touched: int
    """Frames in which anything was mended."""
    dark: int
    """Specks darker than what they hid."""
    bright: int
    lines: int
    """Scratches, counted in each frame."""
    pixels: float
    """Sum over the frames of the share of their pixels under a mask."""
    light: float
    """Most levels, of 255, by which a frame's mean luma was moved."""
    shift: float
    """Most pixels by which a frame was moved."""
    limited: tuple[int, ...]
    """pts of the frames in which more was found than a repair may do."""


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
    devices: tuple[str, ...] = ()
    """Kinds of GPU, each with its cuDNN, that coloured its anchors; none: the CPU did."""
    parts: int = 1
    """Most parts in which a batch of its anchors was coloured: more than one where memory was short."""
    lost_captions: bool = False
    """Whether a frame had closed captions for which the codec has no place."""
    repairs: tuple[ShotRepair, ...] = ()
    """Of each of its shots; none where nothing was to be mended."""
    lumas: tuple[str, ...] = ()
    """md5 of each frame's luma as it entered the encoder, see `media.luma.md5_of`; of a layer, of the film's there."""
    outside: tuple[str, ...] = ()
    """md5 of each frame's luma with 0 where its mask is; none: no masks were written."""
