"""The picture of one frame as a file that knows its film and time: PNG or TIFF, read again after it was painted over.

The words are put where editors keep them when they save: into XMP and the picture's description.
"""

import re
import struct
import zlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.media.image import Rgb, png

WORDS = re.compile(rb"restore still film=([0-9a-f]{12}) time=(\d{1,12}(?:/[1-9]\d{0,11})?) s")
"""Looked for in all bytes of a file: editors rewrite XMP, and keep the words in it."""
XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description><rdf:Alt><rdf:li xml:lang="x-default">{}</rdf:li>'
    '</rdf:Alt></dc:description></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)
PNG_SIGNATURE = b"\x89PNG"
JPEG = b"\xff\xd8"
PNG_HEAD = 33
"""Bytes of a PNG's signature and its first chunk, behind which words may stand."""
DESCRIPTION, XMP_TAG = 270, 700
"""Of TIFF."""
TIFF_TYPES = {DESCRIPTION: 2, XMP_TAG: 1}
"""ASCII and bytes."""


@dataclass(frozen=True)
class StillTag:
    """The frame that a picture is of."""

    film: str
    """First 12 digits of what `places.film_mark` gives."""
    time: Fraction
    """Seconds from the film's start."""

    def __str__(self) -> str:
        return f"restore still film={self.film} time={self.time} s"


@dataclass(frozen=True)
class PaintedPicture:
    """A picture as a person gives it."""

    rgb: NDArray[np.float32]
    """(H, W, 3), R'G'B' 0..1."""
    alpha: NDArray[np.float32]
    """(H, W), 0..1; 1 where the file has none."""


def picture_file(picture: Rgb, suffix: str) -> bytes:
    """(H, W, 3), RGB of 8 or 16 bits, as a .png, .tif or .tiff file."""
    if suffix == ".png":
        return png(picture)
    return cv2.imencode(".tif", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes()


def tagged(file: bytes, tag: StillTag) -> bytes:
    """A PNG or TIFF from `picture_file` with the tag in it."""
    words, xmp = str(tag).encode(), XMP.format(tag).encode()
    if file.startswith(PNG_SIGNATURE):
        about = _chunk(b"tEXt", b"Description\0" + words) + _chunk(b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + xmp)
        return file[:PNG_HEAD] + about + file[PNG_HEAD:]
    return _with_tags(file, {DESCRIPTION: words + b"\0", XMP_TAG: xmp})


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _with_tags(tiff: bytes, tags: dict[int, bytes]) -> bytes:
    """A TIFF of one picture with more tags: a new directory at its end takes the place of its own."""
    order = "<" if tiff.startswith(b"II") else ">"
    (place,) = struct.unpack_from(f"{order}I", tiff, 4)
    (count,) = struct.unpack_from(f"{order}H", tiff, place)
    entries = {
        struct.unpack_from(f"{order}H", tiff, at)[0]: tiff[at : at + 12]
        for at in range(place + 2, place + 2 + 12 * count, 12)
    }
    body = tiff + bytes(len(tiff) % 2)
    for tag, content in tags.items():
        entries[tag] = struct.pack(f"{order}HHII", tag, TIFF_TYPES[tag], len(content), len(body))
        body += content + bytes(len(content) % 2)
    listed = b"".join(entries[tag] for tag in sorted(entries))
    directory = struct.pack(f"{order}H", len(entries)) + listed + bytes(4)
    return body[:4] + struct.pack(f"{order}I", len(body)) + body[8:] + directory


def tag_of(path: Path) -> StillTag | None:
    """The frame that a file is of; None where it does not say.

    Raises:
        OSError: it cannot be read.
    """
    found = WORDS.search(path.read_bytes())
    return StillTag(found[1].decode(), Fraction(found[2].decode())) if found else None


def read_painted(path: Path) -> PaintedPicture:
    """A picture of any kind that OpenCV reads, with its transparency.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no picture.
    """
    file = path.read_bytes()
    how = cv2.IMREAD_COLOR if file.startswith(JPEG) else cv2.IMREAD_UNCHANGED  # cameras turn JPEG by a tag
    picture: Any = cv2.imdecode(np.frombuffer(file, np.uint8), how)
    if picture is None or picture.dtype not in (np.uint8, np.uint16):
        raise ValueError("is no picture of 8 or 16 bits that can be read")
    values = picture.astype(np.float32) / np.float32(np.iinfo(picture.dtype).max)
    if values.ndim == 2:
        values = np.repeat(values[..., None], 3, axis=2)
    alpha = values[..., 3] if values.shape[2] == 4 else np.ones(values.shape[:2], np.float32)
    return PaintedPicture(np.ascontiguousarray(values[..., 2::-1]), alpha)
