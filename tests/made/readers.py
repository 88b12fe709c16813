"""Reads films for the tests to compare with, on its own: nothing here is shared with what it checks."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8] | NDArray[np.uint16]


def first_frame(path: Path) -> av.VideoFrame:
    """The first frame that is shown, with its side data."""
    with av.open(path) as film:
        return next(film.decode(video=0))


def true_lumas(path: Path) -> list[tuple[int, Luma]]:
    """Each frame's pts and Y' (H, W) as decoded, at its own bit depth; of rgb24, whose three are equal, R'."""
    with av.open(path) as film:
        return [(frame.pts, samples(frame, 0)) for frame in film.decode(video=0) if frame.pts is not None]


def true_chromas(path: Path) -> list[tuple[Luma, Luma]]:
    """Each frame's Cb and Cr planes, as decoded."""
    with av.open(path) as film:
        return [(samples(frame, 1), samples(frame, 2)) for frame in film.decode(video=0)]


def samples(frame: av.VideoFrame, channel: int) -> Luma:
    """One plane without its padding; of a packed format, its first component."""
    plane, component = frame.planes[channel], frame.format.components[channel]
    step = 3 if frame.format.name == "rgb24" else 1
    rows = np.frombuffer(memoryview(plane), "u1" if component.bits == 8 else "<u2").reshape(plane.height, -1)
    visible: Luma = rows[:, : step * plane.width : step].copy()
    return visible


def packets(path: Path, stream_index: int) -> list[bytes]:
    """The bytes of a stream's packets, in file order; of an attachment, which has none, its content."""
    with av.open(path) as film:
        stream: Any = film.streams[stream_index]
        if stream.type == "attachment":
            return [stream.data]
        return [bytes(packet) for packet in film.demux(stream) if packet.size]


def pts_list(path: Path) -> list[int]:
    """The pts of every frame that is shown, in presentation order, in ticks."""
    with av.open(path) as film:
        return [frame.pts for frame in film.decode(video=0) if frame.pts is not None]


def times(path: Path) -> list[Fraction]:
    """Times in seconds, exact: containers count in ticks of their own."""
    with av.open(path) as film:
        shown = film.decode(video=0)
        return [frame.pts * frame.time_base for frame in shown if frame.pts is not None and frame.time_base is not None]


def closed_captions(path: Path) -> list[bytes]:
    """The triplets of CTA-708 of every frame, as shown; empty where it has none."""
    with av.open(path) as film:
        frames = list(film.decode(video=0))
    kinds = [{each.type.name: bytes(each) for each in frame.side_data} for frame in frames]
    return [found.get("A53_CC", b"") for found in kinds]
