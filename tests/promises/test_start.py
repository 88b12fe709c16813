"""A result begins at 0 where its film begins late, and no picture lies before time zero; a note says so."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pytest

from pipelines.archive.results import look
from pipelines.job.job import prepare
from pipelines.media.probe import probe
from pipelines.settings import EncodeSettings, Settings
from pipelines.source import Span
from restore.api import restore_film
from tests.made.readers import packets, times, true_lumas

WRAP = 95_442.3
"""Seconds, about, after which the clock of MPEG-TS begins again: 2^33 ticks of 1/90000 s."""
CODECS = {
    ".ts": ("-c:v", "libx264", "-bf", "2", "-c:a", "mp2"),
    ".vob": ("-c:v", "mpeg2video", "-bf", "2", "-c:a", "mp2"),
}


def beginning_at(path: Path, seconds: float) -> Path:
    """A second of black and white with a tone, whose clock says so many seconds at its beginning."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi"]
    picture, sound = "testsrc2=r=25:s=64x48:d=1,format=gray,format=yuv420p", "sine=d=1:r=48000"
    how = [*CODECS[path.suffix], "-output_ts_offset", str(seconds)]
    subprocess.run([*command, "-i", picture, "-f", "lavfi", "-i", sound, *how, path], check=True)
    return path


def starts(path: Path) -> list[Fraction]:
    """Seconds at which the streams begin."""
    with av.open(path) as film:
        return [Fraction((stream.start_time or 0) * (stream.time_base or 1)) for stream in film.streams]


def assert_moved(film: Path, out: Path, most: Fraction = Fraction(0)) -> None:
    """Every picture and packet is there, all moved by the same time, so that the first stream begins at 0."""
    shift = min(starts(film))
    assert all(abs(was - shift - now) <= most for was, now in zip(times(film), times(out), strict=True))
    assert all(np.array_equal(was, now) for (_, was), (_, now) in zip(true_lumas(film), true_lumas(out), strict=True))
    assert b"".join(packets(film, 1)) == b"".join(packets(out, 1))
    apart, still = (times(each)[0] - starts(each)[1] for each in (film, out))
    assert abs(apart - still) <= Fraction(1, 1000)
    assert all(0 <= start < Fraction(1, 10) for start in starts(out))


@pytest.mark.parametrize(
    "ending", [".mp4", *(pytest.param(each, marks=pytest.mark.slow) for each in (".mov", ".mkv", ".ts"))]
)
def test_pictures_before_a_clock_that_wraps_are_all_there(lossless: Settings, tmp_path: Path, ending: str) -> None:
    film = beginning_at(tmp_path / "film.ts", WRAP)
    assert min(times(film)) < 0
    settings = lossless if ending in (".mp4", ".mkv") else replace(lossless, encode=EncodeSettings("h264", crf=0))
    out = tmp_path / f"out{ending}"
    note = next(note for note in prepare(film, out, settings).target.notes if "time 0" in note)
    assert note.startswith("all streams are moved by 0.")
    assert note.endswith("so that no picture lies before time 0")
    restore_film(film, out, settings)
    assert len(times(out)) == len(times(film)) == 25
    assert_moved(film, out, Fraction(1, 2000) if ending == ".mkv" else Fraction(0))


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("film.vob", ".mp4"),
        pytest.param("film.vob", ".mkv", marks=pytest.mark.slow),
        pytest.param("film.ts", ".mp4", marks=pytest.mark.slow),
    ],
)
def test_a_film_that_begins_at_50_minutes_begins_at_0(
    lossless: Settings, tmp_path: Path, name: str, ending: str
) -> None:
    film, out = beginning_at(tmp_path / name, 3000), tmp_path / f"out{ending}"
    said = [note for note in prepare(film, out, lossless).target.notes if "begins" in note]
    assert len(said) == 1
    assert said[0].startswith("the film begins at 00:50:0")
    assert said[0].endswith(" and its result at 0; --keep-start lets it begin as late")
    restore_film(film, out, lossless)
    assert_moved(film, out, Fraction(1, 2000) if ending == ".mkv" else Fraction(0))


@pytest.mark.parametrize("ending", [".mp4", pytest.param(".mkv", marks=pytest.mark.slow)])
def test_a_film_keeps_its_start_where_that_is_asked_for(lossless: Settings, tmp_path: Path, ending: str) -> None:
    film, out = beginning_at(tmp_path / "film.vob", 3000), tmp_path / f"out{ending}"
    settings = replace(lossless, keep_start=True)
    assert not [note for note in prepare(film, out, settings).target.notes if "begins" in note]
    restore_film(film, out, settings)
    most = Fraction(1, 2000) if ending == ".mkv" else Fraction(0)
    assert all(abs(was - now) <= most for was, now in zip(times(film), times(out), strict=True))
    assert packets(film, 1) == packets(out, 1)


def test_no_start_before_zero_is_kept(lossless: Settings, tmp_path: Path) -> None:
    film = beginning_at(tmp_path / "film.ts", WRAP)
    notes = prepare(film, tmp_path / "out.mp4", replace(lossless, keep_start=True)).target.notes
    assert notes[-1].endswith("lies before time 0, with --keep-start too")


def test_stills_of_a_film_that_was_moved_show_one_moment(lossless: Settings, tmp_path: Path) -> None:
    film, out = beginning_at(tmp_path / "film.vob", 3000), tmp_path / "out.mp4"
    restore_film(film, out, lossless)
    assert look(probe(film), out, Span(None, None)).stills.before


def test_a_part_of_a_film_that_begins_late_begins_at_0(lossless: Settings, tmp_path: Path) -> None:
    film, out = beginning_at(tmp_path / "film.vob", 3000), tmp_path / "out.mp4"
    settings = replace(lossless, start=Fraction(1, 2))
    assert not [note for note in prepare(film, out, settings).target.notes if "begins" in note]
    first = times(restore_film(film, out, settings))[0]
    assert first < Fraction(1, 25)
