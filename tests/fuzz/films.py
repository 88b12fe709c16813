"""Small black-and-white films of every kind of container, drawn and written by the FFmpeg program."""

from __future__ import annotations

import subprocess
from pathlib import Path

import imageio_ffmpeg

FRAMES = 12
"""Of each film, at 24 or 25 frames a second, in groups of six."""
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "6")
MPEG2 = ("-c:v", "mpeg2video", "-q:v", "3", "-g", "6", "-bf", "2")
KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "mp4": (".mp4", (*X264, "-c:a", "aac")),
    "mp4-faststart": (".mp4", (*X264, "-c:a", "aac", "-movflags", "faststart")),
    "mp4-fragments": (".mp4", (*X264, "-c:a", "aac", "-movflags", "frag_keyframe+empty_moov")),
    "mov": (".mov", ("-c:v", "prores_ks", "-pix_fmt", "yuv422p10le", "-c:a", "pcm_s16le", "-timecode", "01:00:00:00")),
    "mkv": (".mkv", (*X264, "-c:a", "flac")),
    "mkv-ffv1": (".mkv", ("-c:v", "ffv1", "-level", "3", "-slicecrc", "1", "-c:a", "pcm_s16le")),
    "webm": (".webm", ("-c:v", "libvpx-vp9", "-cpu-used", "8", "-g", "6", "-c:a", "libopus")),
    "avi": (".avi", ("-c:v", "mpeg4", "-g", "6", "-c:a", "pcm_s16le")),
    "avi-b": (".avi", (*X264, "-c:a", "mp2")),
    "ts": (".ts", (*X264, "-c:a", "mp2")),
    "mpg": (".mpg", (*MPEG2, "-c:a", "mp2")),
    "vob": (".vob", (*MPEG2, "-c:a", "ac3", "-f", "vob")),
    "mxf": (".mxf", (*MPEG2, "-c:a", "pcm_s16le")),
    "dv": (".dv", ("-c:v", "dvvideo", "-pix_fmt", "yuv420p", "-c:a", "pcm_s16le", "-ac", "2")),
    "ogg": (".ogv", ("-c:v", "libtheora", "-g", "6", "-c:a", "libvorbis")),
    "flv": (".flv", ("-c:v", "flv", "-g", "6", "-c:a", "aac")),
    "wmv": (".wmv", ("-c:v", "wmv2", "-g", "6", "-c:a", "wmav2")),
}
"""Ending and FFmpeg's options of each kind of film."""


def draw(kind: str, folder: Path) -> Path:
    """A film of half a second, with a tone."""
    ending, options = KINDS[kind]
    path = folder / f"{kind}{ending}"
    is_dv, rate = kind == "dv", 25 if kind in ("dv", "vob") else 24
    size = "720x576" if is_dv else "64x48"
    picture = f"testsrc2=r={rate}:s={size},format=gray,format=yuv420p"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-f", "lavfi", "-i", picture]
    sound = ["-f", "lavfi", "-i", "sine=r=48000", "-ac", "1"]
    length = ["-frames:v", str(FRAMES // 2 if is_dv else FRAMES), "-t", "0.5", "-fflags", "+bitexact"]
    subprocess.run([*command, *sound, *length, *options, path], check=True)
    return path
