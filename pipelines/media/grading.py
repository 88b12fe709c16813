"""The grading of a film of high dynamic range: read from its frames, told to encoders, written into segment files.

A result's muxer takes it from the segments' files, so it is in every container that has a place for it.
"""

import struct
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import IO

from pipelines.display import Grading

TO_SAMPLE_ENTRY = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
BEFORE_BOXES = {b"stsd": 8}
"""Bytes of a box's own before the boxes in it, where there are any (ISO/IEC 14496-12)."""


def grading_of(side_data: Mapping[str, bytes]) -> Grading:
    """A frame's mastering display and light level, as far as it tells them whole."""
    display, light = side_data.get("MASTERING_DISPLAY_METADATA"), side_data.get("CONTENT_LIGHT_LEVEL")
    levels = struct.unpack_from("2I", light) if light else ()
    return Grading(_mastering(display) if display else (), levels if max(levels, default=0) < 1 << 16 else ())


def _mastering(display: bytes) -> tuple[int, ...]:
    """FFmpeg's AVMasteringDisplayMetadata in the units of `Grading`; empty where a part is missing or out of range."""
    *numbers, has_primaries, has_luminance = struct.unpack_from("22i", display)
    parts = list(zip(numbers[::2], numbers[1::2], strict=True))
    if not (has_primaries and has_luminance and all(top >= 0 < bottom for top, bottom in parts)):
        return ()
    *places, least, most = (Fraction(top, bottom) for top, bottom in parts)
    units = (*(round(place * 50_000) for place in places), round(most * 10_000), round(least * 10_000))
    return units if max(units[:8]) < 1 << 16 and max(units) < 1 << 32 else ()


def encoder_params(grading: Grading, codec: str) -> list[str]:
    """Parameters of x264, x265 or SVT-AV1 by which they write a grading into the stream."""
    params = []
    display, light = {
        "h264": ("mastering-display", "cll"),
        "h265": ("master-display", "max-cll"),
        "av1": ("mastering-display", "content-light"),
    }[codec]
    if grading.mastering:
        is_decimal = codec == "av1"
        values = [f"{value / 50_000:.5f}" if is_decimal else str(value) for value in grading.mastering[:8]]
        values += [f"{value / 10_000:.4f}" if is_decimal else str(value) for value in grading.mastering[8:]]
        pairs = dict(zip(("R", "G", "B", "WP", "L"), zip(values[::2], values[1::2], strict=True), strict=True))
        params.append(
            f"{display}=" + "".join(f"{name}({','.join(pairs[name])})" for name in ("G", "B", "R", "WP", "L"))
        )
    if grading.light:
        params.append(f"{light}={grading.light[0]},{grading.light[1]}")
    return params


def write_grading(path: Path, grading: Grading) -> None:
    """Adds a grading to the header of a segment's file: an mp4 or mov of one stream, whose index lies at its end."""
    boxes = _boxes(grading)
    if not boxes:
        return
    with path.open("r+b") as file:
        start = _find_index(file)
        file.seek(start)
        index = file.read()
        file.seek(start)
        file.write(_grown(index, TO_SAMPLE_ENTRY, boxes))


def _boxes(grading: Grading) -> bytes:
    """The boxes mdcv and clli (ISO/IEC 14496-12, section 12.1.5 and 12.1.6)."""
    boxes = b""
    if grading.mastering:
        red, green, blue, white = (grading.mastering[at : at + 2] for at in (0, 2, 4, 6))
        values = (*green, *blue, *red, *white, *grading.mastering[8:])
        boxes += _box(b"mdcv", struct.pack(">8H2I", *values))
    return boxes + (_box(b"clli", struct.pack(">2H", *grading.light)) if grading.light else b"")


def _box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(payload), kind) + payload


def _find_index(file: IO[bytes]) -> int:
    """Where the box moov begins.

    Raises:
        ValueError: there is none.
    """
    at = 0
    while head := file.read(16):
        size, kind = struct.unpack_from(">I4s", head)
        if kind == b"moov":
            return at
        at = file.seek(at + (size if size != 1 else struct.unpack_from(">Q", head, 8)[0]))
    raise ValueError("no index in this file")


def _grown(boxes: bytes, path: Sequence[bytes], added: bytes) -> bytes:
    """Boxes in a row, of which the one that `path` leads to has `added` at the end of each box in it."""
    grown, at = b"", 0
    while at < len(boxes):
        size, kind = struct.unpack_from(">I4s", boxes, at)
        payload = boxes[at + 8 : at + size]
        if not path:
            payload += added
        elif kind == path[0]:
            own = BEFORE_BOXES.get(kind, 0)
            payload = payload[:own] + _grown(payload[own:], path[1:], added)
        grown += _box(kind, payload)
        at += size
    return grown
