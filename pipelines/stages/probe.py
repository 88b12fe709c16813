"""What a film holds: every stream, times, sizes, tags. Decodes at most one frame."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.filter
from av.container import InputContainer
from av.video.stream import VideoStream

from pipelines.batch import FieldOrder, Film, OtherStream, Picture
from pipelines.errors import InputError

FULL_RANGE = 2  # FFmpeg's AVCOL_RANGE_JPEG
UNKNOWN = 2  # of matrix, primaries and transfer in ITU-T H.273
FIELD_ORDERS: dict[int, FieldOrder] = {2: "top", 3: "bottom", 4: "bottom", 5: "top"}
"""FFmpeg's AVFieldOrder (TT, TB, BB, BT) by the field that is shown first."""


@contextmanager
def open_film(path: Path) -> Iterator[InputContainer]:
    """The film, opened for reading.

    Raises:
        InputError: there is no such file, or FFmpeg knows no such format.
    """
    if path.is_dir():
        raise InputError(path, "is a folder, not a film", "name a file in it")
    if not path.exists():
        raise InputError(path, "no such file", "check its name and folder")
    if path.stat().st_size == 0:
        raise InputError(path, "the file is empty", "copy it again from its source")
    try:
        container = av.open(path, metadata_errors="replace")
    except PermissionError as error:
        raise InputError(path, "may not be read", "check the file's permissions") from error
    except av.FFmpegError as error:
        raise InputError(path, f"not a film that can be read ({_reason(error)})", _what_to_do(path)) from error
    with container:
        yield container


def packets_of(container: InputContainer, *streams: Any) -> Iterator[Any]:
    """The streams' packets in file order, from where the container stands, and behind stretches without any.

    Raises:
        InputError: the file cannot be read on.
    """
    while True:
        try:
            yield from container.demux(*streams)
            return
        except av.BlockingIOError:
            pass  # FFmpeg leaves off after so many bytes without a packet, and goes on when asked again
        except av.FFmpegError as error:
            path = Path(container.name)
            raise InputError(path, f"cannot be read on ({_reason(error)})", "copy it again from its source") from error


def _reason(error: av.FFmpegError) -> str:
    detail = str(error.log[-1]).strip() if error.log else ""
    return detail or error.strerror or str(error)


def _what_to_do(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] == b"ftyp":  # an mp4 or mov whose index, at its end, is missing
        return "its index is missing, as when a copy was cut short; copy it again from its source"
    return "give a video file"


def is_cover(stream: Any) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def picture_stream(container: InputContainer, path: Path) -> VideoStream:
    """The stream of the film's picture: the first that is no cover art.

    Raises:
        InputError: there is none.
    """
    for stream in container.streams.video:
        if not is_cover(stream) and stream.codec_context is not None:
            return stream
    kinds = ", ".join(sorted({stream.type for stream in container.streams})) or "no stream at all"
    raise InputError(path, f"no picture in it, only {kinds}", "give a file with a video stream")


def _first_frame(container: InputContainer, stream: VideoStream, path: Path) -> av.VideoFrame:
    stream.thread_type = "SLICE"  # frame threads would decode one frame for each core
    try:
        for packet in packets_of(container, stream):
            try:
                for frame in packet.decode():
                    return frame
            except av.InvalidDataError:
                continue  # `decode` says where the film is damaged
    except av.FFmpegError as error:
        raise InputError(path, f"not a film that can be read ({_reason(error)})", _what_to_do(path)) from error
    raise InputError(path, "not one frame of it can be decoded", _what_to_do(path))


def _field_order(stream: VideoStream, frame: av.VideoFrame) -> FieldOrder:
    named = FIELD_ORDERS.get(stream.codec_context.field_order, "progressive")
    if frame.interlaced_frame:  # the stream may say otherwise: FFmpeg's own encoder lets it
        return "top" if _shows_top_first(frame) else "bottom"
    return named


def _shows_top_first(frame: av.VideoFrame) -> bool:
    """Which field an interlaced frame shows first: PyAV does not tell, but a filter gives that one first."""
    graph = av.filter.Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 25))
    graph.link_nodes(source, graph.add("separatefields"), graph.add("buffersink")).configure()
    graph.push(frame)
    shown: Any = graph.pull()
    return shown.planes[0].buffer_ptr == frame.planes[0].buffer_ptr  # its lines begin with the frame's first


def _picture(stream: VideoStream, frame: av.VideoFrame) -> Picture:
    context, form = stream.codec_context, frame.format
    is_gray = len(form.components) <= 2 and not form.has_palette
    is_rgb = form.is_rgb or form.has_palette
    bits = max(8, form.components[0].bits)
    is_full = frame.color_range == FULL_RANGE or form.name.startswith("yuvj")
    if is_gray or is_rgb:  # FFmpeg takes both as full unless the film says otherwise
        is_full = is_rgb or frame.color_range != 1
    return Picture(
        index=stream.index,
        codec=context.name,
        width=frame.width,
        height=frame.height,
        pixel_format=form.name,
        bits=bits,
        is_full_range=is_full,
        is_gray=is_gray,
        is_rgb=is_rgb,
        matrix=int(frame.colorspace),
        primaries=int(frame.color_primaries),
        transfer=int(frame.color_trc),
        time_base=Fraction(stream.time_base or Fraction(1, 1000)),
        frame_rate=stream.average_rate or stream.guessed_rate,
        sample_aspect_ratio=stream.sample_aspect_ratio or Fraction(1),
        rotation=int(frame.rotation) % 360 // 90 * 90,
        field_order=_field_order(stream, frame),
    )


def _other(stream: Any) -> OtherStream:
    codec = stream.codec_context.name if stream.codec_context is not None else "unnamed"
    return OtherStream(stream.index, stream.type, codec, getattr(stream, "language", None) or "und")


def is_written_anew(container: InputContainer, stream: Any) -> bool:
    """Whether a stream is only how mp4 and mov keep chapters or the timecode, which the muxer writes from elsewhere."""
    in_mp4 = "mp4" in container.format.name and stream.type == "data"
    return in_mp4 and (stream.discard == av.stream.Discard.all or "timecode" in stream.metadata)


def _span_of_packets(container: InputContainer, stream: VideoStream) -> Fraction:
    """Seconds from the first packet shown to the end of the last, for films that do not say how long they are."""
    container.seek(0)
    first: int | None = None
    end = 0
    for packet in packets_of(container, stream):
        if packet.pts is not None and packet.size:
            first = packet.pts if first is None else min(first, packet.pts)
            end = max(end, packet.pts + (packet.duration or 0))
    return (end - (first or 0)) * Fraction(stream.time_base or 1)


def _duration(container: InputContainer, stream: VideoStream, start: Fraction) -> Fraction:
    if stream.duration and stream.time_base:
        return stream.duration * Fraction(stream.time_base)
    if container.duration:
        from_zero = "matroska" in container.format.name  # others count from the first packet
        origin = Fraction(0) if from_zero else Fraction(container.start_time or 0, av.time_base)
        whole = Fraction(container.duration, av.time_base) + origin - start
        if whole > 0:
            return whole
    return _span_of_packets(container, stream)


def probe(path: Path) -> Film:
    """The facts of a film.

    Raises:
        InputError: it cannot be read, or holds no picture.
    """
    with open_film(path) as container:
        stream = picture_stream(container, path)
        frame = _first_frame(container, stream, path)
        picture = _picture(stream, frame)
        if frame.pts is None:
            raise InputError(path, "its frames have no times", "put it into a container with times, such as mkv")
        start = frame.pts * picture.time_base
        others = tuple(
            _other(other)
            for other in container.streams
            if other.index != stream.index and not is_written_anew(container, other)
        )
        duration = max(_duration(container, stream, start), picture.time_base)
        return Film(path, container.format.name, picture, others, len(container.chapters()), start, duration)
