"""Films whose containers store one time a packet keep all pictures, at the times at which FFmpeg shows them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from fractions import Fraction
from hashlib import md5
from pathlib import Path

import av
import imageio_ffmpeg
import pytest

from pipelines.settings import Settings
from restore.api import restore_film
from tests.made import in_order
from tests.made.readers import packets, times, true_lumas
from tests.made.runs import Films, in_segments


def h264_in_avi(path: Path) -> Path:
    return in_order.with_b_frames(path, has_sound=True)


def mpeg4_in_old_mov(path: Path) -> Path:
    return in_order.with_b_frames(path, "mpeg4", has_sound=True)


def dv_with_timecode(path: Path) -> Path:
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi"]
    picture = "testsrc2=r=25:s=720x576:d=0.5,format=gray,format=yuv420p"
    subprocess.run([*command, "-i", picture, "-target", "pal-dv", "-an", "-timecode", "01:00:00:00", path], check=True)
    return path


FILMS = [(h264_in_avi, ".avi"), (mpeg4_in_old_mov, ".mov"), (in_order.packed, ".avi")]


@pytest.mark.parametrize(("draw", "ending"), FILMS)
def test_every_picture_is_at_ffmpegs_time(
    films: Films, lossless: Settings, tmp_path: Path, draw: Callable[[Path], Path], ending: str
) -> None:
    film = films(draw, ending)
    out = restore_film(film, tmp_path / "out.mp4", in_segments(lossless))
    shown = in_order.shown_by_ffmpeg(film)
    assert [md5(luma.tobytes()).hexdigest() for _, luma in true_lumas(out)] == [luma for _, luma in shown]
    assert times(out)[:-2] == [time for time, _ in shown][:-2]  # the last have no dts for FFmpeg to go by
    if draw is not in_order.packed:
        assert packets(out, 1) == packets(film, 1)


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".mov"])
def test_raw_dv_with_timecode_keeps_its_rate_and_timecode(
    films: Films, settings: Settings, tmp_path: Path, ending: str
) -> None:
    film = films(dv_with_timecode, ".dv")
    with av.open(restore_film(film, tmp_path / f"out{ending}", settings)) as out:
        stream = out.streams.video[0]
        tags = {name.lower(): value for name, value in {**out.metadata, **stream.metadata}.items()}
        assert (stream.average_rate, tags["timecode"]) == (25, "01:00:00:00")
        shown = [Fraction(frame.pts or 0) * Fraction(frame.time_base or 0) for frame in out.decode(stream)]
    assert shown == [Fraction(number, 25) for number in range(len(shown))]
    assert len(shown) >= 12
