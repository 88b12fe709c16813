"""Frames made by hand, encoded, and read back."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.filter
import numpy as np

from pipelines.frames import ColouredFrame, EncodedSegment, Luma
from pipelines.media.codecs import ENCODERS
from pipelines.media.encode import Encode
from pipelines.media.target import Target
from pipelines.settings import Codec, EncodeSettings
from tests.made.handmade import frame, target
from tests.made.pictures import pan
from tests.made.readers import samples

WIDE = {"width": 256, "height": 128}
"""The least that dnxhd takes is 256 x 120."""
DEEP = {"bits": 10, "chroma_format": "422"}
FORMATS: dict[Codec, dict[str, Any]] = {codec: DEEP if codec in ("prores", "dnxhr") else {} for codec in ENCODERS}
"""What each codec takes at least."""


def made(codec: Codec = "ffv1", **changes: Any) -> Target:
    """A target of WIDE; source depth and range are its own unless named."""
    bits, full = changes.get("bits", 8), changes.get("is_full_range", False)
    own = {"encoder": ENCODERS[codec].name, "source_bits": bits, "source_is_full_range": full}
    return target(**{"codec": codec, **WIDE, **own, **changes})


def noise(form: Target, count: int = 6) -> list[ColouredFrame]:
    """Frames whose every sample is another, in the source's depth and the target's chroma depth."""
    rng = np.random.default_rng(1)

    def plane(bits: int, size: tuple[int, int]) -> Luma:
        return rng.integers(0, 1 << bits, size).astype(np.uint8 if bits == 8 else np.uint16)

    def coloured(pts: int) -> ColouredFrame:
        luma = plane(form.source_bits, (form.height, form.width))
        return ColouredFrame(frame(luma, pts), *(plane(form.bits, form.chroma_size) for _ in "br"), shot=0)

    return [coloured(pts) for pts in range(count)]


def smooth(form: Target, count: int = 6, times: Sequence[int] | None = None) -> list[ColouredFrame]:
    """Frames that any codec holds well: a pan, in even colour."""

    dtype = np.uint8 if form.bits == 8 else np.uint16
    planes = [np.full(form.chroma_size, share * (1 << form.bits)).astype(dtype) for share in (0.4, 0.6)]
    lumas = (picture[..., 0] * 0.9 * (1 << form.source_bits) for picture in pan(100, 0, form.width, form.height))
    pictures = (luma.astype(np.uint8 if form.source_bits == 8 else np.uint16) for luma in lumas)
    shown = zip(times or range(count), pictures, strict=False)
    return [ColouredFrame(frame(luma, pts), *planes, shot=0) for pts, luma in shown]


def encoded(form: Target, frames: list[ColouredFrame], path: Path, threads: int = 2, **settings: Any) -> EncodedSegment:
    """The frames written to `path`."""
    return Encode(form, EncodeSettings(codec=form.codec, threads=threads, **settings))(iter(frames), path)


def planes(path: Path) -> list[list[Luma]]:
    """Y', Cb and Cr of each frame."""
    with av.open(path) as film:
        return [[samples(shown, channel) for channel in range(3)] for shown in film.decode(video=0)]


def seconds(path: Path) -> list[Fraction]:
    """When each frame is shown."""
    with av.open(path) as film:
        return [shown.pts * shown.time_base for shown in film.decode(video=0) if shown.pts is not None]


def interlace_types(path: Path) -> list[str]:
    """How each frame is flagged: PyAV does not say which field comes first, a filter does."""
    with av.open(path) as film:
        return [flag_of(shown) for shown in film.decode(video=0)]


def flag_of(shown: av.VideoFrame) -> str:
    for flag in ("TOPFIRST", "BOTTOMFIRST", "PROGRESSIVE"):
        graph = av.filter.Graph()
        source = graph.add_buffer(
            width=shown.width, height=shown.height, format=shown.format, time_base=Fraction(1, 24)
        )
        select = graph.add("select", f"eq(interlace_type,{flag})")
        graph.link_nodes(source, select, graph.add("buffersink")).configure()
        graph.push(shown)
        with suppress(av.BlockingIOError, av.EOFError):
            graph.pull()
            return flag
    return "none"
