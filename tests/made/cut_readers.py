"""Films whose readers end in an error: RealMedia cut short, and NSV, which has no other end."""

from __future__ import annotations

import struct
import subprocess
from pathlib import Path

import av
import imageio_ffmpeg

from tests.made import pictures
from tests.made.tracks import PictureTrack, write

FRAMES, RATE = 48, 24
SYNC, AGAIN = b"NSVs", b"\xef\xbe"
"""Marks of an NSV frame that says what it holds, and of one that does not."""


def real_media(path: Path, share: float = 1) -> Path:
    """Four seconds of RealVideo 1 at 25 frames a second with AC-3, or a share of the file."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi"]
    picture, sound = "testsrc2=r=25:s=176x144:d=4,format=gray,format=yuv420p", "sine=d=4:r=44100"
    how = ["-c:v", "rv10", "-g", "12", "-c:a", "ac3", "-f", "rm", path]
    subprocess.run([*command, "-i", picture, "-f", "lavfi", "-i", sound, *how], check=True)
    return _cut(path, share)


def nsv(path: Path, share: float = 1) -> Path:
    """Two seconds of VP8 without sound in Nullsoft Streaming Video, or a share of the file.

    After the file's header (sizes, and milliseconds) comes frame after frame: what it holds, or AGAIN; 4 bits for
    auxiliary data and 20 for the picture's length, 16 for the sound's; the picture.
    """
    source = write(path.with_suffix(".webm"), PictureTrack(pictures.pan(FRAMES), codec="libvpx", options={"g": "12"}))
    with av.open(source) as film:
        stream = film.streams.video[0]
        about = SYNC + b"VP80NONE" + struct.pack("<HHBh", stream.width, stream.height, RATE, 0)
        frames = b"".join(
            (about if packet.is_keyframe else AGAIN)
            + (packet.size << 4).to_bytes(3, "little")
            + bytes(2)
            + bytes(packet)
            for packet in film.demux(stream)
            if packet.size
        )
    header = struct.pack("<4sIIIIII", b"NSVf", 28, 28 + len(frames), FRAMES * 1000 // RATE, 0, 0, 0)
    path.write_bytes(header + frames)
    return _cut(path, share)


def _cut(path: Path, share: float) -> Path:
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    return path
