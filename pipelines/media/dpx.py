"""The header of a DPX picture (SMPTE ST 268): what it says of the film, read from a scan and carried to its result."""

import math
import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from models.colour.log import CINEON, LogCurve

SIZE, GENERIC = 2048, 1664
"""Bytes of the header with and without its industry part, which is all about film and television."""
ORDERS = {b"SDPX": ">", b"XPDS": "<"}
UNDEFINED = 0xFFFFFFFF
FILE_OFFSET, FILE_SIZE, INDUSTRY_SIZE, ELEMENT_OFFSET = 4, 16, 28, 808
"""Where the header says where the picture begins (twice), how long the file is and how long its industry part."""
LOW_CODE, HIGH_CODE, TRANSFER, COLORIMETRIC, BITS = 784, 792, 801, 802, 803
FILM_RATE, TIMECODE, VIDEO_RATE, BLACK_LEVEL, WHITE_LEVEL = 1724, 1920, 1940, 1952, 1964
KEPT = (slice(160, 660), slice(768, 770), slice(784, 800), slice(801, 803), slice(1408, SIZE))
"""Parts of the header that a result takes over: who made it, how it lies, the codes' meaning, film and television."""
DEPTHS = (8, 10, 12, 16)
"""Bits of a sample, as far as they are read."""
LOGARITHMIC = (1, 3)
"""Transfers: printing density, logarithmic."""
TRANSFERS = {2: 8, 5: 1, 6: 1, 7: 6, 8: 6}
"""DPX's transfer as FFmpeg's AVColorTransferCharacteristic: linear, BT.709, BT.601."""
LINEAR, OF_BT709 = 2, 6
"""DPX's linear transfer; its transfer and colorimetry of BT.709."""


@dataclass(frozen=True)
class DpxHeader:
    """A header of SIZE bytes."""

    data: bytes
    order: str
    """< or >, as `struct` writes it."""

    @property
    def is_big_endian(self) -> bool:
        """Whether numbers have their largest byte first."""
        return self.order == ">"

    def _whole(self, at: int) -> int | None:
        value: int = struct.unpack_from(f"{self.order}I", self.data, at)[0]
        return None if value == UNDEFINED else value

    def _real(self, at: int) -> float | None:
        value: float = struct.unpack_from(f"{self.order}f", self.data, at)[0]
        return value if math.isfinite(value) and value > 0 else None

    @property
    def rate(self) -> Fraction | None:
        """Pictures per second; None where it is silent."""
        rate = self._real(FILM_RATE) or self._real(VIDEO_RATE)
        return None if rate is None or not 0.1 <= rate <= 1000 else Fraction(rate).limit_denominator(1001)

    @property
    def timecode(self) -> str:
        """HH:MM:SS:FF; empty where it is silent."""
        digits = f"{self._whole(TIMECODE) or 0:08X}"
        return ":".join(digits[i : i + 2] for i in range(0, 8, 2)) if digits.isdecimal() and int(digits) else ""

    @property
    def transfer(self) -> int | None:
        """FFmpeg's AVColorTransferCharacteristic; None where it is silent, or the picture logarithmic."""
        return TRANSFERS.get(self.data[TRANSFER])

    @property
    def log(self) -> LogCurve | None:
        """The curve of a logarithmic picture: the header's codes for black and white, or Cineon's."""
        if self.data[TRANSFER] not in LOGARITHMIC:
            return None
        most = (1 << self.data[BITS]) - 1
        levels = (self._real(BLACK_LEVEL), self._real(WHITE_LEVEL))
        codes = (self._whole(LOW_CODE), self._whole(HIGH_CODE))
        for black, white in (levels, codes):
            if black and white and black < white < most:
                return LogCurve(black / most, white / most)
        return CINEON

    def carried_to(self, picture: bytes) -> bytes:
        """A DPX picture of 16 bits with this header's words in its own, whose byte order is this one's."""
        head = bytearray(picture[:GENERIC]) + bytes(SIZE - GENERIC)
        for part in KEPT:
            head[part] = self.data[part]
        scale = 0xFFFF / ((1 << self.data[BITS]) - 1)
        for at in (LOW_CODE, HIGH_CODE):
            code = self._whole(at)
            self._put(head, at, "I", UNDEFINED if code is None else min(round(code * scale), 0xFFFF))
        for at in (BLACK_LEVEL, WHITE_LEVEL):
            if (level := self._real(at)) is not None:
                self._put(head, at, "f", level * scale)
        first = struct.unpack_from(f"{self.order}I", picture, FILE_OFFSET)[0]
        body = picture[first:]
        for at, value in ((FILE_OFFSET, SIZE), (ELEMENT_OFFSET, SIZE), (FILE_SIZE, SIZE + len(body))):
            self._put(head, at, "I", value)
        self._put(head, INDUSTRY_SIZE, "I", SIZE - GENERIC)
        return bytes(head) + body

    def _put(self, head: bytearray, at: int, kind: str, value: float) -> None:
        struct.pack_into(self.order + kind, head, at, value)


def with_transfer(picture: bytes, is_linear: bool) -> bytes:
    """A DPX picture that says it is BT.709, or linear light of its primaries."""
    return picture[:TRANSFER] + bytes((LINEAR if is_linear else OF_BT709, OF_BT709)) + picture[TRANSFER + 2 :]


def read_header(path: Path) -> DpxHeader | None:
    """The header of a picture; None where it is no DPX. Where its industry part is missing, that is undefined."""
    with path.open("rb") as file:
        data = file.read(SIZE)
    order = ORDERS.get(data[:4])
    if order is None or len(data) < GENERIC or data[BITS] not in DEPTHS:
        return None
    first: int = struct.unpack_from(f"{order}I", data, FILE_OFFSET)[0]
    return DpxHeader(data[: min(first, SIZE)].ljust(SIZE, b"\xff"), order)
