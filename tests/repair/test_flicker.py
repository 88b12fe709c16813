"""Flicker: what jumps from frame to frame is evened; fades, steps and flashes are the film's own."""

from itertools import pairwise

import cv2
import numpy as np
import pytest

from pipelines.evaluate.damage import flickering, flickering_locally
from pipelines.repair import flicker, flicker_local
from pipelines.repair.trend import trend


def _scene(rows: int = 96, columns: int = 144, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed)
    soft = cv2.GaussianBlur(noise.normal(0, 1, (rows, columns)).astype(np.float32), (0, 0), 6)
    return np.clip(np.rint(110 + 30 * soft / soft.std()), 20, 230).astype(np.uint8)


def _psnr(ours: list[np.ndarray], true: list[np.ndarray]) -> float:
    errors = [np.square(a.astype(float) - b).mean() for a, b in zip(ours, true, strict=True)]
    return float(10 * np.log10(255**2 / max(np.mean(errors), 1e-9)))


def _evened(frames: list[np.ndarray], bits: int = 8, black: float = 0) -> list[np.ndarray]:
    curves = np.stack([flicker.curve(frame, bits) for frame in frames])
    wanted = flicker.smoothed(curves)
    tables = [flicker.table(own, want, bits, black) for own, want in zip(curves, wanted, strict=True)]
    return [flicker.evened(frame, values) for frame, values in zip(frames, tables, strict=True)]


def test_drawn_flicker_is_evened() -> None:
    clean = [_scene()] * 40
    flickered = flickering(clean, np.random.default_rng(3))
    evened = _evened(flickered)
    assert _psnr(evened, clean) > max(36, _psnr(flickered, clean) + 6)


@pytest.mark.parametrize("bits", [8, 10, 12])
def test_a_film_without_flicker_keeps_each_sample(bits: int) -> None:
    frames = [(_scene().astype(np.uint16) << (bits - 8)) for _ in range(12)]
    frames = [frame.astype(np.uint8) if bits == 8 else frame for frame in frames]
    for ours, own in zip(_evened(frames, bits), frames, strict=True):
        assert ours.dtype == own.dtype
        assert np.array_equal(ours, own)


def test_a_fade_passes_through() -> None:
    fade = [np.rint(_scene() * share).astype(np.uint8) for share in np.linspace(1, 0.1, 48)]
    assert _psnr(_evened(fade), fade) > 50


def test_a_flash_in_a_film_that_flickers_stays_a_flash() -> None:
    frames = flickering([_scene()] * 40, np.random.default_rng(4))
    frames[20] = np.minimum(frames[20].astype(int) + 120, 255).astype(np.uint8)
    evened = _evened(frames)
    assert np.array_equal(evened[20], frames[20])
    assert abs(evened[19].mean() - evened[10].mean()) < 3


def test_a_step_of_light_stays_a_step() -> None:
    frames = [_scene()] * 20 + [np.minimum(_scene().astype(int) + 60, 255).astype(np.uint8)] * 20
    flickered = [
        np.clip(f + n, 0, 255).astype(np.uint8) for f, n in zip(frames, np.tile([3, -3, 1, -2], 10), strict=True)
    ]
    assert _psnr(_evened(flickered), frames) > 38


def test_black_is_left_alone() -> None:
    frames = [np.pad(each, 12, constant_values=16) for each in flickering([_scene()] * 30, np.random.default_rng(5))]
    for ours in _evened(frames, black=16):
        assert (ours[:12] == 16).all()


def test_a_line_is_its_own_trend() -> None:
    values = np.linspace(0, 9, 30)[:, None] * np.array([1, -2])
    assert np.allclose(trend(values, 4), values)
    assert np.allclose(trend(values[:1], 4), values[:1])


def _evened_locally(frames: list[np.ndarray]) -> list[np.ndarray]:
    smalls = [flicker_local.small(frame, 8) for frame in frames]
    steps = [flicker_local.step(one, other) for one, other in pairwise(smalls)]
    reach = flicker_local.REACH
    mended = []
    for at, frame in enumerate(frames):
        first, last = max(0, at - reach), min(len(frames), at + reach + 1)
        factor = flicker_local.gain(smalls[first:last], steps[first : last - 1], at - first)
        mended.append(flicker_local.evened(frame, factor, 8))
    return mended


def test_light_that_breathes_from_place_to_place_is_evened() -> None:
    clean = [_scene(120, 160)] * 16
    flickered = flickering_locally(clean, np.random.default_rng(6))
    assert _psnr(_evened_locally(flickered)[3:-3], clean[3:-3]) > max(31, _psnr(flickered[3:-3], clean[3:-3]) + 4)


def test_local_flicker_leaves_fades_flashes_and_single_frames() -> None:
    fade = [np.rint(_scene(120, 160) * share).astype(np.uint8) for share in np.linspace(1, 0.4, 16)]
    assert _psnr(_evened_locally(fade), fade) > 44
    flash = [_scene(120, 160)] * 9
    flash[4] = np.full_like(flash[4], 250)
    for ours, own in zip(_evened_locally(flash), flash, strict=True):
        assert np.array_equal(ours, own)
    assert np.array_equal(_evened_locally(flash[:1])[0], flash[0])
