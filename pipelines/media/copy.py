"""All of a film but its picture, copied packet for packet: streams, tags, chapters; some captions in another codec."""

import math
from collections.abc import Collection, Iterator
from fractions import Fraction
from typing import Any

import av
from av.container import InputContainer, OutputContainer

from pipelines.errors import DamagedError
from pipelines.media.captions import add_text, rewritten, text_codec
from pipelines.media.open import is_cover, packets_of
from pipelines.media.sound import add_pcm, as_pcm, pcm_codec
from pipelines.source import Film, Span

WRITTEN_ANEW = {"major_brand", "minor_version", "compatible_brands", "encoder", "DURATION"}
"""Tags that describe the file they are in: the muxer writes its own."""
OF_PACKETS = {
    "BPS",
    "DURATION",
    "NUMBER_OF_BYTES",
    "NUMBER_OF_FRAMES",
    "_STATISTICS_TAGS",
    "_STATISTICS_WRITING_APP",
    "_STATISTICS_WRITING_DATE_UTC",
}
"""Tags of Matroska that count a stream's packets: wrong where not all of these are copied."""
OF_PICTURE = OF_PACKETS | {"ENCODER"}
"""Tags of the film's picture that are wrong of the coloured one."""
MAX_USUAL = 8
"""Channels up to which there is a usual layout for each number."""
MAX_APART = Fraction(2)
"""Seconds between picture and sound that lie side by side in a file."""
NO_TEXT = b"\x00\x00"
"""A mov_text packet between two captions; the muxer writes these itself."""


def copy_tags(source: Any, written: Any, anew: Collection[str] = ()) -> None:
    """Copies the tags of a file or stream to another, and a stream's disposition.

    Args:
        source: the film, or a stream of it.
        written: the result, or a stream of it.
        anew: tags that would be wrong of what is written, in capitals; with a language behind them (BPS-eng), too.
    """
    written.metadata.update({key: value for key, value in source.metadata.items() if key not in WRITTEN_ANEW})
    for key in [key for key in written.metadata if key.upper().partition("-")[0] in anew]:
        del written.metadata[key]
    if hasattr(written, "disposition"):
        written.disposition = source.disposition


def _cover_bytes(source: Any) -> bytes:
    """The picture of a cover art stream."""
    with av.open(source.container.name) as container:
        return next(bytes(packet) for packet in container.demux(container.streams[source.index]) if packet.size)


def add_as_coded(out: OutputContainer, template: Any) -> Any:
    """Adds a stream for packets that are copied, as their encoder or the film describes it."""
    stream: Any = out.add_stream_from_template(template, opaque=True)
    coded = template.codec_context
    if coded is not None and coded.name == "prores":  # its profile is in the tag alone; the muxer's own is 422 HQ's
        stream.codec_context.codec_tag = coded.codec_tag
    return stream


def add_other(out: OutputContainer, source: Any, is_span: bool = False) -> Any:
    """Adds a stream like `source` to an output; None for what has no packets there (attachments).

    Args:
        out: the result.
        source: a stream of the film.
        is_span: whether only a part of its packets will be copied.

    Raises:
        ValueError, av.FFmpegError: the container cannot hold it.
    """
    if is_attached(source, out.format.name):
        name = source.metadata.get("filename", f"attachment-{source.index}")
        data = source.data if source.type == "attachment" else _cover_bytes(source)
        out.add_attachment(name, source.metadata.get("mimetype", _mime_type(source)), data)
        return None
    if is_cover(source) and out.format.name == "mov":
        raise ValueError("mov drops cover art")
    codec = codec_anew(source, out.format.name)
    if codec and source.type == "audio":
        added = add_pcm(out, source, codec, usual_layout(source.codec_context))
    elif codec:
        added = add_text(out, source, codec)
    else:
        added = add_as_coded(out, source)
    copy_tags(source, added, OF_PACKETS if is_span or codec else ())
    if source.type == "video" and source.average_rate:
        added.codec_context.framerate = source.average_rate
    if source.type == "audio":
        added.codec_context.layout = usual_layout(source.codec_context)
    return added


def codec_anew(source: Any, container: str) -> str | None:
    """The codec in which a stream is written into a container; None where it is copied as it is."""
    if source.codec_context is None:
        return None
    if source.type == "audio":
        return pcm_codec(source)
    return text_codec(source.codec_context.name, container) if source.type == "subtitle" else None


def written_packets(packet: Any, source: Any, added: Any, codec: str | None) -> Iterator[Any]:
    """The packets of a result for one of the film: itself, or what it is in the codec of `codec_anew`.

    Args:
        packet: of the film; an empty one is its stream's end.
        source: its stream.
        added: the result's, from `add_other`.
        codec: of `codec_anew`.
    """
    if codec and source.type == "audio":
        copies = list(as_pcm(packet if packet.size else None, source, added))
    elif not packet.size:
        return
    else:
        text = rewritten(packet, source, added) if codec else packet
        copies = [] if text is None else [text]
    for copy in copies:
        copy.stream = added
        yield copy


def usual_layout(sound: Any) -> str:
    """The channel layout of a stream of sound; where none is specified, the usual one for its number of channels."""
    name: str = sound.layout.name
    is_unspecified = name == f"{sound.channels} channels" and sound.channels <= MAX_USUAL
    return av.AudioLayout(f"{sound.channels}c").name if is_unspecified else name


def is_attached(source: Any, container: str) -> bool:
    """Whether a stream is written as an attachment, without packets.

    Raises:
        ValueError: it can be nothing else, and the container holds none.
    """
    if source.type == "attachment" and container != "matroska":
        raise ValueError(f"{container} holds no attachments")
    return source.type == "attachment" or (is_cover(source) and container == "matroska")


def _mime_type(source: Any) -> str:
    codec = source.codec_context.name if source.codec_context is not None else ""
    return {"mjpeg": "image/jpeg", "png": "image/png"}.get(codec, "application/octet-stream")


def _is_pause(packet: Any, source: Any, container: str) -> bool:
    is_text = source.type == "subtitle" and source.codec_context.name == "mov_text"
    return is_text and container in ("mp4", "mov") and bytes(packet) == NO_TEXT


def other_packets(
    source: InputContainer, streams: dict[int, Any], film: Film, span: Span, container: str, last: Fraction
) -> Iterator[Any]:
    """Packets of the copied streams, in file order, moved so that the span begins at 0, and the film where it must.

    Args:
        source: the film.
        streams: of the result, by their index in the film.
        film: from `probe`.
        span: the part that is written.
        container: the muxer.
        last: seconds at which the last picture of the part is shown.

    Raises:
        DamagedError: the file cannot be read as far as its picture was.
    """
    if not streams:
        return
    low = None if span.start is None else film.start + span.start
    high = None if span.end is None else film.start + span.end
    shift = film.shift(span) if low is None else low
    codecs = {index: codec_anew(source.streams[index], container) for index in streams}
    for packet in _read_to(last, source, [source.streams[index] for index in streams]):
        if _is_pause(packet, packet.stream, container):
            continue
        if packet.size and packet.pts is not None and not is_cover(packet.stream):
            if packet.stream.type == "subtitle":
                _cut(packet, low, high)
            time = packet.pts * packet.time_base
            if (low is not None and time < low) or (high is not None and time >= high):
                continue
            if shift:
                ticks = round(shift / packet.time_base)
                packet.pts -= ticks
                packet.dts = packet.dts - ticks if packet.dts is not None else None
        index = packet.stream.index  # an empty packet has no stream_index
        yield from written_packets(packet, packet.stream, streams[index], codecs[index])


def _read_to(last: Fraction, source: InputContainer, streams: list[Any]) -> Iterator[Any]:
    """The packets of streams; where the file cannot be read on near a time or after it, up to there."""
    heard: Fraction | None = None
    try:
        for packet in packets_of(source, streams):
            if packet.stream.type == "audio" and packet.pts is not None:
                heard = packet.pts * packet.time_base
            yield packet
    except DamagedError:
        if heard is not None and heard < last - MAX_APART:
            raise


def _cut(caption: Any, low: Fraction | None, high: Fraction | None) -> None:
    """Shortens a caption to the part between two times, in seconds, where it says how long it is shown."""
    end = caption.pts + (caption.duration or 0)
    if low is not None:
        first = math.ceil(low / caption.time_base)
        if caption.pts < first < end:
            caption.pts = first
            caption.dts = None if caption.dts is None else max(caption.dts, first)
            caption.duration = end - first
    if high is not None and caption.pts < (last := math.ceil(high / caption.time_base)) < end:
        caption.duration = last - caption.pts


def chapters(source: InputContainer, film: Film, span: Span) -> list[Any]:
    """The chapters in a span, cut to it and moved as the film is."""
    kept = []
    for chapter in source.chapters():
        base = chapter["time_base"] or Fraction(1, 1000)
        low = int((film.shift(span) if span.start is None else film.start + span.start) / base)
        high = None if span.end is None else int((film.start + span.end) / base)
        start, end = max(chapter["start"], low), chapter["end"] if high is None else min(chapter["end"], high)
        if start < end:
            kept.append({**chapter, "start": start - low, "end": end - low})
    return kept
