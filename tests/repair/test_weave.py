"""Weave: frames that the gate moved are moved back; a camera's own way stays."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from pipelines.repair import cadence, weave

RATE = Fraction(24)


def _wide(rows: int = 160, columns: int = 320) -> np.ndarray:
    soft = cv2.GaussianBlur(np.random.default_rng(2).normal(0, 1, (rows, columns)).astype(np.float32), (0, 0), 3)
    return np.clip(np.rint(120 + 35 * soft / soft.std()), 0, 255).astype(np.uint8)


def _at(x: float, y: float, bits: int = 8) -> np.ndarray:
    """The scene shown x columns further right and y rows further down."""
    turn = np.array([[1, 0, x - 80], [0, 1, y - 20]], np.float64)
    shown = cv2.warpAffine(_wide(), turn, (160, 120), flags=cv2.INTER_CUBIC)
    return shown if bits == 8 else shown.astype(np.uint16) << (bits - 8)


@pytest.mark.parametrize("bits", [8, 10])
def test_shifts_of_four_pixels_are_known_to_a_tenth(bits: int) -> None:
    drawn = np.random.default_rng(7).uniform(-4, 4, (12, 2))
    found = [weave.shift(_at(0, 0, bits), _at(x, y, bits), bits) for x, y in drawn]
    assert np.median(np.abs(np.array(found) - drawn)) < 0.1


def test_a_gate_that_dances_is_steadied_and_a_pan_stays_a_pan() -> None:
    pan = np.stack([1.5 * np.arange(40), np.zeros(40)], axis=1)
    dance = np.random.default_rng(8).uniform(-2, 2, (40, 2))
    moves, struck = weave.moves(np.diff(pan + dance, axis=0, prepend=(pan + dance)[:1]), RATE, (480, 640))
    steadied = pan + dance + moves
    assert np.abs(np.diff(steadied - pan, axis=0)).max() < 0.5
    assert not struck.any()
    still, _ = weave.moves(np.diff(pan, axis=0, prepend=pan[:1]), RATE, (480, 640))
    assert np.abs(still).max() < 1e-6


def test_a_move_has_a_limit() -> None:
    path = np.zeros((30, 2))
    path[15] = (0, 60)
    moves, struck = weave.moves(np.diff(path, axis=0, prepend=path[:1]), RATE, (480, 640))
    assert np.abs(moves).max() <= 8
    assert struck[15]


def test_whole_pixels_keep_samples_and_edges_come_from_neighbours() -> None:
    frame, other = _at(0, 0), _at(3, 0)
    moved = weave.moved(frame, np.array([3.2, 0.0]), [(other, np.array([0.0, 0.0]))])
    assert np.array_equal(moved[:, 3:], frame[:, :-3])
    assert np.array_equal(moved[:, :3], other[:, :3])
    assert np.array_equal(weave.moved(frame, np.zeros(2)), frame)


def test_fine_moves_interpolate() -> None:
    moved = weave.moved(_at(0, 0), np.array([1.5, -0.5]), is_whole=False)
    error = moved.astype(int) - _at(1.5, -0.5)
    assert np.abs(error[8:-8, 8:-8]).max() < 8


def test_nothing_to_follow_is_no_shift() -> None:
    assert (weave.shift(np.full((60, 80), 16, np.uint8), np.full((60, 80), 16, np.uint8), 8) == 0).all()


def test_twins_are_the_same_frame_coded_again_and_no_other() -> None:
    frame = _at(0, 0)
    noise = np.random.default_rng(9)
    coded = np.clip(frame + np.rint(noise.normal(0, 0.4, frame.shape)), 0, 255).astype(np.uint8)
    grain = np.clip(frame + np.rint(noise.normal(0, 2, frame.shape)), 0, 255).astype(np.uint8)
    speck = frame.copy()
    speck[50:56, 50:56] = 255
    assert cadence.is_twin(frame, frame, 8)
    assert cadence.is_twin(coded, frame, 8)
    assert not cadence.is_twin(grain, frame, 8)
    assert not cadence.is_twin(speck, frame, 8)
    assert not cadence.is_twin(_at(1, 0), frame, 8)
