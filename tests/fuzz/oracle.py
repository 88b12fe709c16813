"""Reads films and results with PyAV alone and compares them: nothing here is shared with the product."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

TICK = Fraction(1, 1000)
"""The coarsest clock of a result's container, Matroska's."""
MAX_SAMPLE = 16
"""Bytes of a sample of all channels: muxers leave out a part of one, at the end of a damaged packet."""
MAX_ERROR = 6.0
"""Mean difference of Y', of 255, that H.264 at its default quality may leave in a tiny picture full of edges."""


@dataclass(frozen=True)
class Shown:
    """A frame that the decoder gave."""

    at: Fraction
    """Seconds."""
    luma: NDArray[Any]
    is_corrupt: bool

    @property
    def digest(self) -> str:
        """Of its luma."""
        return digest(self.luma)


@dataclass
class Seen:
    """A film as FFmpeg's libraries read it."""

    frames: list[Shown] = field(default_factory=list)
    is_whole: bool = True
    """Whether nothing was refused on the way."""
    sound: dict[int, bytes] = field(default_factory=dict)
    """Bytes of the packets of each stream of sound, by its place among these."""


def digest(luma: NDArray[Any]) -> str:
    """Of samples, whatever their type."""
    return hashlib.sha1(np.ascontiguousarray(luma, np.uint16).tobytes(), usedforsecurity=False).hexdigest()


def picture_of(film: Any) -> Any:
    """The first stream of pictures that is no cover."""
    covers = av.stream.Disposition.attached_pic
    return next(each for each in film.streams.video if not each.disposition & covers and each.codec_context)


def look(path: Path, threads: str = "AUTO", keeps: bool = False) -> Seen:
    """Decodes the picture and reads the sound.

    Args:
        path: the film.
        threads: SLICE or AUTO: of a damaged film some decoders make other pictures of each.
        keeps: whether frames are held until the end: some decoders leave what they found in a frame's memory.
    """
    seen, held = Seen(), []
    with av.open(path, metadata_errors="replace") as film:
        picture = picture_of(film)
        picture.thread_type = threads
        picture.codec_context.thread_count = 4
        for packet in _packets(film, picture, seen):
            try:
                frames = picture.codec_context.decode(packet) if packet is None or packet.size else []
            except (av.FFmpegError, ValueError):
                seen.is_whole = False
                continue
            for frame in frames:
                time = frame.pts if frame.pts is not None else frame.dts
                if time is None:
                    seen.is_whole = False
                    continue
                held += [frame] * keeps
                seen.frames.append(Shown(time * picture.time_base, samples(frame), frame.is_corrupt))
    if not rises(seen.frames):
        times = program_times(path)
        if len(times) == len(seen.frames):
            seen.frames = [replace(frame, at=at) for frame, at in zip(seen.frames, times, strict=True)]
    for place in range(len(_sounds(path))):
        seen.sound[place] = _sound(path, place)
    return seen


def _packets(film: Any, stream: Any, seen: Seen) -> Iterator[Any]:
    """The packets, and None at the end, which flushes the decoder, also where the file ends in an error."""
    while True:
        try:
            yield from (packet for packet in film.demux(stream) if packet.size)
            break
        except av.BlockingIOError:
            continue
        except av.FFmpegError:
            seen.is_whole = False
            break
    yield None


def _sounds(path: Path) -> list[int]:
    with av.open(path, metadata_errors="replace") as film:
        return [stream.index for stream in film.streams.audio]


def _sound(path: Path, place: int) -> bytes:
    with av.open(path, metadata_errors="replace") as film, suppress(av.FFmpegError):
        found: Any = film.demux(film.streams.audio[place])
        return b"".join(_without_header(bytes(packet)) for packet in found if packet.size)
    return b""


def _without_header(packet: bytes) -> bytes:
    """A packet of sound without the header that AAC has in MPEG-TS and not in MP4 (ADTS, ISO/IEC 14496-3)."""
    return packet[7:] if packet[:2] in (b"\xff\xf1", b"\xff\xf9") else packet


def samples(frame: Any) -> NDArray[Any]:
    """The first plane without its padding."""
    plane, bits = frame.planes[0], frame.format.components[0].bits
    rows = np.frombuffer(memoryview(plane), "u1" if bits <= 8 else "<u2").reshape(plane.height, -1)
    return rows[:, : plane.width].copy()


def film_faults(path: Path, result: list[Shown], is_exact: bool) -> Iterator[str]:
    """Faults of the frames of a whole film's result.

    Args:
        path: the film.
        result: as decoded, or as it came out of the flow.
        is_exact: whether luma must be the same to the bit.
    """
    if not list(frame_faults([look(path).frames], result, is_exact)):
        return
    readings = [look(path, threads, keeps).frames for threads in ("AUTO", "SLICE") for keeps in (False, True)]
    yield from frame_faults(readings, result, is_exact)


def program_times(path: Path) -> list[Fraction]:
    """Seconds of each frame by the FFmpeg program, which guesses where a film's own times run backwards."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "quiet", "-copyts", "-i", path, "-map", "0:v:0"]
    command += ["-fps_mode", "passthrough", "-f", "framemd5", "-"]
    read = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False, stdin=subprocess.DEVNULL)
    tick, found = Fraction(1), []
    for line in read.stdout.splitlines():
        if line.startswith("#tb 0:"):
            tick = Fraction(line.split()[-1])
        elif not line.startswith("#"):
            found.append(int(line.split(",")[2]) * tick)
    return found


def frame_faults(readings: list[list[Shown]], result: list[Shown], is_exact: bool) -> Iterator[str]:
    """Faults of a result's frames; a picture that readings of the film disagree on may be any."""
    film = next((each for each in readings if len(each) == len(result)), None)
    if film is None:
        yield f"{len(result)} frames, the film has {len(readings[0])}"
        return
    if not rises(film):  # nobody knows its times
        film = [replace(was, at=now.at) for was, now in zip(film, result, strict=True)]
    shift = shift_of(film, result)
    for number, (was, now) in enumerate(zip(film, result, strict=True)):
        if abs(now.at - was.at - shift) > TICK:
            yield f"frame {number} is shown at {float(now.at)}, and belongs to {float(was.at + shift)}"
            return
        if was.luma.shape != now.luma.shape:
            yield f"frame {number} is {now.luma.shape}, and was {was.luma.shape}"
            return
        is_sure = len({each[number].digest for each in readings if len(each) == len(result)}) == 1
        if is_sure and was.digest != now.digest and (is_exact or _difference(was, now) > MAX_ERROR):
            yield f"luma of frame {number} is another, by {_difference(was, now):.2f}"
            return


def rises(frames: list[Shown]) -> bool:
    """Whether each frame is shown later than the one before."""
    return all(earlier.at < later.at for earlier, later in pairwise(frames))


def shift_of(film: list[Shown], result: list[Shown]) -> Fraction:
    """Seconds by which all of a result lies later than its film."""
    return result[0].at - film[0].at if film and result else Fraction(0)


def _difference(was: Shown, now: Shown) -> float:
    """Of luma, in the mean, of 255; 0 where one is stored deeper than the other."""
    if was.luma.dtype != now.luma.dtype:
        return 0
    return float(np.abs(was.luma.astype(np.int32) - now.luma).mean())


def held_faults(film: list[Shown], result: list[Shown]) -> Iterator[str]:
    """Faults of the times of a result in which frames may be held: none is gone, and they rise."""
    if not rises(result):
        yield "times do not rise"
    if len(result) < len([frame for frame in film if not frame.is_corrupt]):
        yield f"{len(result)} frames, of the film {len(film)} can be decoded"


def sound_faults(film: Seen, result: Seen, words: str) -> Iterator[str]:
    """Faults of the sound of a whole film's result; sound that no container holds becomes PCM, with a note."""
    for place, was in film.sound.items():
        now = result.sound.get(place, b"")
        if was != now and abs(len(was) - len(now)) >= MAX_SAMPLE and not (now and "sample for sample" in words):
            yield f"sound {place} has {len(now)} bytes, and had {len(was)}"
