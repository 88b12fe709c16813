"""Sound written anew as PCM, sample for sample, where no container holds its codec, such as a DVD's LPCM."""

import io
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import av

HOLDERS = ("matroska", "mov", "mp4")
"""Muxers of sound that is kept as it is."""
PCM = {"u8": "pcm_u8", "s16": "pcm_s16le", "s32": "pcm_s32le", "flt": "pcm_f32le", "dbl": "pcm_f64le"}
"""Encoders by the format of decoded samples, as FFmpeg calls it without the p of planes."""


def pcm_codec(source: Any) -> str | None:
    """The codec of PCM for a film's stream of sound; None where a container takes its own, or it cannot be decoded."""
    form = source.codec_context.format
    if form is None or any(_takes(container, source) for container in HOLDERS):
        return None
    return PCM.get(form.packed.name)


def _takes(container: str, source: Any) -> bool:
    with av.open(io.BytesIO(), "w", format=container) as out, suppress(ValueError, av.FFmpegError):
        out.add_stream_from_template(source, opaque=True)
        return True
    return False


def add_pcm(out: Any, source: Any, codec: str, layout: str) -> Any:
    """Adds a stream of PCM to an output.

    Args:
        out: the result.
        source: the film's stream of sound.
        codec: FFmpeg's name.
        layout: of its channels.

    Raises:
        ValueError, av.FFmpegError: the container cannot hold it.
    """
    added = out.add_stream(codec, source.codec_context.sample_rate)
    added.codec_context.layout = layout
    return added


def as_pcm(packet: Any | None, source: Any, added: Any) -> Iterator[Any]:
    """The packets of PCM that a packet of sound holds; None gives those that the decoder still has.

    A damaged packet gives none, and leaves a pause: those behind it keep their times.
    """
    frames: list[Any] = []
    with suppress(av.InvalidDataError, av.EOFError):
        frames = source.codec_context.decode(packet)
    for frame in frames:
        yield from added.codec_context.encode(frame)
