"""Results with one thing changed, each by copying the file packet for packet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.stream import Disposition

FFV1 = {"level": "3", "g": "1", "slices": "4", "slicecrc": "1"}
Change = Callable[[int, Any], Any]
"""Number of a packet in its stream, and the packet, to the packet that is written; None: it is left out."""


def _same(_: int, packet: Any) -> Any:
    return packet


@dataclass(frozen=True)
class Copy:
    """A file copied with changes."""

    video: Change = _same
    audio: Change = _same
    subtitle: Change = _same
    tags: dict[str, str] = field(default_factory=dict)
    chapter: str = ""
    """Title of the first one."""
    disposition: Disposition | None = None
    """Of the first sound."""
    font: bytes = b""
    color_range: int = 0

    def __call__(self, path: Path, out: Path) -> Path:
        """Copies `path` to `out`."""
        options = {"fflags": "+bitexact"}
        if out.suffix == ".mkv":
            options["avoid_negative_ts"] = "disabled"
        else:
            options["movie_timescale"] = "3000"
        with av.open(path) as film, av.open(out, "w", options=options) as copy:
            streams = {stream.index: self._add(copy, stream) for stream in film.streams if stream.type != "data"}
            copy.metadata.update({**film.metadata, **self.tags})
            chapters: list[Any] = film.chapters()
            if self.chapter:
                chapters[0]["metadata"]["title"] = self.chapter
            copy.set_chapters(chapters)
            for packet in self._changed(film):
                if (stream := streams.get(packet.stream.index)) is not None:
                    packet.stream = stream
                    copy.mux(packet)
        return out

    def _add(self, copy: Any, source: Any) -> Any:
        if source.type == "attachment" or (source.disposition & Disposition.attached_pic and copy.name.endswith("mkv")):
            data = source.data if source.type == "attachment" else cover_of(source)
            is_font = source.type == "attachment" and source.metadata["filename"].endswith("ttf")
            tags = source.metadata
            copy.add_attachment(tags["filename"], tags["mimetype"], self.font if self.font and is_font else data)
            return None
        stream = copy.add_stream_from_template(source, opaque=True)
        stream.metadata.update(source.metadata)
        stream.disposition = source.disposition
        stream.time_base = source.time_base
        if source.type == "audio" and source.container.streams.audio[0].index == source.index and self.disposition:
            stream.disposition = self.disposition
        if source.type == "video" and source.average_rate:
            stream.codec_context.framerate = source.average_rate
            stream.codec_context.color_range = self.color_range or source.codec_context.color_range
        return stream

    def _changed(self, film: Any) -> Iterator[Any]:
        counts: dict[int, int] = {}
        kinds = ("video", "audio", "subtitle")
        firsts = {kind: next((each.index for each in film.streams if each.type == kind), -1) for kind in kinds}
        for packet in film.demux([each for each in film.streams if each.type != "attachment"]):
            if not packet.size:
                continue
            number = counts[packet.stream.index] = counts.get(packet.stream.index, -1) + 1
            is_first = packet.stream.index == firsts.get(packet.stream.type)
            change: Change = getattr(self, packet.stream.type) if is_first else _same
            if (changed := change(number, packet)) is not None:
                yield changed


def cover_of(source: Any) -> bytes:
    """The picture of a cover."""
    with av.open(source.container.name) as film:
        return next(bytes(packet) for packet in film.demux(film.streams[source.index]) if packet.size)


def pictures(path: Path) -> list[bytes]:
    """The packets of the picture."""
    with av.open(path) as film:
        return [bytes(packet) for packet in film.demux(film.streams.video[0]) if packet.size]


def with_one_sample_more(path: Path, number: int) -> bytes:
    """The FFV1 packet of a frame whose luma at x 7, y 5 is one more."""
    with av.open(path) as film:
        frames: list[Any] = [*film.decode(video=0)]
    frame = frames[number]
    plane = frame.planes[0]
    samples = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, -1)
    samples[5, 7] += 1
    context: Any = av.CodecContext.create("ffv1", "w")
    context.width, context.height, context.pix_fmt = frame.width, frame.height, frame.format.name
    context.time_base, context.options = Fraction(1, 1000), FFV1
    return b"".join(bytes(packet) for packet in (*context.encode(frame), *context.encode(None)))


def replaced(numbers: dict[int, bytes]) -> Change:
    """A change that gives packets of these numbers other bytes."""

    def change(number: int, packet: Any) -> Any:
        if number in numbers:
            packet = with_bytes(packet, numbers[number])
        return packet

    return change


def with_bytes(packet: Any, data: bytes) -> Any:
    """A packet like another, with other bytes."""
    new: Any = av.Packet(data)
    new.pts, new.dts, new.time_base, new.duration = packet.pts, packet.dts, packet.time_base, packet.duration
    new.stream, new.is_keyframe = packet.stream, packet.is_keyframe
    return new


def without(dropped: int) -> Change:
    """A change that leaves out one packet."""
    return lambda number, packet: None if number == dropped else packet


def later(which: int) -> Change:
    """A change that shows one packet a tick later."""

    def change(number: int, packet: Any) -> Any:
        if number == which:
            packet.pts += 1
        return packet

    return change


def flipped(which: int) -> Change:
    """A change of one bit in the last quarter of one packet."""

    def change(number: int, packet: Any) -> Any:
        if number != which:
            return packet
        data = bytearray(bytes(packet))
        data[len(data) * 3 // 4] ^= 16
        return with_bytes(packet, bytes(data))

    return change


def said(text: bytes) -> Change:
    """A change of the first caption."""
    return lambda number, packet: with_bytes(packet, text) if number == 0 else packet
