"""Luma and times of a result are the film's by the FFmpeg program's own word: its framemd5 of both."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import pytest

from pipelines.settings import ScanSettings, Settings
from restore.api import restore_film
from tests.made import clips, cut_readers, side_data

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
PICTURE, SMALL = "testsrc2=r=25:s=64x48:d=0.48,format=gray,format=yuv420p", "testsrc2=r=25:s=2x2:d=0.48,format=gray"
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "6")
MPEG2 = ("-c:v", "mpeg2video", "-q:v", "3", "-g", "6", "-bf", "2")
MASTERED = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
HDR10 = f"{MASTERED}:max-cll=1000,400:log-level=none"
TOP_FIRST = ("-flags", "+ildct+ilme", "-vf", "setfield=tff,format=yuv420p")
FILMS: dict[str, tuple[str, ...]] = {
    "24 fps with MP3.avi": ("-r", "24", "-c:v", "mpeg4", "-c:a", "mp3"),
    "29.97 fps with PCM.mxf": ("-r", "30000/1001", *MPEG2, "-c:a", "pcm_s16le"),
    "AC-3.vob": (*MPEG2, "-c:a", "ac3", "-f", "vob"),
    "FLAC.mp4": (*X264, "-c:a", "flac"),
    "ProRes.mov": ("-c:v", "prores_ks", "-pix_fmt", "yuv422p10le", "-c:a", "pcm_s16le"),
    "PAL.dv": ("-s", "720x576", "-aspect", "4:3", "-c:v", "dvvideo", "-an"),
    "NTSC.dv": ("-r", "30000/1001", "-s", "720x480", "-pix_fmt", "yuv411p", "-c:v", "dvvideo", "-an"),
    "odd pixels.webm": ("-c:v", "libvpx", "-c:a", "libopus", "-aspect", "1.33"),
    "B-frames.avi": ("-c:v", "mpeg4", "-bf", "2", "-g", "6", "-c:a", "mp2"),
    "H.264.avi": (*X264, "-c:a", "pcm_s16le"),
    "B-frames.mpg": ("-c:v", "mpeg1video", "-bf", "2", "-g", "6", "-c:a", "mp2"),
    "from 50 minutes.vob": (*MPEG2, "-c:a", "mp2", "-output_ts_offset", "3000", "-f", "vob"),
    "wrapped clock.ts": (*X264, "-c:a", "aac", "-output_ts_offset", "95443.5"),
    "HDR10.mkv": ("-c:v", "libx265", "-pix_fmt", "yuv420p10le", "-preset", "ultrafast", "-x265-params", HDR10),
    "with timecode.mov": (*X264, "-timecode", "01:00:00:00", "-c:a", "aac"),
    "uneven.mkv": ("-vf", "select=not(mod(n\\,3)),format=yuv420p", "-fps_mode", "vfr", *X264, "-c:a", "flac"),
    "fragments.mp4": (*X264, "-c:a", "aac", "-movflags", "frag_keyframe+empty_moov"),
    "Flash.swf": ("-c:v", "flv", "-g", "6", "-c:a", "mp3", "-ar", "44100"),
    "repeated pictures.ogv": ("-c:v", "libtheora", "-c:a", "libvorbis"),
    "interlaced.ts": (
        "-c:v",
        "mpeg2video",
        "-flags",
        "+ildct+ilme",
        "-vf",
        "setfield=tff,format=yuv420p",
        "-c:a",
        "mp2",
    ),
    "two by two.mkv": ("-c:v", "ffv1", "-pix_fmt", "gray16le", "-c:a", "pcm_s16le"),
}


DRAWN: dict[str, Callable[[Path], Path]] = {
    "captions.ts": side_data.captioned,
    "mirrored.mp4": side_data.mirrored_by_its_stream,
    "turned.mov": clips.rotated,
    "Real.rm": cut_readers.real_media,
}


def drawn(name: str, folder: Path) -> Path:
    """A film of half a second in black and white with a tone, or one of DRAWN."""
    if name in DRAWN:
        return DRAWN[name](folder / name)
    picture = SMALL if name.startswith("two") else PICTURE
    command = [FFMPEG, "-v", "error", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "sine=d=0.48:r=48000"]
    subprocess.run([*command, *FILMS[name], folder / name], check=True)
    return folder / name


def framemd5(path: Path, *options: str) -> list[tuple[Fraction, str]]:
    """Each frame's time in seconds from the first, and the digest of its luma."""
    command = [FFMPEG, "-v", "error", "-copyts", "-noautorotate", *options, "-i", path, "-map", "0:v:0"]
    command += ["-vf", "extractplanes=y", "-fps_mode", "passthrough", "-f", "framemd5", "-"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    tick = Fraction(next(line for line in lines if line.startswith("#tb 0:")).split()[-1])
    rows = [line.split(",") for line in lines if not line.startswith("#")]
    frames = [(int(row[2]) * tick, row[5].strip()) for row in rows]
    return [(at - frames[0][0], luma) for at, luma in frames]


@pytest.mark.slow
@pytest.mark.parametrize("name", [*FILMS, *DRAWN])
def test_luma_and_times_are_the_films_own(lossless: Settings, tmp_path: Path, name: str) -> None:
    film = drawn(name, tmp_path)
    before, after = framemd5(film), framemd5(restore_film(film, tmp_path / "out.mkv", lossless))
    assert [luma for _, luma in after] == [luma for _, luma in before]
    assert len(before) > 3
    assert max(abs(now - was) for (was, _), (now, _) in zip(before, after, strict=True)) <= Fraction(1, 1000)


@pytest.mark.slow
def test_luma_and_times_of_scans_are_their_own(lossless: Settings, tmp_path: Path) -> None:
    reel = tmp_path / "reel"
    reel.mkdir()
    picture = "testsrc2=r=18:s=64x48:d=0.5,format=gray,format=gray16le"
    subprocess.run([FFMPEG, "-v", "error", "-f", "lavfi", "-i", picture, reel / "scan_%04d.tif"], check=True)
    out = restore_film(reel, tmp_path / "out.mkv", replace(lossless, scans=ScanSettings(Fraction(18))))
    before, after = framemd5(reel / "scan_%04d.tif", "-framerate", "18"), framemd5(out)
    assert [luma for _, luma in after] == [luma for _, luma in before]
    assert max(abs(now - was) for (was, _), (now, _) in zip(before, after, strict=True)) <= Fraction(1, 1000)
