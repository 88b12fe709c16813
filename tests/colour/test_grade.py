"""Finished colours change as a person wants them, from one frame to the next, and in no place that is to be kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.colour.grade import AS_PAINTED, Grade, Graded
from pipelines.frames import AbFrame, Frame
from tests.made.handmade import PICTURE

AB = np.random.default_rng(0).normal(0, 20, (12, 16, 2)).astype(np.float32)


def frame(pts: int) -> AbFrame:
    return AbFrame(Frame(pts, 1, np.zeros((48, 64), np.uint8), True), AB, 0)


def test_saturation_multiplies_and_warmth_shifts_b_alone() -> None:
    changed = Grade(saturation=0.5, warmth=50)(AB)
    assert changed == pytest.approx(AB * 0.5 + [0, 10])


def test_what_is_neutral_has_no_colour_however_warm() -> None:
    assert not Grade(warmth=100, saturation=3, is_neutral=True)(AB).any()


def test_each_frame_has_the_grade_of_its_time() -> None:
    stage = Graded(PICTURE, lambda pts: Grade(saturation=0) if pts >= 2 else AS_PAINTED)
    assert [bool(each.ab.any()) for each in stage(frame(pts) for pts in range(4))] == [True, True, False, False]


def test_an_area_keeps_its_colour_to_a_share_of_a_place() -> None:
    height, width = PICTURE.upright((PICTURE.height, PICTURE.width))
    places = height / AB.shape[0], width / AB.shape[1]
    area = (0, 0, round(2.5 * places[1]), round(3 * places[0]))
    (graded,) = Graded(PICTURE, lambda _: Grade(is_neutral=True, keep=(area,)))([frame(0)])
    kept = np.zeros(AB.shape[:2])
    kept[:3, :2], kept[:3, 2] = 1, area[2] / places[1] - 2
    assert graded.ab == pytest.approx(AB * kept[..., None], abs=1e-4)


def test_what_a_person_painted_stays_as_it_is() -> None:
    share = np.zeros(AB.shape[:2], np.float32)
    share[3:6] = 1
    (graded,) = Graded(PICTURE, lambda _: Grade(is_neutral=True))([replace(frame(0), share=share)])
    assert graded.ab == pytest.approx(AB * share[..., None])
