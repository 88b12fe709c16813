"""Overlap of boxes, and the best of the detector's."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from models.compact.detector import CLASSES, Found, best_boxes, overlap

CAT, DOG = 15, 16
LEFT, NEARLY_LEFT, RIGHT = (0.0, 0.0, 0.5, 1.0), (0.05, 0.0, 0.5, 1.0), (0.5, 0.0, 1.0, 1.0)

places = st.integers(0, 63)
boxes = st.tuples(places, places, st.integers(1, 64), st.integers(1, 64)).map(
    lambda drawn: torch.tensor([drawn[0], drawn[1], drawn[0] + drawn[2], drawn[1] + drawn[3]]) / 128
)


@pytest.mark.parametrize(
    ("one", "other", "iou", "giou"),
    [
        ((0, 0, 2, 2), (0, 0, 2, 2), 1, 1),
        ((0, 0, 2, 2), (1, 0, 3, 2), 2 / 6, 2 / 6),  # the hull is the union
        ((0, 0, 2, 2), (1, 1, 3, 3), 1 / 7, 1 / 7 - 2 / 9),
        ((0, 0, 4, 4), (1, 1, 3, 3), 4 / 16, 4 / 16),
        ((0, 0, 1, 1), (2, 0, 3, 1), 0, -1 / 3),
        ((0, 0, 1, 1), (2, 2, 3, 3), 0, -7 / 9),
        ((0, 0, 1, 1), (1, 0, 2, 1), 0, 0),  # they touch
    ],
)
def test_overlap_of_cases_worked_by_hand(
    one: tuple[float, ...], other: tuple[float, ...], iou: float, giou: float
) -> None:
    found = overlap(torch.tensor(one, dtype=torch.float32) / 4, torch.tensor(other, dtype=torch.float32) / 4)
    assert [float(value) for value in found] == pytest.approx([iou, giou], abs=1e-6)


def test_overlap_takes_tables_of_boxes() -> None:
    boxes = torch.tensor([[0.0, 0, 0.5, 0.5], [0.25, 0, 0.75, 0.5], [0.5, 0.5, 1, 1]])
    iou, giou = overlap(boxes[:, None], boxes[None])
    assert iou.shape == giou.shape == (3, 3)
    assert iou.tolist() == [pytest.approx(row, abs=1e-6) for row in ([1, 1 / 3, 0], [1 / 3, 1, 0], [0, 0, 1])]


@given(boxes, boxes)
def test_overlap_is_symmetric_and_in_range(one: Tensor, other: Tensor) -> None:
    iou, giou = overlap(one, other)
    again = overlap(other, one)
    assert (float(iou), float(giou)) == (float(again[0]), float(again[1]))
    assert 0 <= float(iou) <= 1 + 1e-5
    assert -1 <= float(giou) <= float(iou) + 1e-5
    assert (float(iou) > 1 - 1e-5) == bool((one == other).all())


@given(boxes)
def test_overlap_with_itself_is_1(box: Tensor) -> None:
    assert [float(value) for value in overlap(box, box)] == pytest.approx([1, 1], abs=1e-5)


@given(boxes, st.tuples(st.integers(-8, 8), st.integers(-8, 8)), st.sampled_from([0.5, 2.0, 4.0]))
def test_overlap_does_not_depend_on_place_or_size(box: Tensor, shift: tuple[int, int], factor: float) -> None:
    other, move = torch.tensor([0.25, 0.125, 0.75, 1.0]), torch.tensor(shift).repeat(2) / 8
    moved = overlap(factor * (box + move), factor * (other + move))
    assert [float(v) for v in moved] == pytest.approx([float(v) for v in overlap(box, other)], abs=1e-5)


def said(*finds: tuple[float, float, float, float, int, float]) -> Found:
    """Finds at locations of their own, by the score they have."""
    table = torch.tensor(finds)
    logits = torch.full((1, len(finds), CLASSES), -20.0)
    logits[0, torch.arange(len(finds)), table[:, 4].long()] = torch.logit(table[:, 5])
    centres = (table[:, :2] + table[:, 2:4]) / 2
    return Found(logits, table[None, :, :4], centres, torch.full_like(centres, 0.05))


def test_best_boxes_come_first() -> None:
    found = said((*LEFT, CAT, 0.5), (*RIGHT, CAT, 0.9), (0.2, 0.2, 0.4, 0.4, DOG, 0.7))
    boxes = best_boxes(found)[0]
    assert boxes[:, 4].tolist() == [CAT, DOG, CAT]
    assert boxes[:, 5].tolist() == pytest.approx([0.9, 0.7, 0.5], abs=1e-5)
    assert boxes[:, :4].tolist() == [pytest.approx(corners) for corners in (RIGHT, (0.2, 0.2, 0.4, 0.4), LEFT)]


def test_of_one_thing_seen_twice_the_better_stays() -> None:
    found = said((*NEARLY_LEFT, CAT, 0.6), (*LEFT, CAT, 0.9), (*RIGHT, CAT, 0.5))
    assert best_boxes(found)[0][:, 5].tolist() == pytest.approx([0.9, 0.5], abs=1e-5)
    assert best_boxes(found, same=0.95)[0][:, 5].tolist() == pytest.approx([0.9, 0.6, 0.5], abs=1e-5)


def test_other_classes_at_the_same_place_stay() -> None:
    boxes = best_boxes(said((*NEARLY_LEFT, CAT, 0.6), (*LEFT, DOG, 0.9)))[0]
    assert boxes[:, 4].tolist() == [DOG, CAT]


def test_what_was_left_out_drives_nothing_out() -> None:
    chain = [(0.0 + shift, 0.0, 0.4 + shift, 1.0) for shift in (0.0, 0.08, 0.16)]  # each overlaps the next by 2/3
    apart = (0.6, 0.0, 1.0, 1.0)
    found = said((*chain[0], CAT, 0.9), (*chain[1], CAT, 0.8), (*apart, CAT, 0.75), (*chain[2], CAT, 0.7))
    assert best_boxes(found)[0][:, 5].tolist() == pytest.approx([0.9, 0.75, 0.7], abs=1e-5)


def test_at_most_so_many_and_none_below_the_least_score() -> None:
    found = said(*((0.1 * i, 0.0, 0.1 * i + 0.1, 1.0, CAT, 0.85 - 0.1 * i) for i in range(8)))
    assert len(best_boxes(found)[0]) == 6  # 0.85 to 0.35
    assert best_boxes(found, most=3)[0][:, 5].tolist() == pytest.approx([0.85, 0.75, 0.65], abs=1e-5)
    assert best_boxes(found, least=0.7)[0][:, 5].tolist() == pytest.approx([0.85, 0.75], abs=1e-5)


def test_location_may_show_two_classes() -> None:
    found = said((*LEFT, CAT, 0.6))
    found.logits[0, 0, DOG] = 6
    boxes = best_boxes(found)[0]
    assert boxes[:, 4].tolist() == [DOG, CAT]
    assert torch.equal(boxes[0, :4], boxes[1, :4])


def test_boxes_end_where_the_picture_does() -> None:
    assert best_boxes(said((-0.25, 0.5, 0.5, 1.5, CAT, 0.9)))[0][0, :4].tolist() == [0, 0.5, 0.5, 1]


def test_nothing_found_is_an_empty_table() -> None:
    one = said((*LEFT, CAT, 0.9), (*RIGHT, DOG, 0.8))
    logits = torch.cat([one.logits - 20, one.logits])
    found = Found(logits, one.boxes.repeat(2, 1, 1), one.centres, one.reach)
    assert [table.shape for table in best_boxes(found)] == [(0, 6), (2, 6)]
