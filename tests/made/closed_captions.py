"""Films with closed captions, which no encoder at hand writes: their bytes are put into the packets by ATSC A/53."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
from av.container import OutputContainer

from tests.made import pictures
from tests.made.tracks import Packets, PictureTrack, write

SILENT = 4
"""The number of the frame without captions in `captioned`."""


def triplets(number: int) -> bytes:
    """Two triplets of CTA-708 for a frame: characters of CTA-608 in field 1, and none in field 2."""
    return bytes([0xFC, 0x61 + number % 26, 0x80 + number % 64, 0xF9, 0x80, 0x80])


def user_data(frame: bytes) -> bytes:
    """ATSC's user data from its identifier on."""
    return b"GA94\x03" + bytes([0xC0 | len(frame) // 3, 0xFF]) + frame + b"\xff"


def in_mpeg2(frame: bytes) -> bytes:
    """User data of a picture (ISO/IEC 13818-2, section 6.2.2.2)."""
    return b"\x00\x00\x01\xb2" + user_data(frame)


def in_h264(frame: bytes) -> bytes:
    """An SEI of registered user data (ITU-T H.264, section D.1.6); nothing in it looks like a start code."""
    message = b"\xb5\x00\x31" + user_data(frame)
    return b"\x00\x00\x00\x01\x06\x04" + bytes([len(message)]) + message + b"\x80"


@dataclass(frozen=True)
class CaptionedTrack:
    """A picture's track in MPEG-2 (.ts) or H.264 (.mp4), with captions in its frames."""

    track: PictureTrack
    captions: Sequence[bytes]
    """Triplets of each frame."""

    def __call__(self, out: OutputContainer) -> Packets:
        is_mpeg2 = out.name.endswith(".ts")
        for packet in replace(self.track, codec="mpeg2video" if is_mpeg2 else "libx264")(out):
            frame = self.captions[round(packet.pts * packet.time_base * self.track.rate)]
            if not frame:
                yield packet
                continue
            data = bytes(packet)
            at = data.index(b"\x00\x00\x01\x01") if is_mpeg2 else 0  # before the first slice
            grown: Any = av.Packet(data[:at] + (in_mpeg2 if is_mpeg2 else in_h264)(frame) + data[at:])
            grown.pts, grown.dts, grown.time_base = packet.pts, packet.dts, packet.time_base
            grown.stream, grown.is_keyframe = packet.stream, packet.is_keyframe
            yield grown


def texts(frames: int = 24) -> list[bytes]:
    """The triplets of each frame of `captioned`: none at SILENT."""
    return [b"" if number == SILENT else triplets(number) for number in range(frames)]


def captioned(path: Path, is_interlaced: bool = False) -> Path:
    """A film of 24 frames, some of them B-frames, with captions of `texts`."""
    track = PictureTrack(pictures.pan(), options={"bf": "2"}, top_field_first=is_interlaced)
    return write(path, CaptionedTrack(track, texts()))
