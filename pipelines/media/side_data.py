"""Side data of decoded frames: what a film says of its pictures beside their samples."""

import struct
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import av
import av.filter
from av.sidedata.sidedata import SideDataContainer

from pipelines.display import DisplayMatrix
from pipelines.media.grading import grading_of

LEFT_OUT = {
    "DOVI_RPU_BUFFER": "Dolby Vision (its base layer is coloured)",
    "DOVI_METADATA": "Dolby Vision (its base layer is coloured)",
    "DYNAMIC_HDR_PLUS": "HDR10+",
    "DYNAMIC_HDR_VIVID": "HDR Vivid",
    "AMBIENT_VIEWING_ENVIRONMENT": "ambient viewing environment",
    "ICC_PROFILE": "ICC profile",
    "STEREO3D": "stereo 3D",
    "SPHERICAL": "spherical projection",
    "AFD": "active format description",
    "PANSCAN": "pan and scan",
    "GOP_TIMECODE": "timecode in groups of pictures",
    "S12M_TIMECODE": "timecode in frames",
}
"""Side data that no result holds, for people to read."""
OF_DOLBY_VISION = {"dva1", "dvav", "dvh1", "dvhe", "dav1"}
"""Codec tags of mp4 and mov."""

PROFILE = "ICC_PROFILE"
WITH_PROFILES = {"png", "apng"}
"""Decoders whose frames have ICC profiles with names."""


def side_data_of(frame: av.VideoFrame) -> dict[str, bytes]:
    """A frame's side data by PyAV's names; empty where PyAV does not know one of its kinds.

    PyAV frees the name of an ICC profile, which PNG has, a second time: of a profile only that it is there is told.
    """
    if _filtered(frame, "select") is None:
        return _read(frame)
    return {**_read(_filtered(frame, "delete")), PROFILE: b"there"}


def _filtered(frame: av.VideoFrame, mode: str) -> Any:
    """The frame after FFmpeg's filter `sidedata` for ICC profiles; None where it lets no frame pass."""
    graph = av.filter.Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 25))
    graph.link_nodes(source, graph.add("sidedata", f"mode={mode}:type={PROFILE}"), graph.add("buffersink")).configure()
    graph.push(frame)
    try:
        return graph.pull()
    except av.BlockingIOError:
        return None


def _read(frame: av.VideoFrame) -> dict[str, bytes]:
    """The side data of a frame without ICC profile.

    `frame.side_data` would make a circle of references, and the frame's memory would stay until it is looked for.
    """
    read: Any = SideDataContainer  # its stub has no argument
    try:
        return {each.type.name: bytes(each) for each in read(frame)}
    except ValueError:
        return {}


def captions_of(frame: av.VideoFrame, codec: str) -> bytes:
    """A frame's closed captions: triplets of CTA-708, three bytes each; `codec` is that of the film."""
    captions = b"" if codec in WITH_PROFILES else _read(frame).get("A53_CC", b"")
    return captions[: len(captions) // 3 * 3]


def display_matrix_of(frame: av.VideoFrame) -> DisplayMatrix:
    """How players turn and mirror a frame."""
    data = side_data_of(frame).get("DISPLAYMATRIX")
    return DisplayMatrix(struct.unpack("9i", data)) if data else DisplayMatrix.turned(frame.rotation)


def left_out_of(side_data: Mapping[str, bytes], codec_tag: str) -> tuple[str, ...]:
    """A frame's side data that no result holds, for people to read."""
    found = [name for kind, name in LEFT_OUT.items() if _tells(kind, side_data.get(kind, b""))]
    if codec_tag in OF_DOLBY_VISION:
        found.append(LEFT_OUT["DOVI_METADATA"])
    if "MASTERING_DISPLAY_METADATA" in side_data and not grading_of(side_data).mastering:
        found.append("incomplete mastering display")
    return tuple(dict.fromkeys(found))


def _tells(kind: str, data: bytes) -> bool:
    """Whether side data say anything: decoders of MPEG-2 add some to every film."""
    if kind == "PANSCAN":
        return any(data[12:])  # the positions in FFmpeg's AVPanScan
    if kind == "GOP_TIMECODE":
        return bool(int.from_bytes(data, "little") & 0xFFEFFF)  # but for the bits of drop-frame and marker
    return bool(data)
