"""An archive of eight films in eight kinds, black and white, one of them broken."""

from __future__ import annotations

import subprocess
from pathlib import Path

import imageio_ffmpeg

from tests.made.scans import drawn, scans

FILMS = {
    "1908/gray.mkv": ("-c:v", "ffv1", "-pix_fmt", "gray16le"),
    "1912/prores.mov": ("-c:v", "prores_ks", "-pix_fmt", "yuv422p10le", "-timecode", "10:00:00:00"),
    "1914/tape.avi": ("-c:v", "dvvideo", "-s", "720x576", "-pix_fmt", "yuv420p"),
    "1916/eighteen.mp4": ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-r", "18"),
    "1918/broadcast.ts": ("-c:v", "mpeg2video", "-pix_fmt", "yuv420p"),
    "1920/server.mxf": ("-c:v", "mpeg2video", "-pix_fmt", "yuv420p"),
}
SCANS, BROKEN = "1922/scans", "1924/broken.mov"
RESULTS = {
    "1908/gray.mkv": ("1908/gray.restored.mkv", "ffv1 16 bits in matroska"),
    "1912/prores.mov": ("1912/prores.restored.mov", "prores 10 bits in mov"),
    "1914/tape.avi": ("1914/tape.restored.mkv", "h264 8 bits in matroska"),
    "1916/eighteen.mp4": ("1916/eighteen.restored.mp4", "h264 8 bits in mp4"),
    "1918/broadcast.ts": ("1918/broadcast.restored.ts", "h264 8 bits in mpegts"),
    "1920/server.mxf": ("1920/server.restored.mkv", "h264 8 bits in matroska"),
    SCANS: ("1922/scans.restored", "tiff pictures of 16 bits"),
}
"""Place to the result that follows the film, and how it is written."""


def eight_kinds(folder: Path, frames: int = 12) -> Path:
    """The films, in folders by year."""
    for place, options in FILMS.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i"]
        command += ["testsrc=size=64x48:rate=25,hue=s=0", "-f", "lavfi", "-i", "sine=sample_rate=48000"]
        sound = "mp2" if path.suffix == ".ts" else "pcm_s16le"
        is_silent = path.suffix in (".mkv", ".mp4")
        kept = ("-map", "0:v", *(() if is_silent else ("-map", "1:a", "-c:a", sound)))
        subprocess.run([*command, *kept, "-frames:v", str(frames), "-shortest", *options, str(path)], check=True)
    scans(folder / SCANS, drawn(max(10, frames)))
    broken = folder / BROKEN
    broken.parent.mkdir(parents=True, exist_ok=True)
    broken.write_bytes((folder / "1912/prores.mov").read_bytes()[:2000])
    return folder
