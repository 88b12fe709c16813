"""Films whose container stores one time for each packet, in the order of decoding, as AVI and old MOV do."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
from av.container import OutputContainer

from tests.made import pictures
from tests.made.extra_tracks import AudioTrack
from tests.made.tracks import Packets, PictureTrack, write

FRAMES = 40
GOP = 12
PICTURE_START = b"\0\0\1\xb6"
DIVX = b"\0\0\1\xb2DivX503b1393p"
"""The user data by which DivX 5 marks packed B-frames."""
NOT_CODED = PICTURE_START + bytes([0b01_0_1_0000, 0b0_1_0_01111])
"""A picture of MPEG-4 Part 2 that is not coded: type P, no modulo, its time in 5 bits, vop_coded 0, stuffing."""
B_FRAME = 2
CODECS = {
    "libx264": {"x264-params": f"keyint={GOP}:min-keyint={GOP}:scenecut=0:bframes=3:b-adapt=0"},
    "mpeg4": {"bf": "2", "g": str(GOP)},
    "mpeg1video": {"bf": "2", "g": str(GOP)},
    "mpeg2video": {"bf": "2", "g": str(GOP)},
}
"""Encoders with B-frames, and how they make them."""


@dataclass(frozen=True)
class InOrder:
    """A track whose packets have the number of their place as pts and dts."""

    track: PictureTrack
    change: Callable[[Sequence[bytes]], Sequence[bytes]] | None = None
    """Makes other packets of those."""

    def __call__(self, out: OutputContainer) -> Packets:
        return self._timed(self.track(out))

    def _timed(self, packets: Packets) -> Iterator[Any]:
        kept = list(packets)
        changed = [bytes(packet) for packet in kept] if self.change is None else self.change([*map(bytes, kept)])
        for number, data in enumerate(changed):
            packet: Any = av.Packet(data)
            packet.stream, packet.time_base = kept[0].stream, kept[0].time_base
            packet.is_keyframe = data in [bytes(each) for each in kept if each.is_keyframe] or number == 0
            packet.pts = packet.dts = round(number / (self.track.rate * Fraction(packet.time_base)))
            packet.duration = round(1 / (self.track.rate * Fraction(packet.time_base)))
            yield packet


def with_b_frames(path: Path, codec: str = "libx264", has_sound: bool = False, scrambled: Sequence[int] = ()) -> Path:
    """40 frames at 24 a second."""
    track = PictureTrack(pictures.pan(FRAMES), codec=codec, options=CODECS[codec], scrambled=scrambled)
    return write(path, InOrder(track), *([AudioTrack()] if has_sound else []))


def with_a_picture_left_out(path: Path) -> Path:
    """MPEG-4 without B-frames, with one packet that says that the last picture stays."""
    track = PictureTrack(pictures.pan(FRAMES), codec="mpeg4", options={"bf": "0", "g": str(GOP)})
    return write(path, InOrder(track, lambda packets: [*packets[:20], NOT_CODED, *packets[20:]]))


def packed(path: Path) -> Path:
    """MPEG-4 whose packets hold a picture and the B-frame before it, each followed by one that holds none (DivX 5)."""
    options = {"bf": "1", "g": str(GOP)}
    return write(path, InOrder(PictureTrack(pictures.pan(FRAMES), codec="mpeg4", options=options), _packed))


def _packed(packets: Sequence[bytes]) -> list[bytes]:
    changed: list[bytes] = []
    for data in packets:
        marked = data[: data.find(b"\0\0\1\xb2")] + DIVX + data[data.find(b"\0\0\1", data.find(b"\0\0\1\xb2") + 4) :]
        if data[data.index(PICTURE_START) + 4] >> 6 == B_FRAME:
            changed[-1:] = [changed[-1] + data, NOT_CODED]
        else:
            changed.append(marked if b"\0\0\1\xb2" in data else data)
    return changed


def shown_by_ffmpeg(path: Path) -> list[tuple[Fraction, str]]:
    """The time and the md5 of the luma of each frame, as FFmpeg's program gives them."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-copyts", "-i", path, "-map", "0:v:0"]
    how = ["-vf", "extractplanes=y", "-fps_mode", "passthrough", "-f", "framemd5", "-"]
    text = subprocess.run([*command, *how], check=True, capture_output=True, text=True).stdout
    tick = Fraction(next(line.split()[-1] for line in text.splitlines() if line.startswith("#tb")))
    rows = [line.split(",") for line in text.splitlines() if not line.startswith("#")]
    return [(int(row[2]) * tick, row[5].strip()) for row in rows]
