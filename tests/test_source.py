"""The tags of a film's picture, and the values taken where it has none."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from pipelines.display import DisplayMatrix
from tests.made.handmade import picture, target


@pytest.mark.parametrize(
    ("own", "rate"), [(Fraction(24000, 1001), Fraction(24000, 1001)), (None, 25), (Fraction(0), 25)]
)
def test_the_rate_is_the_files_own_or_25_frames_a_second(own: Fraction | None, rate: Fraction) -> None:
    assert picture(frame_rate=own).rate == rate
    assert target(frame_rate=own).rate == rate


@pytest.mark.parametrize("is_mirrored", [False, True])
@pytest.mark.parametrize(("rotation", "size"), [(0, (96, 128)), (90, (128, 96)), (180, (96, 128)), (270, (128, 96))])
def test_a_quarter_turn_swaps_the_sides_there_and_back(rotation: int, size: tuple[int, int], is_mirrored: bool) -> None:
    turned = picture(display_matrix=DisplayMatrix.turned(rotation, is_mirrored))
    assert turned.upright((96, 128)) == size
    assert turned.upright(size) == (96, 128)


@pytest.mark.parametrize("is_mirrored", [False, True])
@pytest.mark.parametrize("degrees", [0, 30, 90, 100, 180, 270, 330])
def test_a_picture_is_shown_where_the_matrix_puts_its_points(degrees: int, is_mirrored: bool) -> None:
    matrix = DisplayMatrix.turned(degrees, is_mirrored)
    a, b, _, c, d = (number / 65536 for number in matrix.values[:5])
    stored = np.arange(35).reshape(5, 7)
    shown = matrix.shown(stored)
    assert np.array_equal(matrix.stored(shown), stored)
    for row, column in ((0, 0), (0, 6), (4, 0), (1, 5)):
        p, q = column - 3, row - 2
        rows, columns = (int(at[0]) for at in np.nonzero(shown == stored[row, column]))
        nearest = np.array([columns - shown.shape[1] // 2, rows - shown.shape[0] // 2])
        there = np.array([a * p + c * q, b * p + d * q])
        assert nearest @ there >= 0.85 * np.hypot(p, q) ** 2, (row, column)


def test_a_matrix_is_mirrored_or_upright_or_neither() -> None:
    turned = {"as stored": (0, False), "mirrored": (0, True), "askew": (45, False), "upside down": (180, False)}
    kinds = {name: DisplayMatrix.turned(*how) for name, how in turned.items()}
    assert [name for name, matrix in kinds.items() if matrix.is_upright] == ["as stored"]
    assert [name for name, matrix in kinds.items() if matrix.is_mirrored] == ["mirrored"]
    assert DisplayMatrix((1 << 17, 0, 0, 0, 1 << 16, 0, 5, 5, 1 << 30)).is_upright  # stretched and moved


def test_the_turn_alone_is_found_in_a_matrix_that_also_stretches() -> None:
    stretched = DisplayMatrix((0, -65536, 0, 131072, 0, 0, 0, 7, 1 << 30))
    assert stretched.without_stretch() == DisplayMatrix.turned(90)
    assert stretched.turns == 1
