"""The colour of a point reaches through its thing, and no other that the network takes for the same."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.painting.reach import held

ROWS, COLUMNS = 128, 192
RED = np.array([40.0, 20.0], np.float32)
THING, OTHER, BESIDE = np.s_[20:60, 20:60], np.s_[20:60, 120:160], np.s_[60:100, 20:60]
Ab = np.ndarray


def painted(*changes: tuple[tuple[slice, slice], float]) -> tuple[Ab, Ab]:
    """Colours with points and without them."""
    plain = np.full((ROWS, COLUMNS, 2), 5, np.float32)
    pointed = plain.copy()
    for place, share in changes:
        pointed[place] += share * RED
    return pointed, plain


def point(row: float, column: float) -> Ab:
    return np.array([[(column + 0.5) / COLUMNS, (row + 0.5) / ROWS, *(RED + 5)]], np.float32)


def test_another_thing_that_looks_like_it_keeps_its_colour() -> None:
    pointed, plain = painted((THING, 1), (OTHER, 1))
    found = held(pointed, plain, point(40, 40))
    assert np.allclose(found[24:56, 24:56], pointed[24:56, 24:56], atol=1e-3)
    assert np.array_equal(found[:, 80:], plain[:, 80:])
    both = held(pointed, plain, np.concatenate([point(40, 40), point(40, 140)]))
    assert np.allclose(both[24:56, 124:156], pointed[24:56, 124:156], atol=1e-3)


def test_what_takes_less_of_its_colour_beside_it_keeps_its_own() -> None:
    pointed, plain = painted((THING, 1), (BESIDE, 0.4))
    found = held(pointed, plain, point(40, 40))
    assert np.array_equal(found[66:96, 20:60], plain[66:96, 20:60])


def test_the_thing_has_the_colour_that_was_asked_where_the_network_gives_half_of_it() -> None:
    pointed, plain = painted((THING, 0.5), (OTHER, 0.5))
    found = held(pointed, plain, point(40, 40))
    assert np.allclose(found[24:56, 24:56], RED + 5, atol=1e-3)
    assert np.array_equal(found[:, 80:], plain[:, 80:])


def test_a_hole_in_the_thing_is_of_it() -> None:
    pointed, plain = painted((THING, 1), (np.s_[40:42, 30:50], -0.5))
    found = held(pointed, plain, point(30, 30))
    assert np.allclose(found[39:43, 34:46], pointed[39:43, 34:46], atol=1e-3)


@pytest.mark.parametrize("share", [0.0, 0.05])
def test_a_point_that_asks_for_the_colour_that_is_there_changes_nothing(share: float) -> None:
    pointed, plain = painted((THING, share))
    assert np.array_equal(held(pointed, plain, point(40, 40)), plain)


def test_an_anchor_without_points_stays_as_it_was_painted() -> None:
    pointed, plain = painted((THING, 1))
    assert held(pointed, plain, np.empty((0, 4), np.float32)) is pointed
