"""Damages a file at places that its container's readers trust: headers, indexes, packets, lengths."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

TS_PACKET = 188
"""Bytes, ISO/IEC 13818-1."""
DIF_BLOCK = 80
"""Bytes of a block of DV, IEC 61834."""
BOXES = (
    rb"ftyp|moov|trak|mdia|minf|stbl|stsd|stts|ctts|stsc|stsz|stco|stss|edts|elst|mvhd|tkhd|mdhd|hdlr|mdat|moof|traf"
    rb"|tfhd|trun|tfdt|mfra|avc1|avcC|esds|apch|tmcd|colr|pasp"
)
ELEMENTS = (
    rb"\x1a\x45\xdf\xa3|\x18\x53\x80\x67|\x11\x4d\x9b\x74|\x15\x49\xa9\x66|\x16\x54\xae\x6b|\x1f\x43\xb6\x75"
    rb"|\x1c\x53\xbb\x6b|\x2a\xd7\xb1|\x44\x89|\x63\xa2|\x23\xe3\x83|\xae|\xa3|\xa0|\xe7|\xe0"
)


@dataclass(frozen=True)
class Layout:
    """Where a container's structures lie: each begins with a mark, and says how long it is."""

    mark: bytes
    """Regular expression of what they begin with."""
    length_at: int
    """Bytes from the mark to the length; below zero where it stands before the mark."""
    length_size: int
    index: bytes
    """Regular expression of what an index begins with; where there is none, the file's last eighth counts as it."""


MP4 = Layout(BOXES, -4, 4, rb"moov|moof")
MATROSKA = Layout(ELEMENTS, 4, 2, rb"\x1c\x53\xbb\x6b|\x11\x4d\x9b\x74")
AVI = Layout(rb"RIFF|LIST|avih|strh|strf|idx1|JUNK|0[01]dc|0[01]wb", 4, 4, rb"idx1|strh")
PROGRAM = Layout(rb"\x00\x00\x01[\xb3\xb5\xb8\xba\xbb\xbd\xbe\xbf\xc0\xe0]", 4, 2, rb"\x00\x00\x01\xbb")
MXF = Layout(rb"\x06\x0e\x2b\x34", 16, 4, rb"\x06\x0e\x2b\x34\x02\x53\x01\x01\x0d\x01\x02\x01\x01\x10")
LAYOUTS = {
    ".mp4": MP4,
    ".mov": MP4,
    ".mkv": MATROSKA,
    ".webm": MATROSKA,
    ".avi": AVI,
    ".ts": Layout(rb"G[\x00-\x5f][\x00-\xff]", 4, 2, rb"G\x40[\x00\x11]"),
    ".mpg": PROGRAM,
    ".vob": PROGRAM,
    ".mxf": MXF,
    ".dv": Layout(rb"[\x1f\x3f\x5f\x7f\x9f\xbf][\x00-\xff]{2}", 0, 3, rb"\x3f"),
    ".ogv": Layout(rb"OggS", 26, 2, rb"OggS\x00\x04"),
    ".rm": Layout(rb"\.RMF|PROP|MDPR|CONT|DATA|INDX|\x00\x00", 4, 4, rb"INDX"),
    ".nsv": Layout(rb"NSV[fs]|\xef\xbe", 4, 4, rb"NSVf"),
    ".flv": Layout(rb"FLV|onMetaData|[\x08\x09\x12]\x00[\x00-\x20]", 1, 3, rb"onMetaData"),
    ".wmv": Layout(
        rb"[\x30\x36]\x26\xb2\x75|\xa1\xdc\xab\x8c|\x91\x07\xdc\xb7|\x82\x00\x00", 16, 8, rb"\x36\x26\xb2\x75"
    ),
}


@dataclass
class Damage:
    """Damages one file; each method changes its bytes in one way."""

    random: Random
    data: bytearray
    layout: Layout

    def header(self) -> None:
        """A few bytes near the beginning of a structure, or of the file."""
        begin = self.random.choice([0, *self._marks()])
        for _ in range(self.random.randint(1, 6)):
            self._set(begin + self.random.randint(0, 40))

    def index(self) -> None:
        """A few bytes of an index."""
        found = [match.start() for match in re.finditer(self.layout.index, self.data)]
        begin = self.random.choice(found or [len(self.data) * 7 // 8])
        for _ in range(self.random.randint(1, 12)):
            self._set(begin + self.random.randint(0, min(2000, len(self.data) // 8)))

    def packets(self) -> None:
        """A stretch of noise, of zeros or of ones, anywhere."""
        size = min(self.random.choice([1, 2, 8, 50, 400, 4000]), len(self.data))
        begin = self.random.randint(0, len(self.data) - size)
        fill = self.random.choice([None, 0, 255])
        self.data[begin : begin + size] = self.random.randbytes(size) if fill is None else bytes([fill]) * size

    def length(self) -> None:
        """The length of a structure."""
        size, order = self.layout.length_size, self.random.choice(["little", "big"])
        begin = self.random.choice(self._marks() or [0]) + self.layout.length_at
        was = int.from_bytes(self.data[begin : begin + size], order)  # type: ignore[arg-type]
        most = (1 << 8 * size) - 1
        now = self.random.choice([0, 1, 7, 8, most, most >> 1, was - 1, was + 1, 2 * was, was // 2, most // 16])
        self.data[max(0, begin) : max(0, begin) + size] = max(0, min(now, most)).to_bytes(size, order)  # type: ignore[arg-type]

    def shape(self) -> None:
        """The file cut short, or a stretch of it left out, given twice, or moved."""
        begin, end = sorted(self.random.randint(0, len(self.data)) for _ in range(2))
        end = min(end, begin + self.random.choice([1, 16, TS_PACKET, 2048, 1 << 20]))
        part, place = self.data[begin:end], self.random.randint(0, len(self.data))
        match self.random.choice(["short", "without", "twice", "moved", "zeros"]):
            case "short":
                del self.data[max(begin, 16) :]
            case "without":
                del self.data[begin:end]
            case "twice":
                self.data[end:end] = part
            case "moved":
                del self.data[begin:end]
                self.data[place:place] = part
            case "zeros":
                self.data[begin:begin] = bytes(self.random.choice([1, 188, 5000, 300_000]))

    def _marks(self) -> list[int]:
        return [match.start() for match in re.finditer(self.layout.mark, self.data)]

    def _set(self, place: int) -> None:
        if 0 <= place < len(self.data):
            value = self.random.choice([0, 255, 128, 127, 1, self.random.randrange(256), self.data[place] ^ 1])
            self.data[place] = value


WAYS: tuple[Callable[[Damage], None], ...] = (
    Damage.header, Damage.header, Damage.index, Damage.packets, Damage.length, Damage.length, Damage.shape,
)  # fmt: skip
"""Ways to damage a file, each as often as it is drawn."""


def damaged(data: bytes, ending: str, random: Random) -> tuple[bytes, str]:
    """A file's bytes, damaged in one to three places, and how, in words."""
    damage, done = Damage(random, bytearray(data), LAYOUTS[ending]), []
    for _ in range(random.choice([1, 1, 2, 3])):
        way = random.choice(WAYS)
        if damage.data:
            way(damage)
        done.append(way.__name__)
    return bytes(damage.data), "+".join(done)
