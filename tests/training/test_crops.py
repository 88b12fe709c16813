"""Squares cut for training: the same for the same number, and their boxes still frame what they framed."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from pipelines.media.pictures import Picture
from pipelines.training.crops import (
    MAX_BOXES,
    MIN_VISIBLE,
    UNKNOWN,
    Boxes,
    Crops,
    CropSettings,
    boxes_of,
    boxes_within,
    crops,
    held_out,
    key_of,
)

SIDE = 64
WIDTH, HEIGHT = 120, 90
THING = (0.3, 0.2, 0.6, 0.8)
CAT = 15


def table(*rows: tuple[float, ...]) -> Boxes:
    return np.array(rows, np.float32).reshape(-1, 6)


def drawn(box: tuple[float, ...] = THING, width: int = WIDTH, height: int = HEIGHT) -> Picture:
    """Black, and in the box red on the left half, blue on the right."""
    picture = np.zeros((height, width, 3), np.uint8)
    left, top, right, bottom = np.rint(np.array(box) * np.tile([width, height], 2)).astype(int)
    picture[top:bottom, left:right] = (255, 0, 0)
    picture[top:bottom, (left + right) // 2 : right] = (0, 0, 255)
    return picture


def squares(count: int, box: tuple[float, ...] = THING, **how: Any) -> list[tuple[Picture, Boxes]]:
    """Squares (SIDE, SIDE, 3) of the drawn picture, and the rows of their boxes that are any."""
    dataset = Crops([drawn(box)], [table((*box, CAT, 0.9))], CropSettings(SIDE, **how), 0, count)
    return [(square.transpose(1, 2, 0), rows[rows[:, 4] >= 0]) for square, rows in (dataset[i] for i in range(count))]


def extent_of(square: Picture) -> list[float]:
    """Left, top, right and bottom of what is not black, as shares of the sides."""
    y, x = np.nonzero(square.max(axis=2) > 127)
    return [x.min() / SIDE, y.min() / SIDE, (x.max() + 1) / SIDE, (y.max() + 1) / SIDE]


def is_mirrored(square: Picture) -> bool:
    x = np.arange(SIDE)
    red, blue = (square[..., channel].sum(axis=0).astype(float) for channel in (0, 2))
    return bool((red * x).sum() / red.sum() > (blue * x).sum() / blue.sum())


# Which squares


def batches(steps: range, workers: int = 0, seed: int = 0) -> list[tuple[Tensor, Tensor]]:
    pictures = [drawn(), drawn((0.1, 0.1, 0.5, 0.5)), drawn((0.5, 0.0, 1.0, 1.0))]
    boxes = [table((*THING, CAT, 0.9)), table((0.1, 0.1, 0.5, 0.5, 3, 0.8)), UNKNOWN]
    return list(crops(pictures, boxes, CropSettings(32, seed=seed), 4, steps, workers))


def are_equal(one: list[tuple[Tensor, Tensor]], other: list[tuple[Tensor, Tensor]]) -> bool:
    pairs = zip(one, other, strict=True)
    return all(torch.equal(a, c) and torch.equal(b, d) for (a, b), (c, d) in pairs)


@pytest.mark.parametrize("workers", [1, 2])
def test_step_has_the_same_squares_however_many_workers_cut_them(workers: int) -> None:
    assert are_equal(batches(range(3), workers), batches(range(3)))


@pytest.mark.parametrize("first", [1, 3])
def test_step_has_the_same_squares_wherever_the_run_began(first: int) -> None:
    assert are_equal(batches(range(first, 4)), batches(range(4))[first:])


def test_squares_differ_from_step_to_step_and_from_seed_to_seed() -> None:
    steps = batches(range(4))
    assert not any(torch.equal(one, other) for (one, _), (other, _) in pairwise(steps))
    assert not any(
        torch.equal(one, other) for (one, _), (other, _) in zip(steps, batches(range(4), seed=1), strict=True)
    )


def test_every_picture_is_taken() -> None:
    pictures = [np.full((40, 40, 3), 50 * number, np.uint8) for number in range(5)]
    dataset = Crops(pictures, [UNKNOWN] * 5, CropSettings(32), 0, 60)
    assert {int(dataset[i][0].max()) for i in range(60)} == {0, 50, 100, 150, 200}


def test_batch_is_linear_light_with_its_boxes() -> None:
    gray = np.full((40, 50, 3), 188, np.uint8)  # half the light of white
    light, boxes = next(crops([gray], [table((*THING, CAT, 0.9))], CropSettings(64), 3, range(1), workers=0))
    assert light.shape == (3, 3, 64, 64)
    assert light.dtype == torch.float32
    assert boxes.shape == (3, MAX_BOXES, 6)
    assert light.unique().tolist() == pytest.approx([0.503], abs=1e-3)


@pytest.mark.parametrize("size", [(256, 256), (1024, 300), (200, 640)])
def test_large_pictures_do_not_alias(size: tuple[int, int]) -> None:
    height, width = size
    stripes = np.zeros((height, width, 3), np.uint8)
    stripes[:, ::2] = 255
    square = Crops([stripes], [UNKNOWN], CropSettings(32, zoom=(1.0, 1.0)), 0, 1)[0][0]
    assert np.abs(square.astype(float) - 127.5).max() < 32


def test_small_pictures_are_enlarged() -> None:
    small = np.full((7, 5, 3), (10, 20, 30), np.uint8)
    square, _ = Crops([small], [UNKNOWN], CropSettings(32), 0, 1)[0]
    assert (square == np.array([10, 20, 30])[:, None, None]).all()
    assert square.shape == (3, 32, 32)


# Their boxes


def test_boxes_follow_square_and_mirror() -> None:
    cut = squares(60)
    seen = [(square, boxes) for square, boxes in cut if len(boxes)]
    assert len(seen) > 40
    assert {is_mirrored(square) for square, _ in seen} == {True, False}
    for square, boxes in seen:
        assert boxes.shape == (1, 6)
        assert boxes[0, :4].tolist() == pytest.approx(extent_of(square), abs=1.5 / SIDE)
        assert boxes[0, 4:].tolist() == pytest.approx([CAT, 0.9])


def test_mostly_hidden_boxes_are_left_out() -> None:
    box, zoom = (0.0, 0.0, 0.4, 0.5), 0.5
    scale = SIDE / int(zoom * HEIGHT)
    whole = box[2] * WIDTH * box[3] * HEIGHT * scale**2
    kinds = set()
    for square, boxes in squares(80, box, zoom=(zoom, zoom)):
        share = np.count_nonzero(square.max(axis=2) > 127) / whole
        if abs(share - MIN_VISIBLE) > 0.03:  # nearer, pixels are too coarse to tell
            assert len(boxes) == (share > MIN_VISIBLE)
            kinds.add((share > 0, len(boxes)))
    assert kinds == {(False, 0), (True, 0), (True, 1)}


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (0.0, [(0.5, 0.2, 1.0, 0.8)]),
        (0.25, [(0.0, 0.2, 0.5, 0.8)]),
        (0.39, [(0.0, 0.2, 0.22, 0.8)]),  # 44 %
        (0.41, []),  # 36 %
        (0.5, []),
    ],
)
def test_boxes_within_a_window_worked_by_hand(left: float, expected: list[tuple[float, ...]]) -> None:
    box = (0.25, 0.3, 0.5, 0.6)
    window = (left, 0.2, left + 0.5, 0.7)
    within = boxes_within(table((*box, CAT, 0.75), (0.9, 0.9, 1.0, 1.0, 3, 0.9)), *window)
    assert within.dtype == np.float32
    assert within.tolist() == [pytest.approx((*corners, CAT, 0.75), abs=1e-5) for corners in expected]


unit = st.floats(0, 1, width=32)
spans = st.tuples(unit, unit).map(sorted).filter(lambda span: span[1] - span[0] > 0.01)


@given(spans, spans, spans, spans)
def test_boxes_within_a_window_say_where_they_were(
    x: list[float], y: list[float], across: list[float], down: list[float]
) -> None:
    within = boxes_within(table((x[0], y[0], x[1], y[1], CAT, 1)), across[0], down[0], across[1], down[1])
    if not len(within):
        return
    size, start = np.array([across[1] - across[0], down[1] - down[0]]), np.array([across[0], down[0]])
    corners = within[0, :4].reshape(2, 2) * size + start
    shown = np.clip([(x[0], y[0]), (x[1], y[1])], start, start + size)
    assert np.allclose(corners, shown, atol=1e-4)
    assert within[0, :4].min() >= 0
    assert within[0, :4].max() <= 1


def test_boxes_are_shown_with_context_and_made_square() -> None:
    for square, boxes in squares(40, shows="boxes"):
        assert square.shape == (SIDE, SIDE, 3)
        left, top, right, bottom = boxes[0, :4].tolist()
        assert [left, top, right, bottom] == pytest.approx(extent_of(square), abs=2.5 / SIDE)  # 36 x 54 pixels enlarged
        assert 0 < min(left, top) <= max(left, top) < 0.17  # a tenth on each side, shifted by up to 0.08
        assert 0.83 < min(right, bottom) <= max(right, bottom) < 1


def test_context_ends_where_the_picture_does() -> None:
    for square, boxes in squares(20, (0.0, 0.0, 0.5, 1.0), shows="boxes"):
        left, top, right, bottom = boxes[0, :4].tolist()
        assert (top, bottom) == (0, 1)
        assert (right if is_mirrored(square) else 1 - left) == 1


def test_each_box_of_a_picture_is_shown() -> None:
    picture = np.zeros((90, 120, 3), np.uint8)
    picture[:45, :60], picture[45:, 60:] = 100, 200
    boxes = table((0.0, 0.0, 0.5, 0.5, CAT, 0.9), (0.5, 0.5, 1.0, 1.0, CAT, 0.9))
    dataset = Crops([picture], [boxes], CropSettings(32, shows="boxes"), 0, 20)
    assert {int(dataset[i][0][0, 16, 16]) for i in range(20)} == {100, 200}


@pytest.mark.parametrize("box", [(0.9995, 0.9995, 1.0, 1.0), (0.0, 0.0, 0.0005, 0.0005), (0.9995, 0.0, 1.0, 1.0)])
def test_box_smaller_than_a_pixel_shows_one(box: tuple[float, ...]) -> None:
    picture = np.full((90, 120, 3), 77, np.uint8)
    dataset = Crops([picture], [table((*box, CAT, 0.9))], CropSettings(32, shows="boxes"), 0, 8)
    assert all((dataset[i][0] == 77).all() for i in range(8))


def rows_of(boxes: Boxes) -> list[Boxes]:
    dataset = Crops([drawn()], [boxes], CropSettings(32, zoom=(1.0, 1.0)), 0, 12)
    return [dataset[i][1] for i in range(12)]


def test_rows_without_a_box_are_of_class_minus_1() -> None:
    for rows in rows_of(table((0.45, 0.4, 0.55, 0.6, CAT, 0.9), (0.4, 0.3, 0.6, 0.6, 3, 0.95))):
        assert rows.shape == (MAX_BOXES, 6)
        assert rows[:2, 4].tolist() == [3, CAT]
        assert (rows[2:] == -1).all()
    for rows in rows_of(table()):
        assert (rows == -1).all()


def test_best_of_many_boxes_are_kept() -> None:
    scores = np.random.default_rng(0).permutation(30) / 30
    boxes = table(*((0.45, 0.4, 0.55, 0.6, CAT, score) for score in scores))
    for rows in rows_of(boxes):
        assert rows[:, 5].tolist() == pytest.approx(sorted(scores, reverse=True)[:MAX_BOXES])


def test_pictures_in_which_nobody_looked_say_so_mirrored_or_not() -> None:
    for rows in rows_of(UNKNOWN):
        assert rows[0, 4] == -2
        assert (rows[1:] == -1).all()


def test_boxes_are_found_by_the_names_stem() -> None:
    found = {"000001": table((*THING, CAT, 0.9)), "b": table()}
    boxes = boxes_of(["train/000001.jpg", "c.png", "b.png"], found)
    assert boxes[0] is found["000001"]
    assert boxes[1] is UNKNOWN
    assert boxes[2].shape == (0, 6)
    assert key_of("more/of them/reel.0003.png") == "reel.0003"


# Pictures left out


KEYS = [f"{number:012d}" for number in range(200)]


@given(st.permutations(KEYS[:20]), st.integers(0, 25))
def test_pictures_held_out_do_not_depend_on_the_order(keys: list[str], count: int) -> None:
    left_out = held_out(keys, count)
    assert left_out == held_out(KEYS[:20], count)
    assert len(left_out) == min(count, 20)
    assert set(left_out) <= set(keys)
    assert left_out == sorted(left_out)


def test_pictures_held_out_are_always_the_same() -> None:
    assert held_out(KEYS, 3) == ["000000000076", "000000000091", "000000000191"]


def test_more_held_out_are_others_besides() -> None:
    assert set(held_out(KEYS, 10)) < set(held_out(KEYS, 50)) < set(KEYS)
    assert set(held_out(KEYS[:100], 10)) != set(KEYS[:10])
