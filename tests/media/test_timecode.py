"""Timecode as SMPTE ST 12-1 counts it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentimelineio import opentime

from pipelines.errors import InputError
from pipelines.media import timecode
from pipelines.media.probe import probe
from pipelines.media.timecode import Clock, clock_of, standard_rate
from tests.made import clips
from tests.made.handmade import FILM, picture
from tests.made.pictures import pan
from tests.made.tracks import PictureTrack, write

NTSC = Fraction(30_000, 1001)


def clock(rate: Fraction, first: int = 0, is_drop: bool = False) -> Clock:
    return Clock(rate, first, is_drop, "")


@pytest.mark.parametrize(
    ("frame", "written"),
    [(0, "00:00:00;00"), (1799, "00:00:59;29"), (1800, "00:01:00;02"), (17_981, "00:09:59;29"),
     (17_982, "00:10:00;00"), (107_892, "01:00:00;00")],
)  # fmt: skip
def test_drop_frame_leaves_out_two_numbers_a_minute_but_not_each_tenth(frame: int, written: str) -> None:
    assert clock(NTSC, is_drop=True).written(frame) == written


def test_5994_leaves_out_four() -> None:
    assert clock(Fraction(60_000, 1001), is_drop=True).written(3600) == "00:01:00;04"


@pytest.mark.parametrize(("rate", "written"), [(NTSC, "00:01:00:00"), (Fraction(25), "00:01:12:00")])
def test_other_timecode_leaves_out_none(rate: Fraction, written: str) -> None:
    assert clock(rate).written(1800) == written


@given(st.integers(0, 10**6), st.sampled_from(timecode.STANDARD))
def test_each_frame_of_an_even_film_has_its_own_number(frame: int, rate: Fraction) -> None:
    milliseconds = Fraction(round(frame / rate * 1000), 1000)  # as Matroska stores times
    assert clock(rate, 100).frame(frame / rate) == clock(rate, 100).frame(milliseconds) == frame + 100


@pytest.mark.parametrize(
    ("rate", "meant"),
    [(Fraction(24_000, 1001), Fraction(24_000, 1001)), (Fraction(2997, 100), NTSC), (Fraction(24), Fraction(24)),
     (Fraction(16), None), (Fraction(18), None), (None, None)],
)  # fmt: skip
def test_a_rate_is_the_standard_one_that_is_meant(rate: Fraction | None, meant: Fraction | None) -> None:
    assert standard_rate(rate) == meant


def test_a_film_with_timecode_counts_from_it(tmp_path: Path) -> None:
    found = clock_of(probe(clips.with_timecode(tmp_path / "film.mov")))
    assert found.at(Fraction(0)) == "01:02:03:04"
    assert found.at(Fraction(1)) == "01:02:04:04"


def test_matroska_names_it_in_capitals(tmp_path: Path) -> None:
    film = write(tmp_path / "film.mkv", PictureTrack(pan(4), timecode="01:02:03:04"))
    assert clock_of(probe(film)).at(Fraction(0)) == "01:02:03:04"


@pytest.mark.parametrize(
    ("own", "first"), [("00:59:59;29", "00:59:59;29"), ("00:59:59:29", "00:59:59:29"), ("", "00:00:00;00")]
)
def test_2997_drops_numbers_unless_the_film_says_otherwise(tmp_path: Path, own: str, first: str) -> None:
    film = write(tmp_path / "film.mov", PictureTrack(pan(4), rate=NTSC, timecode=own or None))
    assert clock_of(probe(film)).at(Fraction(0)) == first


def test_a_rate_without_timecode_shows_seconds() -> None:
    assert clock(Fraction(18)).at(Fraction(5, 2)) == "00:00:02.500"


def test_a_timecode_that_is_none_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timecode, "_tags", lambda film: {"timecode": "00:00:00:99"})
    with pytest.raises(InputError, match="'00:00:00:99' is not valid at 24 frames"):
        clock_of(replace(FILM, picture=picture(frame_rate=Fraction(24))))


@given(st.integers(0, 2_000_000), st.sampled_from(timecode.STANDARD), st.booleans())
def test_timecode_is_what_the_library_for_it_writes(frame: int, rate: Fraction, is_drop: bool) -> None:
    counted = clock(rate, is_drop=is_drop and rate in timecode.DROPS)
    written = opentime.RationalTime(frame, float(rate)).to_timecode(float(rate), counted.is_drop)
    assert counted.written(frame) == written
    assert counted.number(written) == frame


@pytest.mark.parametrize("written", ["00:01:00;00", "00:01:00;01", "00:00:60;00", "00:60:00;00", "00:00:00;30", "1"])
def test_numbers_that_are_left_out_or_too_high_are_not_valid(written: str) -> None:
    with pytest.raises(
        ValueError, match=r"is not valid at 29\.97 frames a second|is a number that drop-frame timecode leaves out"
    ):
        clock(NTSC, is_drop=True).number(written)


def test_a_rate_without_drop_frames_takes_no_semicolon() -> None:
    with pytest.raises(ValueError, match="'00:00:01;00' is not valid at 25 frames a second"):
        clock(Fraction(25)).number("00:00:01;00")


@pytest.mark.parametrize(("rate", "frame"), [(Fraction(18), 18 * 61 + 5), (Fraction(33, 2), 1011)])
def test_silent_speeds_are_counted_too(rate: Fraction, frame: int) -> None:
    assert clock(rate).number("00:01:01:05") == frame
