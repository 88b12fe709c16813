"""The tracks besides the pictures: sound, subtitles, cover art, a font, data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, cast

import av
import cv2
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.stream import Disposition, Stream
from av.subtitles.stream import SubtitleStream

from tests.made.pictures import picture
from tests.made.tracks import Packets, scramble, to_rgb

AUDIO_CODECS = {".webm": "libopus", ".avi": "mp2", ".mpg": "mp2"}
"""The encoder by the file's ending; aac for the others."""
SUBTITLE_CODECS = {".mkv": "subrip", ".webm": "webvtt"}
"""The encoder by the file's ending; mov_text for the others."""

SAMPLE_RATE = 48_000


@dataclass(frozen=True)
class AudioTrack:
    """A tone of one second."""

    language: str = "eng"
    hertz: int = 220
    is_damaged: bool = False
    """The middle third of its packets is noise; the decoder of aac refuses it, that of mp2 does not."""

    def __call__(self, out: OutputContainer) -> Packets:
        codec = AUDIO_CODECS.get(Path(out.name).suffix, "aac")
        stream = cast(AudioStream, out.add_stream(codec, SAMPLE_RATE, layout="mono"))
        stream.metadata["language"] = self.language
        return self._packets(stream)

    def _packets(self, stream: AudioStream) -> Packets:
        packets = list(chain.from_iterable(stream.encode(frame) for frame in chain(self._frames(), [None])))
        third = len(packets) // 3
        for number, packet in enumerate(packets):
            yield scramble(packet) if self.is_damaged and third <= number < 2 * third else packet

    def _frames(self, size: int = 1000) -> Iterator[av.AudioFrame]:
        for first in range(0, SAMPLE_RATE, size):
            seconds = np.arange(first, first + size) / SAMPLE_RATE
            tone = 0.3 * np.sin(2 * np.pi * self.hertz * seconds)
            frame = av.AudioFrame.from_ndarray(tone[np.newaxis].astype(np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, first, Fraction(1, SAMPLE_RATE)
            yield frame


@dataclass(frozen=True)
class SubtitleTrack:
    """One line of text each half second."""

    lines: Sequence[str] = ("Guten Tag", "Auf Wiedersehen")
    language: str = "ger"

    def __call__(self, out: OutputContainer) -> Packets:
        codec = SUBTITLE_CODECS.get(Path(out.name).suffix, "mov_text")
        stream = cast(SubtitleStream, out.add_stream(codec))
        stream.metadata["language"] = self.language
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        stream.codec_context.subtitle_header = b"[Script Info]\n"  # the encoder does not open without one
        return self._packets(stream, codec)

    def _packets(self, stream: SubtitleStream, codec: str) -> Packets:
        for number, line in enumerate(self.lines):
            text = line.encode()
            content = len(text).to_bytes(2, "big") + text if codec == "mov_text" else text
            packet = packet_at(100 + 500 * number, Fraction(1, 1000), content, stream)
            packet.duration = 300
            yield packet


def cover(out: OutputContainer) -> Packets:
    """A JPEG as cover art: an attached picture in mp4 and mov, an attachment in mkv."""
    jpeg = cv2.imencode(".jpg", to_rgb(picture(0, width=64, height=48)))[1].tobytes()
    if out.format.name == "matroska":
        out.add_attachment("cover.jpg", "image/jpeg", jpeg)
        return iter(())
    stream = out.add_stream("mjpeg", 1, width=64, height=48, pix_fmt="yuvj420p")
    stream.disposition = Disposition.attached_pic
    return iter([packet_at(0, Fraction(1, 24), jpeg, stream)])


def font(out: OutputContainer) -> Packets:
    """An attached font file (the first bytes of one)."""
    out.add_attachment("street.ttf", "font/ttf", b"\0\1\0\0" + bytes(range(200)))
    return iter(())


def klv_data(out: OutputContainer) -> Packets:
    """A data stream of ten SMPTE 336M (KLV) packets, for MPEG-TS."""
    stream = out.add_data_stream("klv")
    stream.time_base = Fraction(1, 10)
    values = (b"\x06\x0e\x2b\x34" + bytes([number]) * 12 for number in range(10))
    return (packet_at(number, Fraction(1, 10), value, stream) for number, value in enumerate(values))


def packet_at(pts: int, time_base: Fraction, content: bytes, stream: Stream) -> av.Packet[Any]:
    """A key packet of `stream`, with dts the same as pts."""
    packet = av.Packet(content)
    packet.stream, packet.time_base, packet.pts, packet.dts = stream, time_base, pts, pts
    packet.is_keyframe = True
    return packet
