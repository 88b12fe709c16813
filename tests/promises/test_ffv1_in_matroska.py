"""A film from any container goes into FFV1 in Matroska, as archives keep films: luma, times, sound and pixel shape."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pytest

from pipelines.errors import OutputError
from pipelines.job.job import prepare
from pipelines.settings import EncodeSettings, Settings
from restore.api import restore_film
from tests.made.readers import packets, times, true_lumas

RATES = ("16", "18", "24000/1001", "24", "25", "30000/1001", "30", "60")
MPEG2 = ("-c:v", "mpeg2video", "-q:v", "2", "-c:a", "pcm_s16le")
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")
CONTAINERS: dict[str, tuple[str, ...]] = {
    ".mp4": X264,
    ".mov": ("-c:v", "prores_ks", "-c:a", "pcm_s16le"),
    ".ts": (*X264, "-c:a", "mp2"),
    ".avi": ("-c:v", "mpeg4", "-bf", "0", "-c:a", "pcm_s16le"),
    ".mxf": MPEG2,
    ".dv": ("-c:v", "dvvideo", "-an"),
    ".webm": ("-c:v", "libvpx", "-c:a", "libopus"),
}
HELD = {".mxf": RATES[2:], ".dv": ("25", "30000/1001")}
QUICK = ("25", "30000/1001")
"""Rates of the quick tests: one of whole milliseconds, one that is rounded."""
CASES = [
    pytest.param(ending, rate, marks=[] if rate in QUICK else [pytest.mark.slow])
    for ending in CONTAINERS
    for rate in HELD.get(ending, RATES)
]
DV = {"25": ("720x576", "yuv420p"), "30000/1001": ("720x480", "yuv411p")}


def drawn(path: Path, rate: str, aspect: str) -> Path:
    """A few frames of black and white with a tone, shown at this aspect."""
    size, form = DV[rate] if path.suffix == ".dv" else ("64x48", "yuv422p10le" if path.suffix == ".mov" else "yuv420p")
    seconds = 0.5 if path.suffix == ".dv" else 0.2  # of fewer frames FFmpeg does not find a DV film's rate
    picture = f"testsrc2=r={rate}:s={size}:d={seconds},format=gray,format={form}"
    sound = f"sine=d={seconds}:r=48000"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound]
    subprocess.run([*command, *CONTAINERS[path.suffix], "-pix_fmt", form, "-aspect", aspect, path], check=True)
    return path


def assert_kept(film: Path, out: Path) -> None:
    """Luma, the order of times and the times to half a millisecond, packets of sound, pixel shape."""
    before, after = true_lumas(film), true_lumas(out)
    assert len(before) == len(after) > 0
    assert all(np.array_equal(was, now) for (_, was), (_, now) in zip(before, after, strict=True))
    assert all(abs(was - now) <= Fraction(1, 2000) for was, now in zip(times(film), times(out), strict=True))
    assert all(earlier < later for earlier, later in pairwise(times(out)))
    with av.open(film) as source, av.open(out) as written:
        sounds = list(zip(source.streams.audio, written.streams.audio, strict=True))
        assert all(packets(film, was.index) == packets(out, now.index) for was, now in sounds)
        was, now = source.streams.video[0], written.streams.video[0]
        assert (now.codec_context.name, now.sample_aspect_ratio or 1) == ("ffv1", was.sample_aspect_ratio or 1)
        assert now.average_rate == now.base_rate == was.base_rate


@pytest.mark.parametrize(("ending", "rate"), CASES)
def test_a_film_goes_in_as_it_is(lossless: Settings, tmp_path: Path, ending: str, rate: str) -> None:
    film = drawn(tmp_path / f"film{ending}", rate, "16:9")
    assert_kept(film, restore_film(film, tmp_path / "out.mkv", lossless))


@pytest.mark.parametrize("ending", [ending for ending in CONTAINERS if ending != ".dv"])
def test_square_pixels_stay_square(lossless: Settings, tmp_path: Path, ending: str) -> None:
    film = drawn(tmp_path / f"film{ending}", "30", "4:3")
    assert_kept(film, restore_film(film, tmp_path / "out.mkv", lossless))


ROUNDED = [("25", ()), ("24", ("0.4",)), ("18", ("0.5",)), ("60", ("0.4",)), ("30000/1001", ("0.5",))]


@pytest.mark.parametrize(("rate", "by"), ROUNDED)
def test_a_note_says_how_far_times_move(lossless: Settings, tmp_path: Path, rate: str, by: tuple[str, ...]) -> None:
    film = drawn(tmp_path / "film.mp4", rate, "4:3")
    notes = prepare(film, tmp_path / "out.mkv", lossless).target.notes
    assert notes == tuple(f"times are rounded to milliseconds, by at most {most} ms" for most in by)


@pytest.mark.parametrize("rate", ["24", "30000/1001"])
def test_an_even_rate_is_written_as_the_tracks_default_duration(lossless: Settings, tmp_path: Path, rate: str) -> None:
    out = restore_film(drawn(tmp_path / "film.mp4", rate, "4:3"), tmp_path / "out.mkv", lossless)
    data = out.read_bytes()
    at = data.index(b"\x23\xe3\x83", data.rindex(b"\x16\x54\xae\x6b", 0, data.index(b"V_FFV1"))) + 3
    assert data[at] == 0x84  # four bytes follow
    assert int.from_bytes(data[at + 1 : at + 5]) == int(10**9 / Fraction(rate))


def tags(path: Path) -> tuple[int, int, int, int]:
    """Range, matrix, primaries and transfer of a film's first frame, as FFmpeg numbers them."""
    with av.open(path) as film:
        frame = next(film.decode(video=0))
        return frame.color_range, frame.colorspace, frame.color_primaries, frame.color_trc


FULL = 2
"""FFmpeg's AVCOL_RANGE_JPEG."""
PARTLY_TAGGED = {
    ".mov": (("-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-colorspace", "bt470bg"), (2, 5, 2, 2)),
    ".mp4": (("-c:v", "libx264", "-pix_fmt", "yuv420p", "-x264-params", "colormatrix=bt2020nc"), (1, 9, 2, 2)),
}


@pytest.mark.parametrize("ending", PARTLY_TAGGED)
def test_colour_tags_of_which_some_are_unknown_stay(tmp_path: Path, settings: Settings, ending: str) -> None:
    options, expected = PARTLY_TAGGED[ending]
    film, program = tmp_path / f"film{ending}", [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error"]
    picture = "testsrc2=r=25:s=64x48:d=0.2,format=gray"
    subprocess.run([*program, "-f", "lavfi", "-i", picture, *options, film], check=True)
    assert tags(film)[1:] == expected[1:]
    ffv1 = replace(settings, encode=EncodeSettings(codec="ffv1"))
    assert tags(restore_film(film, tmp_path / "out.mkv", ffv1)) == expected
    if expected[0] == FULL:
        with pytest.raises(OutputError, match=r"\.mp4 does not keep full range with ffv1 .*; \.mkv holds it"):
            prepare(film, tmp_path / "out.mp4", ffv1)
    else:
        assert any(
            "colour tags are left out" in note for note in prepare(film, tmp_path / "out.mp4", ffv1).target.notes
        )
