"""Films with sound and captions of kinds that PyAV does not encode, by FFmpeg's own program."""

from __future__ import annotations

import subprocess
from pathlib import Path

import imageio_ffmpeg

from tests.made.clips import plain

TONE = ("-f", "lavfi", "-i", "sine=frequency=220:duration=1:sample_rate=48000")
PICTURE_CODECS = {".avi": "mpeg4", ".vob": "mpeg2video", ".mxf": "mpeg2video", ".rm": "rv20"}
"""The picture's encoder by the file's ending; it is copied into the others."""
CAPTIONS = "1\n00:00:00,100 --> 00:00:00,400\nGuten Tag\n\n2\n00:00:00,600 --> 00:00:00,900\nAuf Wiedersehen\n"


def with_sound(path: Path, codec: str, channels: int = 2, layout: str = "") -> Path:
    """A second at 24 frames a second with a tone in `codec`, in the container that the path's ending names."""
    picture = ["-c:v", PICTURE_CODECS.get(path.suffix, "copy"), "-b:v", "4M"]
    shape = ["-filter:a", f"pan={layout}|c0=c0"] if layout else ["-ac", str(channels)]
    sound = [*shape, "-c:a", codec, "-strict", "-2"]
    return _made(path, TONE, *picture, *sound)


def with_captions(path: Path, codec: str) -> Path:
    """A second with two captions in `codec`."""
    captions = path.with_suffix(".captions.srt")
    captions.write_text(CAPTIONS)
    return _made(path, ("-i", str(captions)), "-c:v", "copy", "-c:s", codec)


def copied(film: Path, path: Path, *options: str) -> Path:
    """A film copied packet for packet, with `options` of FFmpeg."""
    _run("-i", str(film), "-map", "0", "-c", "copy", *options, str(path))
    return path


def _made(path: Path, source: tuple[str, ...], *options: str) -> Path:
    picture = plain(path.with_suffix(".picture.mp4"))
    _run("-i", str(picture), *source, "-map", "0", "-map", "1", *options, str(path))
    return path


def _run(*options: str) -> None:
    program = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *options]
    subprocess.run(program, check=True, stdin=subprocess.DEVNULL)
