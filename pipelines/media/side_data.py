"""Side data of decoded frames: what a film says of its pictures beside their samples."""

import struct
from typing import Any

import av
from av.sidedata.sidedata import SideDataContainer

from pipelines.source import DisplayMatrix


def side_data_of(frame: av.VideoFrame) -> dict[str, bytes]:
    """A frame's side data by PyAV's names; empty where PyAV does not know one of its kinds.

    `frame.side_data` would make a circle of references, and the frame's memory would stay until it is looked for.
    """
    read: Any = SideDataContainer  # its stub has no argument
    try:
        return {each.type.name: bytes(each) for each in read(frame)}
    except ValueError:
        return {}


def captions_of(frame: av.VideoFrame) -> bytes:
    """A frame's closed captions: triplets of CTA-708, three bytes each."""
    captions = side_data_of(frame).get("A53_CC", b"")
    return captions[: len(captions) // 3 * 3]


def display_matrix_of(frame: av.VideoFrame) -> DisplayMatrix:
    """How players turn and mirror a frame."""
    data = side_data_of(frame).get("DISPLAYMATRIX")
    return DisplayMatrix(struct.unpack("9i", data)) if data else DisplayMatrix.turned(frame.rotation)
