"""The encoder of NVIDIA's cards: whether this machine has it, and whether a run takes it."""

from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import av
import av.logging

from pipelines.media.codecs import ENCODERS, NVENC
from pipelines.media.target import choose_target
from pipelines.settings import Codec, EncodeSettings
from pipelines.source import Film

SIDE = 256
"""Pixels of the picture with which it is tried: the least that all cards take is below."""
REASONS = {
    "libcuda": "there is no NVIDIA driver here",
    "libnvidia-encode": "the NVIDIA driver here has no encoder; in a container, NVIDIA_DRIVER_CAPABILITIES lacks video",
    "nvcuda": "there is no NVIDIA driver here",
    "API version": "the NVIDIA driver here is too old for it",
    "No capable devices": "the card here has none, as A100, H100 and other cards for data centres",
    "unsupported device": "the card here has none, as A100, H100 and other cards for data centres",
}
"""By what FFmpeg says where NVENC does not open."""


@cache
def missing_nvenc(codec: Codec) -> str | None:
    """The reason why this machine's card cannot encode; None: it can. It is tried, once in a process.

    Args:
        codec: h264 or h265; the others have none.
    """
    if codec not in NVENC:
        return f"NVENC does not write {codec}; it writes {' and '.join(NVENC)}"
    name = NVENC[codec].name
    if name not in av.codecs_available:
        return f"FFmpeg has no {name} here"
    level = av.logging.get_level()
    av.logging.set_level(av.logging.ERROR)
    try:
        with av.logging.Capture(local=True) as said:
            context: Any = av.CodecContext.create(name, "w")
            context.width = context.height = SIDE
            context.pix_fmt, context.time_base = "yuv420p", Fraction(1, 25)
            context.open()
    except av.FFmpegError as error:
        words = " ".join(message for _, _, message in said) or str(error)
        return next((reason for key, reason in REASONS.items() if key in words), " ".join(words.split()))
    finally:
        av.logging.set_level(level)
    return None


def choose_encoder(film: Film, settings: EncodeSettings, deinterlace: bool) -> tuple[EncodeSettings, tuple[str, ...]]:
    """The settings with the encoder that a run takes, and notes on it.

    Raises:
        ValueError: NVENC is asked for, and this machine or this picture cannot have it.
    """
    if settings.encoder == "cpu":
        return settings, ()
    on_card = replace(settings, encoder="nvenc")
    why = missing_nvenc(settings.codec) or _unfit(film, on_card, deinterlace)
    if why is None:
        return on_card, ("NVENC encodes: its bytes are others than those of the CPU's encoder",)
    if settings.encoder == "nvenc":
        raise ValueError(f"--encoder nvenc: {why}; --encoder cpu does without")
    return replace(settings, encoder="cpu"), (f"the CPU encodes: {why}",)


def _unfit(film: Film, settings: EncodeSettings, deinterlace: bool) -> str | None:
    """Why NVENC would lose of a film's picture what the CPU's encoder keeps; None where it would not."""
    picture = film.picture
    if picture.field_order != "progressive" and not deinterlace:
        return "NVENC's interlaced pictures are not written here"
    try:
        own = choose_target(film, replace(settings, encoder="cpu"), deinterlace)
        its = choose_target(film, settings, deinterlace)
    except ValueError as error:
        return str(error)
    if (own.bits, own.chroma_format) != (its.bits, its.chroma_format):
        return f"NVENC takes {its.bits} bits of {its.chroma_format}, the picture has {own.bits} of {own.chroma_format}"
    return None


def encoders() -> dict[str, str | None]:
    """NVENC's encoders by FFmpeg's names, each with the reason why it cannot be used here; None: it can."""
    return {NVENC[codec].name: missing_nvenc(codec) for codec in ENCODERS if codec in NVENC}
