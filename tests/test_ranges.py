"""Ranges as people write them, and what is put together from them."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.ranges import Place, Range, Ranges, When, inverse, layered, range_of, union

SECONDS = st.integers(0, 20).map(Fraction)
INSTANTS = [Fraction(n, 2) for n in range(50)]


@st.composite
def some_ranges(draw: st.DrawFn) -> Ranges:
    """Ranges of whole seconds, in any order, that may lie over each other, or be open, or be all others."""
    found = []
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.none() | SECONDS)
        length = draw(st.none() | st.integers(1, 6))
        end = None if length is None else (start or Fraction(0)) + length
        found.append(Range(start, end, draw(st.booleans())))
    return tuple(found)


def has(ranges: Ranges, seconds: Fraction) -> bool:
    return any(each.has(seconds) for each in ranges)


@pytest.mark.parametrize(
    ("written", "start", "end", "is_outside"),
    [("10-20", Fraction(10), Fraction(20), False), ("00:01:00-00:02:00.5", Fraction(60), Fraction(241, 2), False),
     ("90-", Fraction(90), None, False), ("-f24", None, When("f24"), False),
     ("shot 12", When("shot 12"), When("shot 12"), False), ("shot 3-5", When("shot 3"), When("shot 5"), False),
     ("shot 3 - shot 5", When("shot 3"), When("shot 5"), False),
     ("f120", When("f120"), When("f121"), False), ("f120-180", When("f120"), When("f180"), False),
     ("00:00:10:05-00:00:11:00", When("00:00:10:05"), When("00:00:11:00"), False),
     ("not shot 2", When("shot 2"), When("shot 2"), True), ("not 1-2", Fraction(1), Fraction(2), True)],
)  # fmt: skip
def test_a_range_is_read_as_people_write_it(written: str, start: Place, end: Place, is_outside: bool) -> None:
    assert range_of(written) == Range(start, end, is_outside)


@pytest.mark.parametrize(
    ("written", "what"),
    [("", "is not a range; write A-B"), ("-", "is not a range"), ("shots", "is not a range"), ("1 2", "is not a range"),
     ("not", "is not a range"), ("10", "is a moment, not a range"), ("00:00:10:05", "is a moment, not a range"),
     ("20-10", "must end after it begins"), ("1:99-2:00", "minutes and seconds below 60"),
     ("shot 0", "'shot 0' is not a time")],
)  # fmt: skip
def test_what_is_no_range_is_refused(written: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        range_of(written)


@given(some_ranges())
def test_a_union_has_what_its_ranges_have(ranges: Ranges) -> None:
    joined = union(ranges)
    assert [has(joined, at) for at in INSTANTS] == [has(ranges, at) for at in INSTANTS]
    assert all(one.end is not None and one.end < other.start for one, other in pairwise(joined))


@given(some_ranges())
def test_an_inverse_has_all_others(ranges: Ranges) -> None:
    assert [has(inverse(ranges), at) for at in INSTANTS] == [not has(ranges, at) for at in INSTANTS]
    assert [has(inverse(inverse(ranges)), at) for at in INSTANTS] == [has(ranges, at) for at in INSTANTS]


@given(st.lists(some_ranges(), max_size=3))
def test_layers_cut_a_film_without_gaps_and_keep_their_order(layers: list[Ranges]) -> None:
    pieces = layered([(where, number) for number, where in enumerate(layers)])
    assert pieces[0][0].start is None
    assert pieces[-1][0].end is None
    assert all(one.end == other.start for (one, _), (other, _) in pairwise(pieces))
    for at in INSTANTS:
        (values,) = [values for piece, values in pieces if piece.has(at)]
        assert list(values) == [number for number, where in enumerate(layers) if not where or has(where, at)]
