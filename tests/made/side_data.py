"""Films whose frames say more than their samples: no encoder at hand writes that, so it is put into the packets."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from av.container import OutputContainer

from tests.made import pictures
from tests.made.tracks import Packets, PictureTrack, write

SILENT = 4
"""The number of the frame without captions in `captioned`."""
FIRST_SLICE = b"\x00\x00\x01\x01"
"""Of a picture of MPEG-2; its user data stand before it (ISO/IEC 13818-2, section 6.2.2.2)."""
USER_DATA, UNIT = b"\x00\x00\x01\xb2", b"\x00\x00\x00\x01"


@dataclass(frozen=True)
class ChangedTrack:
    """A picture's track whose packets are changed: their bytes, and the number of their frame as shown, are given."""

    track: PictureTrack
    change: Callable[[bytes, int], bytes]

    def __call__(self, out: OutputContainer) -> Packets:
        for packet in self.track(out):
            changed: Any = av.Packet(self.change(bytes(packet), round(packet.pts * packet.time_base * self.track.rate)))
            changed.pts, changed.dts, changed.time_base = packet.pts, packet.dts, packet.time_base
            changed.stream, changed.is_keyframe = packet.stream, packet.is_keyframe
            yield changed


def before_slices(data: bytes, user_data: bytes) -> bytes:
    """A packet of MPEG-2 with user data of its picture."""
    at = data.index(FIRST_SLICE)
    return data[:at] + USER_DATA + user_data + data[at:]


def triplets(number: int) -> bytes:
    """Two triplets of CTA-708 for a frame: characters of CTA-608 in field 1, and none in field 2."""
    return bytes([0xFC, 0x61 + number % 26, 0x80 + number % 64, 0xF9, 0x80, 0x80])


def texts(frames: int = 24) -> list[bytes]:
    """The triplets of each frame of `captioned`: none at SILENT."""
    return [b"" if number == SILENT else triplets(number) for number in range(frames)]


def captioned(path: Path, is_interlaced: bool = False) -> Path:
    """A film of 24 frames, some of them B-frames, with captions of `texts`: MPEG-2 in .ts, else H.264."""
    is_mpeg2 = path.suffix == ".ts"
    codec = "mpeg2video" if is_mpeg2 else "libx264"
    track = PictureTrack(pictures.pan(), codec, options={"bf": "2"}, top_field_first=is_interlaced)
    return write(path, ChangedTrack(track, _captioned_mpeg2 if is_mpeg2 else _captioned_h264))


def _atsc(text: bytes) -> bytes:
    """Captions as ATSC A/53 part 4 has them, from the identifier on."""
    return b"GA94\x03" + bytes([0xC0 | len(text) // 3, 0xFF]) + text + b"\xff"


def _captioned_mpeg2(data: bytes, number: int) -> bytes:
    return data if number == SILENT else before_slices(data, _atsc(triplets(number)))


def _captioned_h264(data: bytes, number: int) -> bytes:
    """With an SEI of registered user data (ITU-T H.264, section D.1.6); nothing in it looks like a start code."""
    message = b"\xb5\x00\x31" + _atsc(triplets(number))
    sei = UNIT + b"\x06\x04" + bytes([len(message)]) + message + b"\x80"
    return data if number == SILENT else sei + data


def captioned_late(path: Path) -> Path:
    """An H.264 film whose captions begin after its first frame."""
    track = PictureTrack(pictures.pan(), "libx264")
    return write(path, ChangedTrack(track, lambda data, number: _captioned_h264(data, number) if number > 5 else data))


def with_afd(path: Path) -> Path:
    """MPEG-2 whose active format description says 4:3 in a 16:9 frame (ETSI TS 101 154, annex B)."""
    track = PictureTrack(pictures.pan(6), "mpeg2video")
    return write(path, ChangedTrack(track, lambda data, _: before_slices(data, b"DTG1\x41\xf9")))


def with_gop_timecode(path: Path, timecode: str = "01:02:03:04") -> Path:
    """MPEG-2 with timecode in its groups of pictures."""
    options = {"gop_timecode": timecode} if timecode else {}
    return write(path, PictureTrack(pictures.pan(6), "mpeg2video", options=options))


def in_stereo(path: Path) -> Path:
    """H.264 whose two halves are the pictures of two eyes."""
    return write(path, PictureTrack(pictures.pan(6), "libx264", options={"x264-params": "frame-packing=3"}))


def in_dolby_vision(path: Path) -> Path:
    """H.265 with a unit of the kind in which Dolby Vision stores its metadata, of no use, behind each frame."""
    return write(path, ChangedTrack(_h265(), lambda data, _: data + UNIT + b"\x7c\x01\x19\x04\x09\x09\x09\x09\x80"))


def mirrored_by_its_stream(path: Path) -> Path:
    """H.264 whose stream says that left and right are to be swapped (ITU-T H.264, section D.1.27)."""
    orientation = _bits((0, 1), (1, 1), (0, 1), (0, 16), (2, 3), (0, 1), (1, 1))  # until another one is told
    sei = UNIT + b"\x06" + re.sub(b"\0\0(?=[\0-\3])", b"\0\0\3", bytes([47, len(orientation)]) + orientation + b"\x80")
    track = PictureTrack(pictures.pan(6), "libx264")
    return write(path, ChangedTrack(track, lambda data, number: sei + data if number == 0 else data))


def with_sei(path: Path, kind: int, payload: bytes) -> Path:
    """H.265 with supplemental information of a kind before each frame (ITU-T H.265, section D.2)."""
    message = re.sub(b"\0\0(?=[\0-\3])", b"\0\0\3", bytes([kind, len(payload)]) + payload + b"\x80")
    return write(path, ChangedTrack(_h265(), lambda data, _: UNIT + b"\x4e\x01" + message + data))


def with_frame_timecode(path: Path) -> Path:
    """Time code 10:20:30:12 in each frame (section D.2.27)."""
    fields = ((1, 2), (1, 1), (0, 1), (0, 5), (1, 1), (0, 1), (0, 1), (12, 9), (30, 6), (20, 6), (10, 5), (0, 5))
    return with_sei(path, 136, _bits(*fields))


def with_ambient_light(path: Path) -> Path:
    """The light around the viewer, 314 lux of D65 (section D.2.39)."""
    return with_sei(path, 148, struct.pack(">I2H", 3_140_000, 15635, 16450))


def in_hdr10_plus(path: Path) -> Path:
    """Dynamic metadata of HDR10+ (SMPTE ST 2094-40): one window, no curve."""
    fields = ((1, 2), (400, 27), (0, 1), (9000, 17), (9000, 17), (9000, 17), (700, 17), (0, 4), (0, 10), (0, 3))
    return with_sei(path, 4, b"\xb5\x00\x3c\x00\x01\x04\x01" + _bits(*fields))


def _bits(*fields: tuple[int, int]) -> bytes:
    """Values, each with its width in bits, and zeros up to a whole byte."""
    bits = "".join(f"{value:0{width}b}" for value, width in fields)
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")


def _h265() -> PictureTrack:
    params = {"x265-params": "log-level=error:pools=1", "preset": "ultrafast"}
    return PictureTrack(pictures.pan(6), "libx265", options=params)
