"""Captions of text written anew in another codec, where a container does not hold their own; FFmpeg converts them."""

from typing import Any

import av

CODECS = {"matroska": "srt", "webm": "webvtt", "mp4": "mov_text", "mov": "mov_text"}
"""Of text in each container, for captions that it does not hold as they are."""
HELD = {
    "matroska": {"ass", "ssa", "subrip", "srt", "webvtt"},
    "webm": {"webvtt"},
    "mp4": {"mov_text"},
    "mov": {"mov_text"},
}
"""Codecs of text that each container holds."""
TEXT = {"ass", "ssa", "subrip", "srt", "webvtt", "mov_text", "text"}
"""Codecs whose captions are text."""


def text_codec(codec: str, container: str) -> str | None:
    """The codec in which captions go into a container; None where they are copied, or are not text.

    Args:
        codec: FFmpeg's name of the captions' own.
        container: FFmpeg's name of the muxer.
    """
    return CODECS.get(container) if codec in TEXT and codec not in HELD.get(container, TEXT) else None


def add_text(out: Any, source: Any, codec: str) -> Any:
    """Adds a stream of captions in another codec to an output.

    Args:
        out: the result.
        source: the film's stream of captions.
        codec: FFmpeg's name.

    Raises:
        ValueError, av.FFmpegError: the container cannot hold it.
    """
    plain: Any = av.CodecContext.create("srt", "r")
    plain.open()
    added = out.add_stream(codec)
    added.codec_context.time_base = source.time_base
    # of the usual style: the film's own, such as the font of every mov_text, would stand around each line
    added.codec_context.subtitle_header = plain.subtitle_header
    return added


def rewritten(packet: Any, source: Any, added: Any) -> Any | None:
    """A packet of captions in the codec of the stream added for them; None where it has no text.

    Raises:
        av.FFmpegError: it cannot be read.
    """
    caption = source.codec_context.decode2(packet)
    if caption is None or not any(line.dialogue for line in caption):
        return None
    text = added.codec_context.encode_subtitle(caption)
    text.time_base, text.pts, text.dts, text.duration = packet.time_base, packet.pts, packet.dts, packet.duration
    return text
