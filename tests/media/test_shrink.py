"""Pictures made smaller: each pixel the mean of those it covers."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pipelines.media.shrink import shrunk


def noise(*shape: int, dtype: type = np.uint8) -> np.ndarray:
    return np.random.default_rng(7).integers(0, np.iinfo(dtype).max + 1, shape, dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", [(1080, 1920), (270, 480), (77, 101), (480, 721)])
def test_each_pixel_is_the_mean_of_those_it_covers(size: tuple[int, int], dtype: type) -> None:
    picture = noise(*size, dtype=dtype)
    at_once = cv2.resize(picture.astype(np.float32), (64, 32), interpolation=cv2.INTER_AREA)
    small = shrunk(picture, (32, 64))
    assert small.dtype == dtype
    error = np.abs(small - at_once)
    assert error.mean() < 0.01 * np.iinfo(dtype).max  # a pixel that a border cuts counts on its own side only
    assert abs((small - at_once).mean()) < 1


def test_halves_and_quarters_are_exact_to_their_rounding() -> None:
    picture = noise(96, 128)
    for step in (2, 4):
        mean = picture.reshape(96 // step, step, 128 // step, step).mean((1, 3))
        assert np.abs(shrunk(picture, (96 // step, 128 // step)) - mean).max() <= 0.5 * step / 2


@pytest.mark.parametrize("size", [(32, 64), (33, 64), (64, 128), (16, 200), (1, 1)])
@pytest.mark.parametrize("of", [(32, 64), (7, 5), (1, 1), (640, 30)])
def test_even_picture_stays_even_at_any_size(of: tuple[int, int], size: tuple[int, int]) -> None:
    assert np.array_equal(shrunk(np.full(of, 93, np.uint8), size), np.full(size, 93, np.uint8))


def test_every_second_line_and_padded_lines_are_read_right() -> None:
    padded = noise(128, 300)
    field = padded[1::2, :256]
    assert np.array_equal(shrunk(field, (16, 48)), shrunk(np.ascontiguousarray(field), (16, 48)))
