"""The coloured picture joined from its segments, and everything else the film held, packet for packet."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer, OutputContainer

from pipelines.display import AS_STORED
from pipelines.frames import EncodedSegment
from pipelines.media.copy import OF_PICTURE, WRITTEN_ANEW, add_as_coded, add_other, chapters, copy_tags, other_packets
from pipelines.media.matroska import reserve_shape, write_shape
from pipelines.media.open import is_cover, open_others
from pipelines.media.origin import add_origin
from pipelines.media.target import Target
from pipelines.media.timecode import move_timecode, tags_of
from pipelines.media.verify import Muxing, Tally, check_written
from pipelines.source import Film, Span

COVER = "cover art"
"""The name of its packets, which are not counted."""
MAX_TICKS = 1 << 31
"""A second in mp4 has fewer."""


@dataclass(frozen=True)
class SegmentFile:
    """A segment and where it lies."""

    path: Path
    encoded: EncodedSegment
    own: str = ""
    """Its identity, see `job.identity.about_segment`."""


def mask_beside(whole: Path) -> Path:
    """Where the mask of a result lies until both are put in their places."""
    return whole.with_name(f"{whole.name}.mask")


def container_options(container: str, time_base: Fraction) -> dict[str, str]:
    """Muxer options: same bytes for same input, exact times.

    Args:
        container: the muxer.
        time_base: of the picture.
    """
    options = {"fflags": "+bitexact"}
    if container in ("mp4", "mov"):
        # edit lists and chapters count in it: both the picture's ticks and milliseconds must fit
        exact = math.lcm(1000, time_base.denominator)
        options["movie_timescale"] = str(exact if exact < MAX_TICKS else time_base.denominator)
    if container == "matroska":
        options["avoid_negative_ts"] = "disabled"  # sound that leads, as AAC's first packet does, would move the film
    if container == "mpegts":
        options |= {"mpegts_copyts": "1", "avoid_negative_ts": "disabled"}  # both would move the film's start
    return options


def offset_of(film: Film, target: Target, span: Span) -> int:
    """Ticks by which a result shows its frames later than the film."""
    return -int(film.shift(span) / target.time_base)


def picture_times(segments: Sequence[SegmentFile], offset: int) -> dict[int, int]:
    """Ticks that each frame lasts, by its pts in the result: to the next; the last as long as its packet says.

    Args:
        segments: all of them, in order; one of them has a frame.
        offset: as `offset_of` gives it.
    """
    pts = [each + offset for segment in segments for each in segment.encoded.pts]
    last = next(segment.encoded.last_duration for segment in reversed(segments) if segment.encoded.pts)
    step = max(1, pts[1] - pts[0]) if len(pts) > 1 else 1
    ends = [*pts[1:], pts[-1] + (last or step)]
    return {start: end - start for start, end in zip(pts, ends, strict=True)}


class _PicturePackets:
    """Packets of the segments in stream order, with the film's own pts and new dts."""

    def __init__(self, segments: Sequence[SegmentFile], time_base: Fraction, offset: int) -> None:
        self.segments = [segment for segment in segments if segment.encoded.pts]
        self.time_base, self.offset = time_base, offset
        self.durations = picture_times(segments, offset)
        self.pts = list(self.durations)
        self.delay = max((segment.encoded.reorder for segment in self.segments), default=0)

    def _dts(self, i: int) -> int:
        """The pts `delay` frames earlier: never later than the packet's own, and always rising."""
        return self.pts[i - self.delay] if i >= self.delay else self.pts[0] - (self.delay - i) * self._step()

    def _step(self) -> int:
        return max(1, self.pts[1] - self.pts[0]) if len(self.pts) > 1 else 1

    def __call__(self, stream: Any) -> Iterator[Any]:
        firsts = accumulate((len(segment.encoded.pts) for segment in self.segments), initial=0)
        for segment, first in zip(self.segments, firsts, strict=False):
            yield from self._of_segment(segment, first, stream)

    def _of_segment(self, segment: SegmentFile, first: int, stream: Any) -> Iterator[Any]:
        start = segment.encoded.pts[0] + self.offset
        with av.open(segment.path) as container:
            count = 0
            packets: Iterator[Any] = container.demux(container.streams.video[0])
            for packet in packets:
                if not packet.size:  # demux ends with an empty flushing packet
                    continue
                pts = start + round(packet.pts * packet.time_base / self.time_base)
                packet.pts, packet.dts = pts, self._dts(first + count)
                packet.duration = self.durations[pts]
                packet.time_base, packet.stream = self.time_base, stream
                count += 1
                yield packet
        if count != len(segment.encoded.pts):
            raise ValueError(f"{segment.path}: holds {count} frames, its manifest says {len(segment.encoded.pts)}")


def _time(packet: Any) -> Fraction:
    ticks = packet.dts if packet.dts is not None else packet.pts
    return Fraction((ticks or 0) * packet.time_base)


def _interleaved(picture: Iterator[Any], others: Iterator[Any]) -> Iterator[Any]:
    """Both, in the order of their times; each keeps its own order."""
    waiting = next(picture, None)
    for packet in others:
        while waiting is not None and _time(waiting) <= _time(packet):
            yield waiting
            waiting = next(picture, None)
        yield packet
    while waiting is not None:
        yield waiting
        waiting = next(picture, None)


def add_picture(out: OutputContainer, source: Any, template: Any, target: Target) -> Any:
    """Adds the coloured picture's stream, with the tags of the film's own; None: it has none, as scans."""
    stream = add_as_coded(out, template)
    if source is not None:
        copy_tags(source, stream, OF_PICTURE)
    stream.time_base = target.time_base
    if target.frame_rate:
        stream.codec_context.framerate = target.frame_rate
    context = stream.codec_context
    context.sample_aspect_ratio = target.sample_aspect_ratio
    # a segment in mp4 keeps no tags of colour for FFV1 where one of the three is unknown
    context.colorspace, context.color_primaries, context.color_trc = target.matrix, target.primaries, target.transfer
    context.color_range = 2 if target.is_full_range else 1
    if target.display_matrix != AS_STORED:
        is_exact = out.format.name in ("mp4", "mov")  # Matroska holds a turn, and drops what also stretches
        matrix = target.display_matrix if is_exact else target.display_matrix.without_stretch()
        stream.set_display_matrix(matrix.values)
    if loses_shape(out.format.name, target):
        reserve_shape(stream)
    return stream


def loses_shape(container: str, target: Target) -> bool:
    """Whether the muxer leaves out the pixels' shape, as Matroska's does where the codec does not carry it."""
    is_carried = target.codec in ("h264", "h265") or target.sample_aspect_ratio == 1
    return container in ("matroska", "webm") and not is_carried


def mux(  # noqa: PLR0913  # all that a file is made of
    film: Film,
    target: Target,
    container: str,
    segments: Sequence[SegmentFile],
    span: Span,
    out: Path,
    result: Path,
    *,
    origin: Mapping[str, str],
    first_timecode: str = "",
) -> None:
    """Writes the film to `out`, and reads it back to see that it is whole.

    Args:
        film: the source of all but the picture.
        target: the picture stream.
        container: the muxer.
        segments: all segments, in order.
        span: the part of the film that they are.
        out: the file; the caller renames it when it is whole.
        result: the name that it will get, for errors.
        origin: tags that it gets beside the film's own, see `add_origin`.
        first_timecode: see `move_timecode`.

    Raises:
        OutputError: the container refuses a packet, or does not hold what was written.
    """
    first = next(segment for segment in segments if segment.encoded.pts)
    last = next(each for each in reversed(segments) if each.encoded.pts).encoded.pts[-1] * film.picture.time_base
    offset = offset_of(film, target, span)
    options = container_options(container, target.time_base)
    with (
        open_others(film) as source,
        av.open(first.path) as template,
        Muxing(result, container) as muxing,
        av.open(out, "w", format=container, options=options) as written,
    ):
        tags = tags_of(film.scans) if film.scans or not source else source.metadata
        written.metadata.update({key: value for key, value in tags.items() if key not in WRITTEN_ANEW})
        add_origin(written.metadata, container, origin)
        picture, others = _add_streams(written, source, template.streams.video[0], film, target, span)
        move_timecode(written, film, first.encoded.pts[0], first_timecode)
        tallies = _tallies(film, picture, others)
        if source and film.chapters:
            written.set_chapters(chapters(source, film, span))
        coloured = _PicturePackets(segments, target.time_base, offset)(picture)
        for packet in _interleaved(coloured, _others(source, others, film, span, container, last)):
            tally = tallies[packet.stream.index]
            tally.add(packet)
            muxing.stream = tally.name
            written.mux(packet)
        picture_index = picture.index
    if loses_shape(container, target):
        write_shape(out, target.width, target.height, target.sample_aspect_ratio)
    without_covers = {index: tally for index, tally in tallies.items() if tally.name != COVER}
    check_written(out, result, without_covers, picture_index)


def _others(source: InputContainer | None, streams: dict[int, Any], *how: Any) -> Iterator[Any]:
    """The packets of all but the picture."""
    return iter(()) if source is None else other_packets(source, streams, *how)


def _tallies(film: Film, picture: Any, others: dict[int, Any]) -> dict[int, Tally]:
    """A count for each stream of the result, by its index there."""
    names = {other.index: str(other) for other in film.others}
    tallies = {stream.index: Tally(COVER if is_cover(stream) else names[index]) for index, stream in others.items()}
    return tallies | {picture.index: Tally("the picture")}


def _add_streams(
    out: OutputContainer, source: InputContainer | None, template: Any, film: Film, target: Target, span: Span
) -> tuple[Any, dict[int, Any]]:
    """Adds all streams in the film's own order; the picture's, and the others by their index in the film."""
    picture, others = None, {}
    is_span = span.start is not None or span.end is not None
    for index in sorted([film.picture.index, *(other.index for other in film.others)]):
        if index == film.picture.index:
            own = source.streams[index] if source and not film.scans else None
            picture = add_picture(out, own, template, target)
        elif source:
            others[index] = add_other(out, source.streams[index], is_span)
    return picture, {index: stream for index, stream in others.items() if stream is not None}
