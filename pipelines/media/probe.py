"""The facts of a film: every stream, times, sizes, tags. Decodes at most one frame."""

from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.filter
from av.container import InputContainer
from av.video.stream import VideoStream

from pipelines.errors import DamagedError, InputError, SettingsError
from pipelines.media.grading import grading_of
from pipelines.media.open import is_cover, open_film, packets_of, picture_stream, what_to_do
from pipelines.media.scans import find_scans, probe_scans
from pipelines.media.seek import frames_up_to
from pipelines.media.side_data import display_matrix_of, left_out_of, side_data_of
from pipelines.media.times import WITHOUT_TIMES, best_effort, pts_err
from pipelines.settings import ScanSettings
from pipelines.source import SCAN_SUFFIXES, FieldOrder, Film, OtherStream, Picture

FULL_RANGE = 2  # FFmpeg's AVCOL_RANGE_JPEG
UNKNOWN = 2  # of matrix, primaries and transfer in ITU-T H.273
MIN_BYTES = 100
"""A second of film has more: one that says it is longer has a damaged header, and its packets are counted."""
FIELD_ORDERS: dict[int, FieldOrder] = {2: "top", 3: "bottom", 4: "bottom", 5: "top"}
"""FFmpeg's AVFieldOrder (TT, TB, BB, BT) by the field that is shown first."""


def _first_frame(container: InputContainer, stream: VideoStream, path: Path) -> av.VideoFrame:
    stream.thread_type = "SLICE"  # frame threads would decode one frame for each core
    for packet in packets_of(container, stream):
        try:
            for frame in packet.decode():
                return frame
        except av.FFmpegError:
            continue  # `decode` says where the film is damaged
    raise InputError(path, "not one frame of it can be decoded", what_to_do(path))


def _first_time(path: Path, picture: Picture) -> int:
    """The time of the first frame of a film that is timed by dts."""
    with open_film(path, picture) as container:
        time = best_effort(picture, container.format.name)
        return time(_first_frame(container, picture_stream(container, path), path))


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


def _rate(stream: VideoStream) -> Fraction | None:
    """Frames per second: the average, or FFmpeg's guess where that is only the clock's, as in raw DV, or made up."""
    average, base = stream.average_rate, stream.base_rate
    is_clock = average is not None and stream.time_base == 1 / average and base is not None and base < average
    is_made_up = stream.container.format.name in WITHOUT_TIMES
    return stream.guessed_rate if is_clock or is_made_up or not average else average


def _picture(stream: VideoStream, frame: av.VideoFrame) -> Picture:
    context, form, side_data = stream.codec_context, frame.format, side_data_of(frame)
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
        frame_rate=_rate(stream),
        sample_aspect_ratio=stream.sample_aspect_ratio or Fraction(1),
        field_order=_field_order(stream, frame),
        base_rate=stream.base_rate,
        display_matrix=display_matrix_of(frame),
        grading=grading_of(side_data),
        has_captions="A53_CC" in side_data,
        left_out=left_out_of(side_data, context.codec_tag),
    )


def _other(stream: Any) -> OtherStream:
    codec = stream.codec_context.name if stream.codec_context is not None else "unnamed"
    return OtherStream(stream.index, stream.type, codec, getattr(stream, "language", None) or "und")


def _begin(stream: Any) -> Fraction | None:
    """Seconds at which a stream begins; None where it does not say, and of cover art."""
    if stream.start_time is None or not stream.time_base or is_cover(stream):
        return None
    return Fraction(stream.start_time * stream.time_base)


def is_written_anew(container: InputContainer, stream: Any) -> bool:
    """Whether a stream only stores the chapters or the timecode of an mp4 or mov, for which the muxer makes its own."""
    in_mp4 = "mp4" in container.format.name and stream.type == "data"
    return in_mp4 and (stream.discard == av.stream.Discard.all or "timecode" in stream.metadata)


def _span_of_packets(path: Path, index: int) -> Fraction:
    """Seconds from the first packet shown to the end of the last, for films that do not say how long they are."""
    first: int | None = None
    end = 0
    with open_film(path) as container:  # anew: some formats, such as SWF, cannot go back
        stream: Any = container.streams[index]
        with suppress(DamagedError):  # `decode` reports damage
            for packet in packets_of(container, stream):
                if packet.pts is not None and packet.size:
                    first = packet.pts if first is None else min(first, packet.pts)
                    end = max(end, packet.pts + (packet.duration or 0))
        return (end - (first or 0)) * Fraction(stream.time_base or 1)


def _announced(container: InputContainer, stream: VideoStream, start: Fraction) -> Fraction:
    """Seconds from the first frame to the end of the last, as the film says; 0 where it does not."""
    if stream.duration and stream.time_base:
        return stream.duration * Fraction(stream.time_base)
    if container.duration:
        from_zero = "matroska" in container.format.name  # others count from the first packet
        origin = Fraction(0) if from_zero else Fraction(container.start_time or 0, av.time_base)
        return max(Fraction(0), Fraction(container.duration, av.time_base) + origin - start)
    return Fraction(0)


def _duration(container: InputContainer, stream: VideoStream, start: Fraction, path: Path) -> Fraction:
    is_made_up = container.format.name in WITHOUT_TIMES  # they tell a rate of bits, of which FFmpeg makes a length
    said = Fraction(0) if is_made_up else _announced(container, stream, start)
    return said if 0 < said * MIN_BYTES <= path.stat().st_size else _span_of_packets(path, stream.index)


def picture_at(film: Film, seconds: Fraction) -> Picture:
    """The film's picture as it is at a time: its size or pixel format may have changed by then.

    The film's own where it cannot be read there, of which `decode` tells.
    """
    if film.scans is not None:
        return film.picture
    with open_film(film.path, film.picture) as container, suppress(av.FFmpegError, InputError):
        stream = picture_stream(container, film.path)
        stream.thread_type = "SLICE"
        for frame in frames_up_to(container, stream, film.pts(seconds), film):
            if frame.pts is not None and frame.pts >= film.pts(seconds):
                now = _picture(stream, frame)
                return replace(film.picture, width=now.width, height=now.height, pixel_format=now.pixel_format,
                               bits=now.bits, is_gray=now.is_gray, is_rgb=now.is_rgb,
                               is_full_range=now.is_full_range)  # fmt: skip
    return film.picture


def probe(path: Path, scanned: ScanSettings | None = None) -> Film:
    """The facts of a film: a file, a folder of scans, or the pattern of their names.

    Args:
        path: of the film.
        scanned: how pictures become a film; None: as their headers say.

    Raises:
        InputError: it cannot be read, or holds no picture.
        SettingsError: scans have no rate, or a file has its own.
    """
    scans = find_scans(path)
    if scans is not None:
        return probe_scans(path, scans, scanned or ScanSettings())
    if path.is_file() and scanned not in (None, ScanSettings()):
        if path.suffix.lower() in SCAN_SUFFIXES:
            raise SettingsError(
                path, "is one picture", f"name its folder, or {path.parent / f'NAME_%06d{path.suffix}'}"
            )
        raise SettingsError(path, "has times and sound of its own", "leave out --fps and --sound, which are for scans")
    with open_film(path) as container:
        stream = picture_stream(container, path)
        frame = _first_frame(container, stream, path)
        picture = _picture(stream, frame)
        if "timecode" in {**container.metadata, **stream.metadata}:  # which its result has too
            picture = replace(picture, left_out=tuple(each for each in picture.left_out if "timecode" not in each))
        is_delayed = (frame.dts or 0) > (frame.pts or 0)  # SVQ3 says nothing of its B-frames
        if stream.codec_context.has_b_frames or is_delayed:
            with open_film(path) as again:
                picture = replace(picture, is_timed_by_dts=pts_err(again, picture_stream(again, path)))
        first = _first_time(path, picture) if picture.is_timed_by_dts else frame.pts
        if first is None:
            raise InputError(path, "its frames have no times", "give them a rate: ffmpeg -r 25 -i FILM -c copy NEW.mkv")
        start = first * picture.time_base
        others = tuple(
            _other(other)
            for other in container.streams
            if other.index != stream.index and not is_written_anew(container, other)
        )
        duration = max(_duration(container, stream, start, path), picture.time_base)
        begins = [_begin(container.streams[other.index]) for other in others]
        begin = min([start, *(each for each in begins if each is not None)])
        name, chapters = container.format.name, len(container.chapters())
        return Film(path, name, picture, others, chapters, start, duration, begin=begin)
