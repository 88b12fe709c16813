"""Flow leads where things have gone, and says how far it may be trusted."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise

import cv2
import numpy as np
import pytest

from pipelines.motion.flow import COARSE, Motion, brought_at_full_size, joined
from pipelines.motion.trust import appearance, returns, trust
from tests.made import pictures
from tests.made.handmade import Ab, Light

RESIDUAL = 32.0


def lightness(moment: float, shot: int = 0) -> Light:
    return np.clip(255 * pictures.picture(moment, shot)[..., 0], 0, 255).astype(np.uint8)


def stripes(moment: float) -> Ab:
    """A colour that moves with the pan."""
    y, x = pictures.grid(pictures.WIDTH, pictures.HEIGHT)
    across = x + np.float32(pictures.PAN * moment)
    return np.dstack([40 * np.sin(across / 15) + 0 * y, 30 * np.cos(y / 20 + across / 25)])


def error(one: Ab, other: Ab) -> float:
    """Mean distance in ab, but for a rim into which things come from outside."""
    rim = 16
    return float(np.hypot(*np.moveaxis((one - other)[rim:-rim, rim:-rim], -1, 0)).mean())


def even(columns: float, rows: float) -> Ab:
    return np.full((64, 96, 2), (columns, rows), np.float32)


@pytest.mark.parametrize("frames", [1, 2, 4])
def test_brings_colour_along_a_pan(frames: int) -> None:
    back = Motion().between(lightness(0), lightness(frames))[1]
    assert error(brought_at_full_size(stripes(0), back), stripes(frames)) < error(stripes(0), stripes(frames)) / 2
    assert back.dtype == np.float32


def test_flow_joined_from_frame_to_frame_follows_what_one_search_loses() -> None:
    lights = [lightness(2 * n) for n in range(9)]
    motion = Motion()
    steps = [motion.between(one, other)[1] for one, other in pairwise(lights)]
    from_end_to_end = motion.between(lights[0], lights[-1])[1]
    by_steps = reduce(lambda far, step: joined(step, far), steps)
    found, lost = (brought_at_full_size(stripes(0), flow) for flow in (by_steps, from_end_to_end))
    assert error(found, stripes(16)) < error(lost, stripes(16))


def test_joined_flows_add_up() -> None:
    assert np.allclose(joined(even(2, -1), even(3, 5))[8:-8, 8:-8], (5, 4))


@pytest.mark.parametrize("grain", [0.0, 2.0])
def test_what_stands_still_has_no_flow_at_all(grain: float) -> None:
    rng = np.random.default_rng(0)
    still = cv2.GaussianBlur(rng.integers(40, 200, (96, 128), np.uint8), (0, 0), 2)
    one, other = (np.clip(still + rng.normal(0, grain, still.shape), 0, 255).astype(np.uint8) for _ in range(2))
    for flow in Motion().between(one, other):
        assert not flow.any()


def test_a_still_wall_has_no_flow_behind_a_thing_that_moves() -> None:
    one, other = (np.full((96, 128), 90, np.uint8) for _ in range(2))
    cv2.circle(one, (40, 48), 12, 200, -1)
    cv2.circle(other, (46, 48), 12, 200, -1)
    forth, _ = Motion().between(one, other)
    assert not forth[:, 96 // COARSE :].any()
    assert COARSE * forth[11:13, 9:11, 0].mean() > 3


@pytest.mark.parametrize(("gain", "shift"), [(0.7, 0), (1.0, 25), (0.8, 30)])
def test_breathing_light_is_not_taken_for_motion(gain: float, shift: float) -> None:
    breathed = cv2.convertScaleAbs(lightness(1), alpha=gain, beta=shift)
    back = Motion().between(lightness(0), breathed)[1]
    assert error(brought_at_full_size(stripes(0), back), stripes(1)) < error(stripes(0), stripes(1)) / 1.5
    assert trust(appearance(breathed), appearance(lightness(0)), back, RESIDUAL).mean() > 0.9


def test_even_pictures_have_no_flow() -> None:
    gray = np.full((64, 64), 100, np.uint8)
    for other in (gray, np.zeros_like(gray), np.full_like(gray, 255)):
        assert not any(flow.any() for flow in Motion().between(gray, other))


def test_trust_tells_pictures_that_agree_from_those_that_do_not() -> None:
    nowhere = np.zeros((pictures.HEIGHT // COARSE, pictures.WIDTH // COARSE, 2), np.float32)
    here = appearance(lightness(0))
    same, unlike = (trust(here, appearance(light), nowhere, RESIDUAL) for light in (lightness(0), 255 - lightness(0)))
    assert same.shape == nowhere.shape[:2]
    assert same.min() > 0.99
    assert unlike.mean() < same.mean() / 1.5
    assert 0 < unlike.min() <= unlike.max() <= 1.01


def test_smaller_residual_trusts_less() -> None:
    here, there = appearance(lightness(0)), appearance(lightness(6))
    nowhere = np.zeros((*here.shape, 2), np.float32)
    trusts = [float(trust(here, there, nowhere, residual).mean()) for residual in (3.0, 12.0, 50.0)]
    assert trusts == sorted(trusts)
    assert trusts[0] < trusts[2]


def test_flow_that_comes_back_is_trusted_and_flow_that_does_not_is_not() -> None:
    forth = even(2, 0)
    assert returns(forth, -forth)[:, :-4].min() > 0.99
    assert returns(forth, forth)[:, :-4].max() < 0.1


def test_gives_the_same_each_time_and_leaves_what_it_got() -> None:
    one, other = lightness(0), lightness(2)
    copies, motion = (one.copy(), other.copy()), Motion()
    first = motion.between(one, other)
    motion.between(lightness(30), lightness(8))
    again = motion.between(one, other)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip((one, other), copies, strict=True))
