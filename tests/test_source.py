"""The tags of a film's picture, and the values taken where it has none."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.made.handmade import picture, target


@pytest.mark.parametrize(
    ("own", "rate"), [(Fraction(24000, 1001), Fraction(24000, 1001)), (None, 25), (Fraction(0), 25)]
)
def test_the_rate_is_the_files_own_or_25_frames_a_second(own: Fraction | None, rate: Fraction) -> None:
    assert picture(frame_rate=own).rate == rate
    assert target(frame_rate=own).rate == rate


@pytest.mark.parametrize(("rotation", "size"), [(0, (96, 128)), (90, (128, 96)), (180, (96, 128)), (270, (128, 96))])
def test_a_quarter_turn_swaps_the_sides_there_and_back(rotation: int, size: tuple[int, int]) -> None:
    turned = picture(rotation=rotation)
    assert turned.upright((96, 128)) == size
    assert turned.upright(size) == (96, 128)
