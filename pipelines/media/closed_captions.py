"""Closed captions (CTA-608, CTA-708) in packets of H.264, H.265 and AV1, as ATSC A/53 part 4 has them."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import av

from pipelines.media.codecs import ENCODERS
from pipelines.settings import Codec

ATSC = b"\xb5\x00\x31GA94\x03"
"""Of ITU-T T.35: the country, the provider, its code of captions in video, and the type of what follows."""
TRIPLETS = 31
"""Of three bytes each, in one message at most."""
SEI_HEADERS = {"h264": b"\x06", "h265": b"\x4e\x01"}
SEI_OF_T35, OBU_OF_METADATA, METADATA_OF_T35 = 4, 0x2A, 4
FRAME_HEADER, FRAME = 3, 6
"""OBUs (AV1, section 6.2.2) that begin a frame."""


def captioned(packets: Iterable[Any], captions: dict[int, bytes], codec: Codec) -> Iterator[Any]:
    """Packets with the captions of their pts, taken out of `captions` where the codec has a place for them."""
    for packet in packets:
        own = captions.pop(packet.pts, b"") if ENCODERS[codec].keeps_captions else b""
        yield with_captions(packet, own, codec) if own else packet


def with_captions(packet: Any, captions: bytes, codec: Codec) -> Any:
    """A packet with captions in front of its frame.

    Args:
        packet: as the encoder gives it: for H.264 and H.265 with start codes.
        captions: triplets of a frame, as in FFmpeg's A53_CC.
        codec: of the packet: h264, h265 or av1.
    """
    data = bytes(packet)
    at = _last_frame(data) if codec == "av1" else _first_slice(data, codec)
    added = b"".join(_unit(message, codec) for message in _messages(captions))
    grown = av.Packet(data[:at] + added + data[at:])
    grown.pts, grown.dts, grown.duration = packet.pts, packet.dts, packet.duration
    grown.time_base, grown.stream, grown.is_keyframe = packet.time_base, packet.stream, packet.is_keyframe
    return grown


def _messages(captions: bytes) -> Iterator[bytes]:
    for at in range(0, len(captions), 3 * TRIPLETS):
        part = captions[at : at + 3 * TRIPLETS]
        yield ATSC + bytes([0xC0 | len(part) // 3, 0xFF]) + part + b"\xff"


def _unit(message: bytes, codec: Codec) -> bytes:
    """A message as an SEI of H.264 or H.265, or as a metadata OBU of AV1."""
    if codec == "av1":
        payload = bytes([METADATA_OF_T35]) + message + b"\x80"
        return bytes([OBU_OF_METADATA, len(payload)]) + payload  # at most 105 bytes: the length is one byte
    payload = bytes([SEI_OF_T35, len(message)]) + message + b"\x80"
    return b"\0\0\0\1" + SEI_HEADERS[codec] + re.sub(b"\0\0(?=[\0-\3])", b"\0\0\3", payload)


def _first_slice(data: bytes, codec: Codec) -> int:
    """Where the start code of the first slice begins."""
    for found in re.finditer(b"\0?\0\0\1(?=(.))", data, re.DOTALL):
        head = found[1][0]
        if (head >> 1 & 63) < 32 if codec == "h265" else 1 <= head & 31 <= 5:
            return found.start()
    return len(data)


def _last_frame(data: bytes) -> int:
    """Where the last frame of a temporal unit begins: the one that is shown."""
    at = last = 0
    while at < len(data):
        kind, start = data[at] >> 3 & 15, at
        at += 2 if data[at] & 4 else 1
        size = shift = 0
        while True:
            size |= (data[at] & 127) << shift
            shift, at = shift + 7, at + 1
            if not data[at - 1] & 128:
                break
        last = start if kind in (FRAME_HEADER, FRAME) else last
        at += size
    return last
