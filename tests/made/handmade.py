"""What travels between the stages, made by hand or read from a drawn film."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.colour.follow import Follow
from pipelines.display import DisplayMatrix, Grading
from pipelines.frames import Anchor, FollowedFrame, Frame, LightFrame, Luma, ShotFrame
from pipelines.media.decode import Decode
from pipelines.media.probe import probe
from pipelines.media.target import Target
from pipelines.settings import MotionSettings
from pipelines.source import Film, Picture, Segment

TICKS = Fraction(1, 24)
"""The time base of what is made here: one tick is one frame."""
Light = NDArray[np.uint8]
Ab = NDArray[np.float32]

PICTURE = Picture(
    index=0, codec="h264", width=128, height=96, pixel_format="yuv420p", bits=8, is_full_range=False, is_gray=False,
    is_rgb=False, matrix=1, primaries=1, transfer=1, time_base=TICKS, frame_rate=Fraction(24),
    sample_aspect_ratio=Fraction(1), field_order="progressive",
)  # fmt: skip
FILM = Film(Path("film.mp4"), "mov,mp4", PICTURE, (), 0, Fraction(0), Fraction(10))
TARGET = Target(
    codec="ffv1", encoder="ffv1", chroma_format="420", bits=8, is_full_range=False, matrix=1, primaries=1, transfer=1,
    width=128, height=96, time_base=TICKS, frame_rate=Fraction(24), sample_aspect_ratio=Fraction(1),
    display_matrix=DisplayMatrix(), field_order="progressive", source_bits=8, source_is_full_range=False,
    grading=Grading(),
)  # fmt: skip


def picture(**changes: Any) -> Picture:
    """PICTURE with some of its fields changed."""
    return replace(PICTURE, **changes)


def target(**changes: Any) -> Target:
    """TARGET with some of its fields changed."""
    return replace(TARGET, **changes)


def frame(luma: Luma, pts: int = 0, is_owned: bool = True, is_held: bool = False) -> Frame:
    """A frame that lasts one tick."""
    return Frame(pts, 1, luma, is_owned, is_held)


def shot_frame(lightness: Light, pts: int, shot: int = 0, is_anchor: bool = False, is_owned: bool = True) -> ShotFrame:
    """A frame whose luma is as small as its lightness."""
    return ShotFrame(LightFrame(frame(lightness, pts, is_owned), lightness), shot, is_anchor)


def anchor(lightness: Light, ab: Ab, pts: int, shot: int = 0) -> Anchor:
    """A coloured anchor."""
    return Anchor(pts, shot, lightness, ab)


def even_ab(a: float, b: float, height: int = 96, width: int = 128) -> Ab:
    """One colour everywhere."""
    return np.full((height, width, 2), (a, b), np.float32)


def whole(path: Path) -> Segment:
    """All of a film as one segment."""
    return Segment(probe(path), 0, None, None)


def decoded(path: Path, **settings: Any) -> list[Frame]:
    """All frames of a film, in one pass, with memory of their own."""
    return kept(Decode(Fraction(0), **settings), whole(path))


def kept(decode: Decode, segment: Segment) -> list[Frame]:
    """A segment's frames and those around it, with memory of their own."""
    return [replace(shown, luma=shown.luma.copy()) for shown in decode(segment)]


def followed(frames: list[ShotFrame], settings: MotionSettings) -> list[FollowedFrame]:
    """The frames with their flows to the anchors around them."""
    return list(Follow(settings, TICKS)(frames))
