"""A film in Sorenson Video 3 in MOV, as QuickTime wrote it: no encoder of FFmpeg does, so its bits are written here."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av

WIDTH, HEIGHT = 128, 96
RATE = 25
BETWEEN, WHOLE = 1, 2
"""Kinds of pictures, B and I, as slices have them."""


def _number(value: int) -> str:
    """A number as interleaved Golomb code: the bits of value + 1 behind the first, a 0 before each, and a 1."""
    return "".join("0" + bit for bit in bin(value + 1)[3:]) + "1"


def _picture(kind: int, number: int) -> bytes:
    """One slice: its kind, its number in order of showing, 12 as quantiser, no options; then 8 x 6 macroblocks.

    Those of I are predicted as a whole, and the first adds a brightness of its own; those of B lie between the two
    pictures around them.
    """
    bits = _number(kind) + "0" + f"{number:08b}" + f"{12:05b}" + "0" * 6
    if kind == WHOLE:
        whole, nothing = _number(1) + _number(0), _number(0)
        bits += whole + _number(1 + number % 14) + nothing + 47 * (whole + nothing) + "1" * 24
    else:
        bits += "1" * 400  # 0 as often as it is asked for
    bits += "0" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8)
    return bytes([0x21, len(data)]) + data  # a slice whose length has one byte


def svq3(path: Path, frames: int = 41) -> Path:
    """An I-frame, and then again and again an I-frame and the B-frame that is shown before it; one time a packet."""
    order = [(0, WHOLE), *(pair for k in range(1, frames - 1, 2) for pair in ((k + 1, WHOLE), (k, BETWEEN)))]
    with av.open(path, "w") as out:
        stream: Any = out.add_mux_stream("svq3", rate=RATE, width=WIDTH, height=HEIGHT)
        stream.time_base = Fraction(1, RATE)
        for place, (number, kind) in enumerate(order):
            packet: Any = av.Packet(_picture(kind, number))
            packet.stream, packet.time_base = stream, Fraction(1, RATE)
            packet.pts = packet.dts = place
            packet.duration, packet.is_keyframe = 1, kind == WHOLE
            out.mux(packet)
    return path
