"""Segments cover a film without gap or overlap, whoever works on them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipelines.job.plan import MAX_SEGMENTS, plan
from pipelines.source import Film
from tests.made.handmade import FILM, PICTURE

TIME_BASES = st.sampled_from([Fraction(1, 24), Fraction(1, 1000), Fraction(1, 12288), Fraction(1001, 30000)])
SECONDS = st.fractions(Fraction(1, 100), Fraction(300), max_denominator=1001)


@st.composite
def films(draw: st.DrawFn) -> Film:
    """Films that begin anywhere, before time 0 too."""
    time_base = draw(TIME_BASES)
    start = draw(st.integers(-1000, 100_000)) * time_base
    return replace(FILM, picture=replace(PICTURE, time_base=time_base), start=start, duration=draw(SECONDS))


LENGTHS = st.fractions(Fraction(1, 2), Fraction(60), max_denominator=100)


@given(film=films(), length=LENGTHS)
def test_every_time_has_one_owner_before_the_film_and_after_it_too(film: Film, length: Fraction) -> None:
    segments = plan(film, length)
    assert (segments[0].start, segments[-1].end) == (None, None)
    assert [segment.number for segment in segments] == list(range(len(segments)))
    bounds = [one.end for one, _ in pairwise(segments)]
    assert [other.start for _, other in pairwise(segments)] == bounds
    first, last = film.pts(Fraction(-5)), film.pts(film.duration + 5)
    around = [bound + step for bound in bounds if bound is not None for step in (-1, 0, 1)]
    for pts in (first, *around, last):
        assert sum(segment.owns(pts) for segment in segments) == 1


@given(film=films(), length=LENGTHS)
def test_inner_segments_are_as_long_as_asked_and_the_last_not_half_again(film: Film, length: Fraction) -> None:
    segments = plan(film, length)
    for number, segment in enumerate(segments[1:], start=1):
        assert segment.start == film.pts(number * length)
    rest = film.duration - (len(segments) - 1) * length
    assert rest <= length * 3 / 2
    assert rest >= length / 2 or len(segments) == 1


@given(film=films(), length=LENGTHS, shares=st.tuples(st.fractions(0, 1), st.fractions(0, 1)))
def test_a_span_is_covered_from_its_start_to_its_end(
    film: Film, length: Fraction, shares: tuple[Fraction, Fraction]
) -> None:
    start, end = (film.duration * share for share in sorted(shares))
    segments = plan(film, length, start, end)
    assert (segments[0].start, segments[-1].end) == (film.pts(start), film.pts(end))
    assert all(one.end == other.start for one, other in pairwise(segments))
    assert [segment.start for segment in segments[1:]] == [
        film.pts(start + number * length) for number in range(1, len(segments))
    ]
    assert all(segment.start <= segment.end for segment in segments)  # type: ignore[operator]


@given(film=films(), length=LENGTHS)
def test_a_start_alone_leaves_the_end_open_and_an_end_alone_the_start(film: Film, length: Fraction) -> None:
    middle = film.duration / 2
    from_middle, to_middle = plan(film, length, start=middle), plan(film, length, end=middle)
    assert (from_middle[0].start, from_middle[-1].end) == (film.pts(middle), None)
    assert (to_middle[0].start, to_middle[-1].end) == (None, film.pts(middle))


@given(film=films(), seconds=SECONDS)
def test_a_time_becomes_the_first_tick_at_or_after_it(film: Film, seconds: Fraction) -> None:
    pts = film.pts(seconds)
    assert film.seconds(pts - 1) < seconds <= film.seconds(pts)


def test_is_the_same_however_often_it_is_asked() -> None:
    assert plan(FILM, Fraction(3)) == plan(FILM, Fraction(3))


def test_short_rest_is_joined_to_the_segment_before() -> None:
    film = replace(FILM, duration=Fraction(62))
    assert [segment.start for segment in plan(film, Fraction(30))] == [None, 30 * 24]
    assert len(plan(replace(FILM, duration=Fraction(80)), Fraction(30))) == 3


def test_span_that_ends_after_the_film_is_cut_as_if_it_ended_with_it() -> None:
    assert len(plan(FILM, Fraction(5), end=Fraction(10_000))) == 2


def test_a_film_that_says_it_lasts_a_thousand_years_has_no_more_segments_than_others() -> None:
    segments = plan(replace(FILM, duration=Fraction(10**11)), Fraction(30))
    assert len(segments) == MAX_SEGMENTS
    lengths = [one.end - one.start for one in segments[1:-1] if one.start is not None and one.end is not None]
    assert max(lengths) - min(lengths) <= 1
