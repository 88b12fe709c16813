"""Which frames of a film are damaged: what comes out of the decoder against what its packets promised."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import av

from pipelines.source import Film

HIDES_NO_FRAME = {"h264", "hevc", "mpeg1video", "mpeg2video", "mpeg4", "mjpeg", "ffv1", "prores", "dnxhd"}
"""Decoders that show every packet: a packet without a frame is damaged even where the decoder keeps silent."""


@dataclass
class Packets:
    """Decodes packets, and knows which frames should have come of them."""

    film: Film
    expected: list[int] = field(default_factory=list)
    """Heap of the pts of packets whose frames have not come."""
    was_refused: bool = False
    """The decoder refused a packet since the last frame that came."""
    lost: list[int] = field(default_factory=list)
    """pts of frames that never came or came damaged, found since last asked."""
    is_damaged: bool = False
    """Something was lost so far: then frames may also come out of order."""
    last: int | None = None
    """The latest pts that came; None until the first good frame."""
    first: int | None = None
    """The pts of the first packet that has one."""
    durations: dict[int, int] = field(default_factory=dict)
    """Ticks, by pts, of packets whose frames may still come: what frames say of themselves is wrong with B-frames."""

    def frames(self, packets: Iterator[Any]) -> Iterator[av.VideoFrame]:
        for packet in packets:
            self.first = packet.pts if self.first is None else self.first
            if self._is_expected(packet):
                heapq.heappush(self.expected, packet.pts)
                self.durations[packet.pts] = packet.duration or 0
            try:
                decoded = packet.decode()
            except av.InvalidDataError:
                self.was_refused = True
                continue
            for frame in decoded:
                self._account(frame)
                yield frame
        if self.was_refused or self._tells_all():
            self.lost += sorted(self.expected)

    def begin_well(self, ready: list[av.VideoFrame]) -> bool:
        """Whether the first frame that came is that of the first packet, and sound."""
        times = [frame.pts for frame in ready if frame.pts is not None]
        is_sound = self.last is not None and not self.lost and not self.was_refused
        return is_sound and self.first is not None and bool(times) and times[0] <= self.first

    def _is_expected(self, packet: Any) -> bool:
        is_late = self.last is not None and packet.pts is not None and packet.pts <= self.last  # times begin again
        return packet.pts is not None and packet.size > 0 and not packet.is_discard and not is_late

    def _tells_all(self) -> bool:
        picture = self.film.picture
        return picture.codec in HIDES_NO_FRAME and picture.field_order == "progressive"

    def _account(self, frame: av.VideoFrame) -> None:
        missing = []
        while self.expected and frame.pts is not None and self.expected[0] <= frame.pts:
            pts = heapq.heappop(self.expected)
            if pts < frame.pts:
                self.durations.pop(pts, None)
                missing.append(pts)
        if missing and (self.was_refused or (self.last is not None and self._tells_all())):
            self.lost += missing
            self.was_refused = False
        if frame.is_corrupt and frame.pts is not None and self.last is not None:
            self.lost.append(frame.pts)
        self.is_damaged |= bool(self.lost)
        if frame.pts is not None and (self.last is not None or not frame.is_corrupt):
            self.last = max(frame.pts, frame.pts if self.last is None else self.last)
