"""Dust: found where one frame alone shows it, and mended there only."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.repair import conceal, dust
from pipelines.repair.levels import BRIGHT, DARK
from pipelines.repair.references import references


def _scene(rows: int = 240, columns: int = 320, seed: int = 0, bits: int = 8) -> np.ndarray:
    """Soft shapes with some grain, about 60 to 190 of 255."""
    noise = np.random.default_rng(seed)
    soft = cv2.GaussianBlur(noise.normal(0, 1, (rows, columns)).astype(np.float32), (0, 0), 12)
    levels = 125 + 25 * soft / soft.std() + noise.normal(0, 1, (rows, columns))
    unit = 1 << (bits - 8)
    return np.clip(np.rint(levels * unit), 0, 255 * unit).astype(np.uint8 if bits == 8 else np.uint16)


def _moved(scene: np.ndarray, by: int) -> np.ndarray:
    return np.roll(scene, by, axis=1)


def _mended(frames: list[np.ndarray], bits: int = 8, strength: int = 3) -> tuple[np.ndarray, np.ndarray]:
    before, luma, after = frames
    sides = references(luma, before, after, bits)
    shown = conceal.grown_to_conceal(dust.kept(dust.found(luma, sides, bits, strength), []))
    return shown, conceal.concealed(luma, shown, sides, bits)


def test_a_dark_and_a_bright_speck_of_one_frame_are_found_by_value_and_mended() -> None:
    clean = [_moved(_scene(), by) for by in (-3, 0, 3)]
    dirty = clean[1].copy()
    dirty[100:107, 80:90] = 20
    dirty[60:66, 200:206] = 250
    mask, mended = _mended([clean[0], dirty, clean[2]])
    assert (mask[102:105, 83:87] == DARK).all()
    assert (mask[62:64, 202:204] == BRIGHT).all()
    assert np.abs(mended.astype(int) - clean[1]).max() < 16
    assert (mask > 0).mean() < 0.005


def test_what_moves_fast_and_what_flashes_in_two_frames_is_left_alone() -> None:
    frames = [_scene().copy() for _ in range(3)]
    for n, frame in enumerate(frames):
        frame[100:110, 80 + 60 * n : 90 + 60 * n] = 240
    sides = references(frames[1], frames[0], frames[2], 8)
    found = dust.found(frames[1], sides, 8)
    again = np.roll(found, 1, axis=0)
    assert not dust.kept(found, [again]).any()


def test_dust_stays_where_it_has_no_neighbour_twice() -> None:
    mask = np.zeros((240, 320), np.uint8)
    mask[50:60, 50:60] = DARK
    other = np.roll(mask, 40, axis=1)
    assert (dust.kept(mask, [other]) == mask).all()
    assert not dust.kept(mask, [np.roll(mask, 2, axis=1)]).any()
    assert (dust.kept(mask, [np.where(mask, BRIGHT, 0).astype(np.uint8)]) == mask).all()


@settings(max_examples=12, deadline=None)
@given(bits=st.sampled_from([8, 9, 10, 12]), seed=st.integers(0, 1000), strength=st.integers(1, 5))
def test_no_sample_outside_the_mask_changes(bits: int, seed: int, strength: int) -> None:
    noise = np.random.default_rng(seed)
    frames = [_moved(_scene(96, 128, seed, bits), by) for by in (-2, 0, 2)]
    for _ in range(6):
        row, column = noise.integers(8, 80), noise.integers(8, 110)
        frames[1][row : row + noise.integers(2, 9), column : column + noise.integers(2, 9)] = noise.integers(
            0, 1 << bits
        )
    before = frames[1].copy()
    mask, mended = _mended(frames, bits, strength)
    assert mended.dtype == before.dtype
    assert (mended[mask == 0] == before[mask == 0]).all()
    assert (frames[1] == before).all()


@pytest.mark.parametrize("bits", [8, 10, 12])
def test_damage_is_found_alike_at_every_depth(bits: int) -> None:
    unit = 1 << (bits - 8)
    frames = [(_moved(_scene(), by).astype(np.uint16) * unit) for by in (-3, 0, 3)]
    frames[1][100:107, 80:90] = 20 * unit
    frames = [each.astype(np.uint8) if bits == 8 else each for each in frames]
    mask, _ = _mended(frames, bits)
    assert np.count_nonzero(mask) == pytest.approx(70, rel=0.6)


def test_the_black_border_and_a_margin_are_left_alone() -> None:
    frames = [np.pad(_moved(_scene(200, 320), by), ((20, 20), (0, 0)), constant_values=16) for by in (-3, 0, 3)]
    frames[1][8:14, 100:108] = 200
    frames[1][20:22, 150:158] = 0
    frames[1][120:126, 150:158] = 0
    mask, _ = _mended(frames)
    assert mask[122, 154]
    assert not mask[:22].any()


def test_rain_and_sparks_are_too_many_to_be_dust() -> None:
    noise = np.random.default_rng(5)
    frames = [_scene() for _ in range(3)]
    few = frames[1].copy()
    for n in range(60):
        row, column = noise.integers(10, 225), noise.integers(10, 305)
        frames[1][row : row + 5, column : column + 4] = 250
        if n < 3:
            few[40 + 60 * n : 45 + 60 * n, 60 + 80 * n : 64 + 80 * n] = 250
    assert not _mended(frames)[0].any()
    assert np.count_nonzero(_mended([frames[0], few, frames[2]])[0]) >= 3 * 20
    crowd = _scene()
    for n in range(9):
        crowd[100 + 7 * (n // 3) : 103 + 7 * (n // 3), 100 + 7 * (n % 3) : 103 + 7 * (n % 3)] = 250
    assert not _mended([frames[0], crowd, frames[2]])[0].any()
    assert _mended([frames[0], crowd, frames[2]], strength=5)[0].any()
