"""Folders of scans drawn in code: numbered pictures, each kind written by FFmpeg's own encoder."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint16]
SIZE = (48, 64)
FORMATS = {
    ".dpx": ("gray16be", "rgb48be"),
    ".tif": ("gray16le", "rgb48le"),
    ".png": ("gray16be", "rgb48be"),
    ".exr": ("grayf32le", "gbrpf32le"),
}


def drawn(frames: int, size: tuple[int, int] = SIZE, seed: int = 0) -> Codes:
    """(N, H, W): a bright round thing that moves over a ramp, with grain, 16 bits of all codes."""
    grain = np.random.default_rng(seed).normal(0, 300, (frames, *size))
    rows, columns = np.mgrid[: size[0], : size[1]]
    ramp = columns / (size[1] - 1) * 60_000
    return np.stack([
        (ramp + 30_000 * (np.hypot(rows - size[0] / 2, columns - 8 - number) < 9) + grain[number]).clip(0, 65_535)
        for number in range(frames)
    ]).astype(np.uint16)  # fmt: skip


def encoded(picture: NDArray[Any], suffix: str, form: str = "") -> bytes:
    """A picture, gray (H, W) or RGB (H, W, 3), as a file: uint16 codes, for .exr float32 light."""
    form = form or FORMATS[suffix][picture.ndim - 2]
    if suffix == ".exr":
        frame: Any = _light(picture, form)
    elif form == "gbrp10be":
        frame = av.VideoFrame.from_ndarray(picture << 6 | picture >> 4, format="rgb48le").reformat(format=form)
    else:
        frame = av.VideoFrame.from_ndarray(picture, format=form)
    context: Any = av.CodecContext.create({".tif": "tiff"}.get(suffix, suffix[1:]), "w")
    context.width, context.height, context.pix_fmt, context.time_base = frame.width, frame.height, form, Fraction(1)
    return b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)])


def _light(picture: NDArray[Any], form: str) -> av.VideoFrame:
    frame = av.VideoFrame(picture.shape[1], picture.shape[0], form)
    planes = [picture] if picture.ndim == 2 else [picture[..., channel] for channel in (1, 2, 0)]
    for plane, samples in zip(frame.planes, planes, strict=True):
        lines = np.zeros((plane.height, plane.line_size // 4), np.float32)
        lines[:, : samples.shape[1]] = samples
        plane.update(lines.tobytes())
    return frame


def scans(
    folder: Path, pictures: Sequence[NDArray[Any]], suffix: str = ".tif", first: int = 1, prefix: str = "scan_"
) -> Path:
    """A folder of pictures, numbered with six digits from `first` on."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures, start=first):
        (folder / f"{prefix}{number:06d}{suffix}").write_bytes(encoded(picture, suffix))
    return folder


def write_dpx_header(path: Path, **fields: float) -> None:
    """Gives a DPX picture of FFmpeg's an industry header, and fields of it and of its image header their values."""
    places = {"rate": (1724, "f"), "timecode": (1920, "I"), "transfer": (801, "B"), "low": (784, "I"),
              "high": (792, "I"), "black_level": (1952, "f"), "white_level": (1964, "f")}  # fmt: skip
    data = path.read_bytes()
    order = ">" if data[:4] == b"SDPX" else "<"
    head = bytearray(data[:1664] + b"\xff" * 384)
    head[1664:1700] = b"KODAK film edge code 1234".ljust(36, b"\0")
    for at in (4, 808):
        struct.pack_into(f"{order}I", head, at, 2048)
    for name, value in fields.items():
        at, kind = places[name]
        struct.pack_into(order + kind, head, at, value)
    path.write_bytes(bytes(head) + data[1664:])
