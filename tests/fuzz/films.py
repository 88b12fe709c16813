"""Small black-and-white films of every kind of container, drawn and written by the FFmpeg program."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import imageio_ffmpeg

from tests.made import clips, cut_readers, side_data
from tests.made.timed_metadata import with_timed_metadata

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
DRAWN: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "captions": (".ts", side_data.captioned),
    "captions-h264": (".mp4", side_data.captioned),
    "dolby-vision": (".mp4", side_data.in_dolby_vision),
    "hdr10-plus": (".mkv", side_data.in_hdr10_plus),
    "ambient-light": (".mp4", side_data.with_ambient_light),
    "stereo": (".mp4", side_data.in_stereo),
    "mirrored": (".mp4", side_data.mirrored_by_its_stream),
    "gop-timecode": (".mpg", side_data.with_gop_timecode),
    "everything": (".mkv", clips.everything),
    "everything-mp4": (".mp4", clips.everything),
    "timecode": (".mov", clips.with_timecode),
    "turned": (".mov", clips.rotated),
    "uneven": (".mkv", clips.variable_rate),
    "edit-list": (".mp4", clips.trimmed),
    "metadata": (".mp4", partial(with_timed_metadata, kind="mett")),
    "real-media": (".rm", cut_readers.real_media),
    "nsv": (".nsv", cut_readers.nsv),
}
"""Ending of each kind of film with something of its own, and what draws it."""
ENDINGS = {kind: ending for kind, (ending, _) in {**KINDS, **DRAWN}.items()}


def draw(kind: str, folder: Path) -> Path:
    """A film of half a second with a tone, or one of DRAWN."""
    if kind in DRAWN:
        return DRAWN[kind][1](folder / f"{kind}{ENDINGS[kind]}")
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
