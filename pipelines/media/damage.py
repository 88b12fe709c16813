"""Damaged frames of a film: those that its packets announce and the decoder does not give."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av

from pipelines.errors import DamagedError
from pipelines.media.open import end_of
from pipelines.media.times import BestEffort, best_effort, lead, time_of
from pipelines.source import Film

SHOWS_EVERY_PACKET = {"h264", "hevc", "mpeg1video", "mpeg2video", "mpeg4", "mjpeg", "ffv1", "prores", "dnxhd"}
"""Decoders that give a frame for every packet: without one the packet is damaged, even if they report no error."""

MAX_NOT_CODED = 19
"""Bytes of the largest MPEG-4 packet that may say no more than that the last picture stays, as FFmpeg takes them."""


@dataclass
class Packets:
    """Decodes packets, and keeps track of the frames that should come of them."""

    film: Film
    expected: list[int] = field(default_factory=list)
    """Heap of the times of packets whose frames have not come yet."""
    was_refused: bool = False
    """The decoder refused a packet since the last frame that came."""
    lost: list[int] = field(default_factory=list)
    """pts of frames that did not come or came damaged, since the reader last cleared it."""
    is_damaged: bool = False
    """Whether anything was lost so far: then frames may also come out of order."""
    last: int | None = None
    """The latest pts that came; None until the first good frame."""
    first: int | None = None
    """The time of the first packet that has one."""
    unread: DamagedError | None = None
    """Why the file could not be read to its end."""
    guess: BestEffort | None = None
    """Of frames' times, where the film is timed by dts."""
    durations: dict[int, int] = field(default_factory=dict)
    """Ticks, by pts, of packets whose frames may still come: the frames' own durations are wrong with B-frames."""

    def frames(self, packets: Iterator[Any]) -> Iterator[av.VideoFrame]:
        """The frames that the decoder gives; before each, `lost` has those that should have come before it."""
        for packet in self._readable(packets):
            time = time_of(packet, self.film.picture)
            self.first = time if self.first is None else self.first
            if time is not None and self._is_expected(packet, time):
                heapq.heappush(self.expected, time)
                self.durations[time] = packet.duration or 0
            try:
                decoded = packet.decode()
            except av.FFmpegError:
                self.was_refused = True
                continue
            for frame in decoded:
                self._time(frame)
                self._compare(frame)
                yield frame
        if self.was_refused or self._shows_every_packet():
            self.lost += sorted(self.expected)

    def _readable(self, packets: Iterator[Any]) -> Iterator[Any]:
        """The packets up to where the file cannot be read on, and then the empty one with which the decoder ends."""
        packet: Any = None
        try:
            for packet in packets:
                yield packet
        except DamagedError as error:
            self.unread = error
            if packet is not None:
                yield end_of(packet.stream)

    def begins_well(self, ready: list[av.VideoFrame]) -> bool:
        """Whether the first frame that came is that of the first packet, and undamaged."""
        times = [frame.pts for frame in ready if frame.pts is not None]
        is_sound = self.last is not None and not self.lost and not self.was_refused
        return is_sound and self.first is not None and bool(times) and times[0] <= self.first + lead(self.film)

    def _is_expected(self, packet: Any, time: int) -> bool:
        is_late = self.last is not None and time <= self.last  # times begin again
        may_be_empty = self.film.picture.codec == "mpeg4" and packet.size <= MAX_NOT_CODED
        return packet.size > 0 and not packet.is_discard and not is_late and not may_be_empty

    def _time(self, frame: av.VideoFrame) -> None:
        """Gives a frame its time where the film is timed by dts."""
        if self.film.picture.is_timed_by_dts:
            film, is_sought = self.film, (self.first or 0) > self.film.pts(Fraction(0))
            self.guess = self.guess or best_effort(film.picture, film.container, is_sought)
            frame.pts = self.guess(frame)

    def _shows_every_packet(self) -> bool:
        picture = self.film.picture
        is_whole = picture.field_order == "progressive" and not picture.is_timed_by_dts
        return picture.codec in SHOWS_EVERY_PACKET and is_whole

    def _compare(self, frame: av.VideoFrame) -> None:
        """Compares a frame that came with those expected up to its time."""
        missing = []
        while self.expected and frame.pts is not None and self.expected[0] <= frame.pts:
            pts = heapq.heappop(self.expected)
            if pts < frame.pts:
                self.durations.pop(pts, None)
                missing.append(pts)
        if missing and (self.was_refused or (self.last is not None and self._shows_every_packet())):
            self.lost += missing
            self.was_refused = False
        if frame.is_corrupt and frame.pts is not None and self.last is not None:
            self.lost.append(frame.pts)
        self.is_damaged |= bool(self.lost)
        if frame.pts is not None and (self.last is not None or not frame.is_corrupt):
            self.last = max(frame.pts, frame.pts if self.last is None else self.last)
