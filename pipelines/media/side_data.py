"""Side data of decoded frames: what a film says of its pictures beside their samples."""

import struct
from typing import Any

import av

from pipelines.source import DisplayMatrix


def side_data_of(frame: av.VideoFrame, kind: str) -> bytes:
    """A frame's side data of one kind, by PyAV's name; empty where it has none, or one that PyAV does not know."""
    try:
        found: Any = frame.side_data
        return bytes(found[kind])
    except (KeyError, ValueError):
        return b""


def captions_of(frame: av.VideoFrame) -> bytes:
    """A frame's closed captions: triplets of CTA-708, three bytes each."""
    captions = side_data_of(frame, "A53_CC")
    return captions[: len(captions) // 3 * 3]


def display_matrix_of(frame: av.VideoFrame) -> DisplayMatrix:
    """How players turn and mirror a frame."""
    data = side_data_of(frame, "DISPLAYMATRIX")
    return DisplayMatrix(struct.unpack("9i", data)) if data else DisplayMatrix.turned(frame.rotation)
