"""The pixels' shape written into a Matroska file, for codecs that do not carry it (RFC 9559, section 5.1.4.1.28).

PyAV cannot set it, so the track gets a name that is too long, and its place is taken by the display size afterwards.
"""

import zlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

SEGMENT, TRACKS, TRACK, NAME, VIDEO = 0x18538067, 0x1654AE6B, 0xAE, 0x536E, 0xE0
DISPLAY_WIDTH, DISPLAY_HEIGHT, DISPLAY_UNIT, VOID, CRC = 0x54B0, 0x54BA, 0x54B2, 0xEC, 0xBF
ROOM = " (room for the size at which it is shown)"
"""The end of the name of a track whose pixels' shape is to be written."""


def reserve_shape(stream: Any) -> None:
    """Makes room for the pixels' shape in a stream of a Matroska file whose header is not written yet."""
    stream.metadata["title"] = stream.metadata.get("title", "") + ROOM


def write_shape(path: Path, width: int, height: int, sample_aspect_ratio: Fraction) -> None:
    """Writes the size at which the track with ROOM is shown into a Matroska file; its length stays.

    Args:
        path: of a file that is whole.
        width: of the picture, in pixels as stored.
        height: of the picture.
        sample_aspect_ratio: of its pixels.

    Raises:
        ValueError: no track has room.
    """
    shown = _display_size(width, height, sample_aspect_ratio)
    with path.open("r+b") as file:
        start, size = _find_tracks(file)
        file.seek(start)
        tracks = file.read(size)
        changed = tracks
        for which, payload in _elements(tracks):
            if which == TRACK:
                changed = changed.replace(payload, _with_shape(payload, shown), 1)
        if changed == tracks:
            raise ValueError(f"{path}: no track has room for its pixels' shape")
        file.seek(start)
        file.write(_checked(changed))


def _display_size(width: int, height: int, shape: Fraction) -> tuple[int, int]:
    """The smallest whole size of the picture's own height or a multiple of it that has its shape exactly."""
    shown = width * shape
    return shown.numerator, height * shown.denominator


def _find_tracks(file: IO[bytes]) -> tuple[int, int]:
    """Where the payload of the element Tracks begins in the file, and its length."""
    while True:
        head = file.read(12)
        if not head:
            raise ValueError("no tracks in this Matroska file")
        which, size, length = _head(head)
        start = file.seek(length - len(head), 1)
        if which == TRACKS:
            return start, size
        if which != SEGMENT:
            file.seek(size, 1)


def _head(data: bytes) -> tuple[int, int, int]:
    """The ID of the element that begins here, the size of its payload, and the length of both in front of it."""
    id_length = 9 - data[0].bit_length()
    size_length = 9 - data[id_length].bit_length()
    size = int.from_bytes(data[id_length : id_length + size_length]) & ((1 << 7 * size_length) - 1)
    return int.from_bytes(data[:id_length]), size, id_length + size_length


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements in a payload: ID and payload of each."""
    at = 0
    while at < len(data):
        which, size, length = _head(data[at : at + 12])
        yield which, data[at + length : at + length + size]
        at += length + size


def _element(which: int, payload: bytes) -> bytes:
    """An element as bytes, its size in as few as can be."""
    length = -(-(len(payload) + 1).bit_length() // 7)  # a size of ones alone would say that it is not known
    size = (len(payload) | 1 << 7 * length).to_bytes(length)
    return which.to_bytes((which.bit_length() + 7) // 8) + size + payload


def _with_shape(track: bytes, shown: tuple[int, int]) -> bytes:
    """The payload of a track with the size at which it is shown in place of ROOM; one without room as it is."""
    elements, room = list(_elements(track)), ROOM.encode()
    if not any(which == NAME and payload.endswith(room) for which, payload in elements):
        return track
    names = [(NAME, payload.removesuffix(room)) for which, payload in elements if which == NAME]
    pictures = [(VIDEO, _shown_as(payload, shown)) for which, payload in elements if which == VIDEO]
    others = [each for each in elements if each[0] not in (NAME, VIDEO)]
    changed = b"".join(_element(*each) for each in [*others, *(each for each in names if each[1]), *pictures])
    return changed + _element(VOID, bytes(len(track) - len(changed) - 2))


def _shown_as(video: bytes, shown: tuple[int, int]) -> bytes:
    """The payload of a track's picture with the size at which it is shown, in pixels: the muxer had said unknown."""
    display = (DISPLAY_WIDTH, DISPLAY_HEIGHT, DISPLAY_UNIT)
    kept = [each for each in _elements(video) if each[0] not in display]
    size = [(which, length.to_bytes(4)) for which, length in zip(display, shown, strict=False)]
    return b"".join(_element(*each) for each in [*kept, *size])


def _checked(tracks: bytes) -> bytes:
    """The payload with its checksum renewed, which comes first where there is one."""
    which, checksum, length = _head(tracks)
    rest = tracks[length + checksum :]
    return _element(CRC, zlib.crc32(rest).to_bytes(4, "little")) + rest if which == CRC else tracks
