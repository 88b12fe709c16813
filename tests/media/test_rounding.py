"""How far a container moves a film's times is known before the run."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from pipelines.media.probe import probe
from pipelines.media.rounding import FrameTimes, keeps_clock
from pipelines.source import Film, Span
from tests.made import pictures
from tests.made.handmade import FILM, PICTURE
from tests.made.tracks import PictureTrack, write

NTSC, NTSC_FILM = Fraction(30000, 1001), Fraction(24000, 1001)


def even(rate: Fraction, time_base: Fraction | None = None, start: Fraction = Fraction(0)) -> Film:
    picture = replace(PICTURE, time_base=time_base or 1 / rate, frame_rate=rate, base_rate=rate)
    return replace(FILM, picture=picture, start=start)


def moved(film: Film, container: str = "matroska", start: Fraction | None = None) -> Fraction | None:
    return FrameTimes(film, Span(start, None)).moved(container)


@pytest.mark.parametrize(
    ("container", "time_base", "keeps"),
    [("mp4", Fraction(1, 12345), True), ("matroska", Fraction(1, 1000), True), ("matroska", Fraction(1, 24), False),
     ("mpegts", Fraction(1, 90000), True), ("mpegts", Fraction(1, 24), True), ("mpegts", Fraction(1, 1001), False)],
)  # fmt: skip
def test_a_clock_holds_only_multiples_of_its_tick(container: str, time_base: Fraction, keeps: bool) -> None:
    assert keeps_clock(container, time_base) == keeps


@pytest.mark.parametrize("rate", [Fraction(rate) for rate in (16, 18, 24, 25, 30, 50, 60)] + [NTSC, NTSC_FILM])
def test_the_farthest_frame_of_an_even_film_is_known_by_its_rate(rate: Fraction) -> None:
    times = [1000 * number / rate for number in range(3000)]
    assert moved(even(rate)) == max(abs(time - round(time)) for time in times) / 1000


def test_whole_milliseconds_are_exact_whatever_the_films_clock() -> None:
    assert moved(even(Fraction(25), Fraction(1, 12800))) == 0
    assert moved(even(Fraction(24), Fraction(1, 12288)), "mpegts") == 0


def test_a_film_that_begins_between_two_milliseconds_is_moved_by_that() -> None:
    film = even(Fraction(25), Fraction(1, 90000), start=Fraction(126902, 90000))
    assert moved(film) == Fraction(2, 90000)
    assert moved(film, start=Fraction(1)) == 0


def test_times_that_the_film_has_rounded_itself_move_by_up_to_half_a_tick() -> None:
    assert moved(even(NTSC_FILM, Fraction(1, 90000))) == Fraction(1, 2000)


def test_frames_closer_than_a_tick_are_not_held() -> None:
    assert moved(even(Fraction(1200), Fraction(1, 12000))) is None


def uneven(path: Path, *pts: int, **options: Any) -> Film:
    return probe(write(path, PictureTrack(pictures.pan(len(pts)), time_base=Fraction(1, 90000), pts=pts), **options))


def test_uneven_times_are_read(tmp_path: Path) -> None:
    film = uneven(tmp_path / "film.mp4", 0, 3000, 3630, 9021, 9930)
    assert moved(film) == Fraction(1, 3000)
    assert moved(film, start=Fraction(3630, 90000)) == Fraction(1, 10000)
    assert FrameTimes(film, Span(None, Fraction(1, 30))).moved("matroska") == 0
    assert FrameTimes(film, Span(None, None)).is_held("matroska")


def test_uneven_frames_that_lie_too_close_are_not_held(tmp_path: Path) -> None:
    film = uneven(tmp_path / "film.mp4", 0, 3000, 3080, 9000)
    assert moved(film) is None
    assert FrameTimes(film, Span(None, None)).is_held("mov")
