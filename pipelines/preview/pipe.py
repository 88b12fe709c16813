"""Pictures to FFmpeg as they are made, each with its exact time."""

import errno
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import av
import imageio_ffmpeg
import numpy as np

from pipelines.errors import OutputError
from pipelines.frames import ColouredFrame, Luma

INPUT = {"filename": "pipe:0", "format": "nut"}
"""Where the graph finds them: NUT holds any time base, and raw pictures as they are."""
NEUTRAL = 128
ENDED = (errno.EPIPE, errno.EINVAL)
"""Errors of a pipe whose reader has ended; the second is Windows's."""


@dataclass(frozen=True)
class Yuv:
    """A picture of 8 bits, limited range, 4:2:0."""

    luma: Luma
    """(H, W), both even."""
    cb: Luma
    """(H/2, W/2)"""
    cr: Luma

    def __bytes__(self) -> bytes:
        """All samples, plane after plane."""
        return self.luma.tobytes() + self.cb.tobytes() + self.cr.tobytes()


def colourless(luma: Luma) -> Yuv:
    """A black-and-white picture."""
    plane = np.full((luma.shape[0] // 2, luma.shape[1] // 2), NEUTRAL, np.uint8)
    return Yuv(luma, plane, plane)


def coloured(frame: ColouredFrame) -> Yuv:
    """A frame from `Display`."""
    return Yuv(frame.frame.luma, frame.cb, frame.cr)


@dataclass(frozen=True)
class Moment:
    """The screen at one time: a picture for each video stream of the pipe."""

    pts: int
    pictures: Sequence[Yuv]


def run(arguments: Sequence[str], moments: Iterable[Moment], time_base: Fraction, rate: Fraction, out: Path) -> None:
    """Runs FFmpeg on moments that come in order, all with pictures of the same sizes.

    Args:
        arguments: of FFmpeg; its input is INPUT.
        moments: what it is fed.
        time_base: seconds of one tick of their pts.
        rate: frames per second, which tells only how long the last one lasts.
        out: what is written, for errors.

    Raises:
        OutputError: FFmpeg failed; its own words.
    """
    with tempfile.TemporaryFile() as log:
        command = [imageio_ffmpeg.get_ffmpeg_exe(), *arguments]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log)
        try:
            _feed(process.stdin, moments, time_base, rate)
        except BaseException as error:
            has_ended = isinstance(error, OSError) and error.errno in ENDED
            if not has_ended:  # otherwise its log says why
                process.kill()
                raise
        finally:
            code = process.wait()
        if code:
            log.seek(0)
            raise OutputError(out, f"FFmpeg cannot write it ({_last_line(log.read())})")


def _last_line(log: bytes) -> str:
    lines = log.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "FFmpeg gave no reason"


def _feed(pipe: IO[bytes] | None, moments: Iterable[Moment], time_base: Fraction, rate: Fraction) -> None:
    assert pipe is not None
    with pipe, av.open(pipe, "w", format="nut") as written:
        streams: list[Any] = []
        for moment in moments:
            streams = streams or [_stream(written, picture, time_base, rate) for picture in moment.pictures]
            for stream, picture in zip(streams, moment.pictures, strict=True):
                packet: Any = av.Packet(bytes(picture))
                packet.stream, packet.time_base = stream, time_base
                packet.pts = packet.dts = moment.pts
                packet.is_keyframe = True
                written.mux(packet)


def _stream(written: Any, picture: Yuv, time_base: Fraction, rate: Fraction) -> Any:
    stream = written.add_stream("rawvideo", rate)
    stream.height, stream.width = picture.luma.shape
    stream.pix_fmt, stream.time_base = "yuv420p", time_base
    stream.codec_context.time_base = time_base
    return stream
