"""Writes drawn films: a track adds its stream to an open file and gives the packets; `write` muxes tracks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from fractions import Fraction
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import av
import av.filter
import numpy as np
from av.codec.context import Flags
from av.container import OutputContainer
from av.video.stream import VideoStream

from pipelines.media.scheduling import kept_scheduling
from tests.made.pictures import Picture

if TYPE_CHECKING:
    from av.container.core import Chapter  # PyAV names it in its stubs only

Packets = Iterator["av.Packet[Any]"]
Track = Callable[[OutputContainer], Packets]

PICTURE_CODECS = {".webm": "libvpx", ".avi": "mpeg4", ".mpg": "mpeg2video", ".swf": "flv"}
"""The encoder by the file's ending; libx264 for the others."""


class Colours(IntEnum):
    """One number of ITU-T H.273, used for matrix, primaries and transfer alike."""

    BT709 = 1
    UNSPECIFIED = 2
    BT470BG = 5
    SMPTE170M = 6


def write(
    path: Path,
    *tracks: Track,
    options: Mapping[str, str] | None = None,
    metadata: Mapping[str, str] | None = None,
    chapters: Sequence[str] = (),
) -> Path:
    """Write `tracks` into `path`, with muxer `options` and one chapter of 0.4 s for each title in `chapters`."""
    with av.open(path, "w", options=dict(options or {})) as out:
        out.metadata.update(metadata or {})
        if chapters:
            out.set_chapters([chapter(number, title) for number, title in enumerate(chapters)])
        streams = [track(out) for track in tracks]  # a list: every stream must exist before the first packet
        for packet in chain.from_iterable(streams):
            out.mux(packet)
    return path


def chapter(number: int, title: str) -> Chapter:
    """Chapter `number`, counted from 0."""
    start, end, ticks = 400 * number, 400 * (number + 1), Fraction(1, 1000)
    return {"id": number + 1, "start": start, "end": end, "time_base": ticks, "metadata": {"title": title}}


def scramble(packet: av.Packet[Any]) -> av.Packet[Any]:
    """Overwrite a packet with noise, but for its first 8 bytes: start codes and lengths must still let it be muxed."""
    noise = np.random.default_rng(packet.size).integers(0, 256, packet.size, np.uint8).tobytes()
    packet.update(bytes(packet)[:8] + noise[8:])
    return packet


@dataclass(frozen=True)
class PictureTrack:
    """The pictures of a film."""

    pictures: Iterable[Picture]
    codec: str = ""
    """Encoder; when empty, the one of PICTURE_CODECS."""
    pix_fmt: str = "yuv420p"
    rate: Fraction = Fraction(24)
    time_base: Fraction | None = None
    """Seconds per tick of `pts`; when None, one frame."""
    pts: Sequence[int] | None = None
    """One for each picture; when None, 0, 1, 2..."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Of the encoder."""
    colours: Colours = Colours.UNSPECIFIED
    full_range: bool | None = None
    """None leaves it untagged, and is full for the yuvj and gray formats."""
    sar: Fraction | None = None
    rotation: int = 0
    """Degrees counter-clockwise, written as display matrix."""
    matrix: Sequence[int] = ()
    """The display matrix itself, in place of a rotation."""
    top_field_first: bool = False
    """Frames are interlaced, and their even rows come first."""
    timecode: str = ""
    scrambled: Collection[int] = ()
    """Numbers of the packets, in decode order, whose bytes become noise."""

    def __call__(self, out: OutputContainer) -> Packets:
        pictures = iter(self.pictures)
        first = next(pictures)
        stream = self._add_stream(out, *first.shape[:2])
        return self._packets(stream, chain([first], pictures))

    def _add_stream(self, out: OutputContainer, height: int, width: int) -> VideoStream:
        codec = self.codec or PICTURE_CODECS.get(Path(out.name).suffix, "libx264")
        stream = cast(
            VideoStream,
            out.add_stream(codec, self.rate, dict(self.options), width=width, height=height, pix_fmt=self.pix_fmt),
        )
        context = stream.codec_context
        stream.time_base = context.time_base = self.time_base or 1 / self.rate
        context.thread_count = 1  # the same bytes whatever the machine's cores
        context.colorspace = context.color_primaries = context.color_trc = self.colours
        if self.full_range is not None:
            context.color_range = 1 + self.full_range
        if self.sar:
            context.sample_aspect_ratio = self.sar
        if self.rotation:
            stream.set_display_rotation(self.rotation)
        if self.matrix:
            stream.set_display_matrix(self.matrix)
        if self.top_field_first:
            context.flags |= Flags.interlaced_dct | Flags.interlaced_me
            context.field_order = 2  # AV_FIELD_TT
        if self.timecode:
            stream.metadata["timecode"] = self.timecode
        if codec == "libsvtav1":
            with kept_scheduling():
                context.open()
        return stream

    def _packets(self, stream: VideoStream, pictures: Iterable[Picture]) -> Packets:
        encoded = chain.from_iterable(stream.encode(frame) for frame in chain(self._frames(pictures), [None]))
        for number, packet in enumerate(encoded):
            yield scramble(packet) if number in self.scrambled else packet

    def _frames(self, pictures: Iterable[Picture]) -> Iterator[av.VideoFrame]:
        full = self.full_range if self.full_range is not None else self.pix_fmt.startswith(("yuvj", "gray"))
        for drawn, pts in zip(pictures, self.pts or count(), strict=False):  # count() has no end
            frame = to_frame(drawn, self.pix_fmt, full)
            if self.top_field_first:
                frame = flag_fields(frame)
            frame.pts, frame.time_base = pts, self.time_base or 1 / self.rate
            yield frame


def flag_fields(frame: av.VideoFrame) -> av.VideoFrame:
    """The frame flagged as interlaced, top field first: only a filter can tell PyAV's frames so."""
    graph = av.filter.Graph()
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 25))
    graph.link_nodes(source, graph.add("setfield", "mode=tff"), graph.add("buffersink")).configure()
    graph.push(frame)
    return cast(av.VideoFrame, graph.pull())


def to_frame(drawn: Picture, pix_fmt: str, full_range: bool) -> av.VideoFrame:
    """A picture, rounded to the levels of a planar Y'CbCr or gray format, or of rgb24."""
    height, width = drawn.shape[:2]
    frame = av.VideoFrame(width, height, pix_fmt)
    if pix_fmt == "rgb24":
        return av.VideoFrame.from_ndarray(to_rgb(drawn), format=pix_fmt)
    bits = frame.format.components[0].bits
    for channel, plane in enumerate(frame.planes):
        step_y, step_x = -(-height // plane.height), -(-width // plane.width)
        values = to_levels(drawn[::step_y, ::step_x, channel], bits, full_range, is_luma=channel == 0)
        samples = np.frombuffer(memoryview(plane), "u1" if bits == 8 else "<u2").reshape(plane.height, -1)
        samples[:, : plane.width] = values
    return frame


def to_levels(values: Picture, bits: int, full_range: bool, is_luma: bool) -> Picture:
    """0..1 or -0.5..0.5 as whole levels of `bits` bits, as ITU-T H.273 has them."""
    if full_range:
        span, zero = 2**bits - 1, 0 if is_luma else 2 ** (bits - 1)
    else:
        span, zero = (219 if is_luma else 224) << (bits - 8), (16 if is_luma else 128) << (bits - 8)
    levels: Picture = np.clip(np.round(zero + span * values), 0, 2**bits - 1)
    return levels


def to_rgb(drawn: Picture) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """R'G'B' (H, W, 3) by BT.601; the three are equal where Cb and Cr are 0."""
    y, cb, cr = np.moveaxis(drawn, -1, 0)
    rgb = np.stack((y + 1.402 * cr, y - 0.344136 * cb - 0.714136 * cr, y + 1.772 * cb), axis=-1)
    return np.clip(np.round(255 * rgb), 0, 255).astype(np.uint8)
