"""Scratches: lines that stay on the screen while the scene moves; what moves with the scene is none."""

import cv2
import numpy as np
import pytest

from pipelines.repair import scratches
from pipelines.repair.levels import BRIGHT, DARK


def _scene(by: int, bits: int = 8) -> np.ndarray:
    noise = np.random.default_rng(1)
    soft = cv2.GaussianBlur(noise.normal(0, 1, (240, 420)).astype(np.float32), (0, 0), 10)
    levels = 120 + 25 * soft / soft.std() + noise.normal(0, 1, soft.shape)
    levels[:, 200:202] += 30  # a mast, which moves with the scene
    shown = np.clip(levels, 0, 255)[:, 50 + by : 370 + by] * (1 << (bits - 8))
    return shown.astype(np.uint8 if bits == 8 else np.uint16)


def _scratched(by: int, bits: int = 8) -> np.ndarray:
    frame = _scene(by, bits).astype(np.int64)
    unit = 1 << (bits - 8)
    frame[20:220, 100] += 25 * unit
    frame[:, 250] -= 25 * unit
    return frame.clip(0, 255 * unit).astype(np.uint8 if bits == 8 else np.uint16)


def _found(bits: int = 8) -> tuple[np.ndarray, list[scratches.Line]]:
    frames = [_scratched(6 * at, bits) for at in range(5)]
    own = [scratches.lines(frame, bits) for frame in frames]
    flow = np.zeros((240, 320, 2), np.float32)
    flow[..., 0] = 6
    return frames[2], scratches.staying(own[2], [(own[at], flow * (at - 2)) for at in (0, 1, 3, 4)])


@pytest.mark.parametrize("bits", [8, 10])
def test_both_scratches_are_found_and_the_mast_is_not(bits: int) -> None:
    _, found = _found(bits)
    assert sorted((round((line.top + line.bottom) / 2), line.value) for line in found) == [(100, BRIGHT), (250, DARK)]


def test_a_scratch_is_taken_off_and_nothing_else_changes() -> None:
    frame, found = _found()
    mended = scratches.concealed(frame, found, 8)
    covered = scratches.mask(found, frame.shape)
    assert (mended[covered == 0] == frame[covered == 0]).all()
    clean = _scene(12).astype(int)
    before, after = (np.abs(each.astype(int) - clean)[30:210, [100, 250]].mean() for each in (frame, mended))
    assert after < before / 4


def test_without_neighbours_or_lines_nothing_is_a_scratch() -> None:
    assert scratches.staying(scratches.lines(_scratched(0), 8), []) == []
    assert not scratches.mask([], (20, 30)).any()
    flat = np.full((40, 60), 128, np.uint8)
    assert scratches.lines(flat, 8) == []
    assert (scratches.concealed(flat, [], 8) == flat).all()
