"""Colour goes where its things have gone, and says how far it may be trusted."""

from __future__ import annotations

import cv2
import numpy as np
import pictures
import pytest
from handmade import Ab, Light, even_ab

from pipelines.motion import Motion


def lightness(moment: float, shot: int = 0) -> Light:
    return np.clip(255 * pictures.picture(moment, shot)[..., 0], 0, 255).astype(np.uint8)


def stripes(moment: float) -> Ab:
    """A colour that moves with the pan."""
    y, x = pictures.grid(pictures.WIDTH, pictures.HEIGHT)
    across = x + np.float32(pictures.PAN * moment)
    return np.dstack([40 * np.sin(across / 15) + 0 * y, 30 * np.cos(y / 20 + across / 25)])


def error(one: Ab, other: Ab) -> float:
    """Mean distance in ab, but for a rim into which things come from outside."""
    rim = 8
    return float(np.hypot(*np.moveaxis((one - other)[rim:-rim, rim:-rim], -1, 0)).mean())


@pytest.mark.parametrize("frames", [1, 2, 4])
def test_brings_colour_along_a_pan(frames: int) -> None:
    brought, _ = Motion(12.0).bring(stripes(0), lightness(0), lightness(frames))
    standing = error(stripes(0), stripes(frames))
    assert error(brought, stripes(frames)) < standing / 2
    assert brought.dtype == np.float32


def test_leaves_a_still_picture_as_it_is() -> None:
    brought, trust = Motion(12.0).bring(stripes(0), lightness(0), lightness(0))
    assert np.abs(brought - stripes(0)).max() < 0.1
    assert trust.min() > 0.99


def test_follows_whole_pixels() -> None:
    rng = np.random.default_rng(0)
    large = cv2.GaussianBlur(rng.integers(0, 256, (120, 160), np.uint8), (0, 0), 2)
    colour = cv2.GaussianBlur(rng.normal(0, 200, (120, 160, 2)).astype(np.float32), (0, 0), 4)
    one, other = (np.ascontiguousarray(large[8:104, shift : shift + 128]) for shift in (16, 19))
    brought, trust = Motion(12.0).bring(np.ascontiguousarray(colour[8:104, 16:144]), one, other)
    assert error(brought, colour[8:104, 19:147]) < 0.5
    assert np.median(trust) > 0.9


def test_trusts_little_where_the_pictures_do_not_agree() -> None:
    _, same = Motion(12.0).bring(stripes(0), lightness(0), lightness(1))
    _, other = Motion(12.0).bring(stripes(0), lightness(0), lightness(1, shot=1))
    assert same.mean() > 0.8
    assert other.mean() < same.mean() / 2


def test_trust_lies_above_0_and_reaches_at_most_1() -> None:
    _, trust = Motion(12.0).bring(stripes(0), lightness(0), 255 - lightness(0))
    assert trust.shape == (pictures.HEIGHT, pictures.WIDTH)
    assert 0 < trust.min() <= trust.max() <= 1.00001


def test_smaller_residual_trusts_less() -> None:
    trusts = [
        Motion(residual).bring(stripes(0), lightness(0), lightness(3))[1].mean() for residual in (3.0, 12.0, 50.0)
    ]
    assert trusts == sorted(trusts)
    assert trusts[0] < trusts[2]


@pytest.mark.parametrize(("gain", "shift"), [(0.7, 0), (1.0, 25), (0.8, 30)])
def test_breathing_light_is_not_taken_for_motion(gain: float, shift: float) -> None:
    breathed = cv2.convertScaleAbs(lightness(1), alpha=gain, beta=shift)
    brought, trust = Motion(12.0).bring(stripes(0), lightness(0), breathed)
    assert error(brought, stripes(1)) < error(stripes(0), stripes(1)) / 1.5
    assert trust.mean() > 0.8


def test_even_pictures_leave_the_colour_alone() -> None:
    gray = np.full((64, 64), 100, np.uint8)
    for to in (gray, np.zeros_like(gray), np.full_like(gray, 255)):
        brought, trust = Motion(12.0).bring(even_ab(10, -20, 64, 64), gray, to)
        assert np.allclose(brought, (10, -20))
        assert np.isfinite(trust).all()


def test_one_motion_serves_pictures_of_any_size() -> None:
    motion = Motion(12.0)
    for shape in ((64, 96), (96, 64), (32, 128), (64, 96)):
        still = np.random.default_rng(1).integers(0, 255, shape, np.uint8)
        colour = np.dstack([still, 255 - still]).astype(np.float32)
        assert np.abs(motion.bring(colour, still, still)[0] - colour).mean() < 1


def test_gives_the_same_each_time_and_leaves_what_it_got() -> None:
    ab, one, other = stripes(0), lightness(0), lightness(2)
    copies = ab.copy(), one.copy(), other.copy()
    motion = Motion(12.0)
    first = motion.bring(ab, one, other)
    motion.bring(stripes(9), lightness(30), lightness(8))
    again = motion.bring(ab, one, other)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip((ab, one, other), copies, strict=True))
