"""A segment's frames, and those around it that its colour depends on, in presentation order with exact pts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, islice
from typing import Any

import av
import av.filter
from av.container import InputContainer
from av.video.stream import VideoStream

from pipelines.errors import DamagedError, InputError
from pipelines.frames import Frame, Luma
from pipelines.media.damage import Packets
from pipelines.media.luma import luma_reader
from pipelines.media.open import open_film, packets_of
from pipelines.media.scan_frames import scan_frames
from pipelines.media.seek import from_last_keyframe, seek
from pipelines.media.side_data import captions_of
from pipelines.media.times import lead, step_of
from pipelines.source import Film, Picture, Segment

THREADS = 4
"""Of the decoder: never the number of the machine's cores, since the picture of a damaged frame depends on it."""

MAX_FURTHER = 32
"""Seconds of the longest step back from a damaged keyframe; each step is twice as long as the last."""


def _deinterlaced(frames: Iterator[av.VideoFrame], picture: Picture) -> Iterator[av.VideoFrame]:
    """Whole frames of interlaced ones, one for one (bwdif)."""
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=picture.width, height=picture.height, format=av.VideoFormat(picture.pixel_format),
        time_base=picture.time_base,
    )  # fmt: skip
    fields = graph.add("setfield", {"top": "tff", "bottom": "bff"}[picture.field_order])
    graph.link_nodes(source, fields, graph.add("bwdif", "mode=send_frame"), graph.add("buffersink")).configure()

    def ready() -> Iterator[av.VideoFrame]:
        while True:
            try:
                frame: Any = graph.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            frame.pts = int(frame.pts * frame.time_base / picture.time_base)
            yield frame

    for frame in frames:
        graph.push(frame)
        yield from ready()
    graph.push(None)
    yield from ready()


@dataclass(frozen=True)
class Decode:
    """The stage: a segment in, its frames out, with those up to `margin` before and after it.

    Frames come in presentation order; a frame belongs to the segment that owns its pts.
    """

    margin: Fraction
    """Seconds."""
    skip_damaged: bool = False
    deinterlace: bool = False
    lookback: Fraction = Fraction(0)
    """Seconds before the margin that are decoded too."""

    def __call__(self, segment: Segment) -> Iterator[Frame]:
        """Yields the frames.

        Raises:
            InputError: the film cannot be read, or its times run backwards.
            DamagedError: a packet is damaged and `skip_damaged` is off.
        """
        film = segment.film
        margin = int(self.margin / film.picture.time_base)
        begin = None if segment.start is None else segment.start - margin - int(self.lookback / film.picture.time_base)
        end = None if segment.end is None else segment.end + margin
        last: int | None = None
        for frame, is_damaged in self._whole(segment, begin):
            if end is not None and frame.pts >= end:
                return
            if begin is not None and frame.pts < begin:
                continue
            if last is not None and frame.pts <= last:
                if is_damaged:  # its time is held already
                    continue
                raise InputError(film.path, "its times run backwards", "remux it with fresh times", film.seconds(last))
            last = frame.pts
            yield frame

    def _whole(self, segment: Segment, begin: int | None) -> Iterator[tuple[Frame, bool]]:
        """All frames from a keyframe before `begin` on, the last good one for damaged ones; whether any was so far."""
        film = segment.film
        if film.scans is not None:
            yield from scan_frames(segment, begin, self.skip_damaged)
            return
        read = luma_reader(film.picture)
        good: Luma | None = None
        is_broken = False
        if begin is not None and begin <= film.pts(Fraction(0)):
            begin = None  # from the first packet on: some films, such as a single picture, cannot be sought in
        with open_film(film.path, film.picture) as container:
            stream: Any = container.streams[film.picture.index]
            # frame threads make other pictures of a damaged film each time
            stream.thread_type = "SLICE" if self.skip_damaged else "AUTO"
            stream.codec_context.thread_count = THREADS
            try:
                packets, frames = self._opened(container, stream, begin, film)
            except av.PermissionError:  # a format that cannot be sought in
                yield from self._whole(segment, None)
                return
            frames = self._of_one_size(frames, segment)
            if self.deinterlace and film.picture.field_order != "progressive":
                frames = _deinterlaced(frames, film.picture)
            for frame in frames:
                pts = self._pts(frame, film)
                for lost in self._to_hold(packets, segment, begin):
                    yield self._held(lost, good, frame, read, segment), True
                was_lost = pts in packets.lost
                is_broken = not frame.key_frame and (is_broken or bool(packets.lost))
                packets.lost.clear()
                if is_broken and segment.owns(pts) and not self.skip_damaged:
                    raise self._damaged(film, pts)  # what it is built on was lost, before the segment
                if was_lost:
                    continue
                good = read(frame)
                yield (
                    Frame(
                        pts,
                        packets.durations.pop(pts, 0),
                        good,
                        segment.owns(pts),
                        captions=captions_of(frame, film.picture.codec),
                    ),
                    packets.is_damaged,
                )
            for lost in self._to_hold(packets, segment, begin):
                yield self._held(lost, good, None, read, segment), True
            self._check_end(packets, segment)

    def _check_end(self, packets: Packets, segment: Segment) -> None:
        """Raises DamagedError where the file cannot be read on and may hold more frames of the segment."""
        film, last, error = segment.film, packets.last, packets.unread
        is_whole = last is not None and segment.end is not None and last + step_of(film.picture) >= segment.end
        if error and not is_whole and not self.skip_damaged:
            raise DamagedError(film.path, error.what, error.hint, None if last is None else film.seconds(last))

    def _opened(
        self, container: InputContainer, stream: VideoStream, begin: int | None, film: Film
    ) -> tuple[Packets, Iterator[av.VideoFrame]]:
        """The frames from a keyframe before `begin` on.

        Where damaged frames hold the last good one the keyframe is undamaged, so that they hold the same frame wherever
        a segment begins.
        """
        packets = Packets(film)
        if begin is None:
            return packets, packets.frames(packets_of(container, stream))
        if film.container == "mpeg":
            return packets, packets.frames(from_last_keyframe(packets_of(container, stream), begin - lead(film)))
        goal, further = begin - lead(film), 0
        while True:
            seek(container, stream, goal, film.pts(Fraction(0)))
            packets = Packets(film)
            frames = packets.frames(packets_of(container, stream))
            ready = list(islice(frames, 1))
            first = packets.first
            is_good = not self.skip_damaged or packets.begins_well(ready)
            if is_good or first is None or first <= film.pts(Fraction(0)) or further > MAX_FURTHER:
                return packets, chain(ready, frames)
            goal = min(goal, first) - 1 - int(further / film.picture.time_base)
            further = 2 * further or 1

    def _held(
        self, pts: int, good: Luma | None, following: Any, read: Callable[[Any], Luma], segment: Segment
    ) -> Frame:
        """The last good frame in place of a damaged one, or the next where there is none before it.

        Raises:
            DamagedError: damaged frames are not to be held.
        """
        if not self.skip_damaged:
            raise self._damaged(segment.film, pts)
        luma = good if good is not None else read(following)
        return Frame(pts, 0, luma, segment.owns(pts), is_held=True)

    @staticmethod
    def _damaged(film: Film, pts: int) -> DamagedError:
        return DamagedError(film.path, "packet damaged", "--skip-damaged holds the last good frame", film.seconds(pts))

    @staticmethod
    def _pts(frame: av.VideoFrame, film: Film) -> int:
        pts = frame.pts if frame.pts is not None else frame.dts
        if pts is None:
            raise InputError(film.path, "a frame has no time", "remux it with fresh times")
        return pts

    def _to_hold(self, packets: Packets, segment: Segment, begin: int | None) -> list[int]:
        """pts of the damaged frames in whose place another is held; outside the segment only if `skip_damaged`."""
        lost = sorted(pts for pts in packets.lost if begin is None or pts >= begin)
        return lost if self.skip_damaged else [pts for pts in lost if segment.owns(pts)]

    @staticmethod
    def _of_one_size(frames: Iterator[av.VideoFrame], segment: Segment) -> Iterator[av.VideoFrame]:
        """The frames of the film's own size; it may be another one before the segment, and from its end on.

        Raises:
            InputError: it changes in the segment.
        """
        film = segment.film
        size = film.picture.width, film.picture.height, film.picture.pixel_format
        for frame in frames:
            now = frame.width, frame.height, frame.format.name
            if now == size:
                yield frame
            elif frame.pts is not None and segment.end is not None and frame.pts >= segment.end:
                return
            elif frame.pts is None or segment.owns(frame.pts):
                what = "the picture changes from {}x{} {} to {}x{} {}".format(*size, *now)
                at = film.seconds(frame.pts) if frame.pts is not None else None
                raise InputError(film.path, what, "--start and --end split the film there", at)
