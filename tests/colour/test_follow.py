"""Frames know the way to the anchors around them, and more anchors are made where things are lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from pipelines.colour.follow import Follow
from pipelines.frames import ShotFrame
from pipelines.motion.flow import brought_at_full_size
from pipelines.settings import MotionSettings
from tests.made import pictures
from tests.made.handmade import TICKS, Light, followed, shot_frame

AUTO = MotionSettings()
EVENLY = replace(AUTO, closest=AUTO.anchors)
SPACING = 8


def lightness(moment: float, shot: int = 0) -> Light:
    return np.clip(255 * pictures.picture(moment, shot)[..., 0], 0, 255).astype(np.uint8)


def pan(frames: int, shot: int = 0, first: int = 0, speed: float = 1) -> list[ShotFrame]:
    return [shot_frame(lightness(speed * n, shot), first + n, shot, n % SPACING == 0) for n in range(frames)]


def wild(frames: int) -> list[ShotFrame]:
    """Each frame shows something else, in one shot."""
    random = np.random.default_rng(0)
    large = [np.kron(random.integers(0, 255, (6, 8)), np.ones((16, 16))).astype(np.uint8) for _ in range(frames)]
    return [shot_frame(light, n, is_anchor=n % SPACING == 0) for n, light in enumerate(large)]


def anchors(frames: list[ShotFrame], settings: MotionSettings) -> list[int]:
    return [one.shown.pts for one in followed(frames, settings) if one.shown.is_anchor]


def test_every_frame_comes_out_once_in_order() -> None:
    for count in (0, 1, 2, SPACING, SPACING + 1, 30):
        assert [one.shown.pts for one in followed(pan(count), AUTO)] == list(range(count))


def test_flows_lead_to_the_anchors_on_both_sides() -> None:
    frames = pan(3 * SPACING + 1)
    inner = np.s_[16:-16, 40:-40]
    for one in followed(frames, EVENLY):
        pts = one.shown.pts
        before = (pts - 1) // SPACING * SPACING
        for side, flow in ((before, one.before), (before + SPACING if pts % SPACING else pts + SPACING, one.after)):
            if side < 0 or side > 3 * SPACING:
                assert flow is None
                continue
            assert flow is not None
            moved = brought_at_full_size(lightness(side).astype(np.float32), flow)
            standing = np.abs(lightness(side).astype(np.float32) - lightness(pts))[inner].mean()
            assert np.abs(moved - lightness(pts))[inner].mean() < standing / 1.5 + 2


def test_nothing_leads_across_a_cut() -> None:
    one_shot, next_shot = (
        followed(pan(12) + pan(12, 1, 12), EVENLY)[:12],
        followed(pan(12) + pan(12, 1, 12), EVENLY)[12:],
    )
    assert all(one.after is None for one in one_shot[SPACING:])
    assert next_shot[0].before is None
    assert all(one.before is not None for one in one_shot[1:] + next_shot[1:])


def test_calm_motion_needs_no_more_anchors() -> None:
    assert anchors(pan(25), AUTO) == [0, 8, 16, 24]


def test_what_is_lost_between_two_anchors_makes_another_no_nearer_than_set() -> None:
    found = anchors(wild(25), AUTO)
    assert found == list(range(0, 25, 4))  # a sixth of a second
    assert anchors(wild(25), replace(AUTO, closest=TICKS)) == list(range(25))
    assert anchors(wild(25), EVENLY) == [0, 8, 16, 24]


def test_a_lost_end_of_a_shot_gets_an_anchor() -> None:
    *frames, last = wild(25)
    assert anchors([*frames, replace(last, is_anchor=False)], AUTO)[-1] == 24
    assert anchors(pan(24), AUTO)[-1] == 16


def test_anchors_do_not_depend_on_what_lies_beyond_the_next_tick() -> None:
    frames = wild(16) + [replace(frame, light=frame.light) for frame in pan(17, first=16)]
    whole = followed(frames, AUTO)
    part = followed(frames[8:25], AUTO)
    for one, other in zip(whole[8:25], part, strict=True):
        assert one.shown == other.shown
        for flow, same in ((one.before, other.before), (one.after, other.after)):
            assert one.shown.pts in (8, 24) or np.array_equal(flow, same)


def test_single_anchors_need_no_flow_when_nothing_is_made_steady() -> None:
    every = replace(AUTO, anchors=Fraction(0), closest=Fraction(0), steady=Fraction(0))
    frames = [replace(frame, is_anchor=True) for frame in pan(6)]
    assert all(one.before is None and one.after is None for one in followed(frames, every))
    linked = followed(frames, replace(every, steady=Fraction(1)))
    assert all(one.before is not None for one in linked[1:])


@pytest.mark.parametrize("settings", [AUTO, EVENLY])
def test_asks_for_no_frame_beyond_the_next_tick(settings: MotionSettings) -> None:
    taken: list[int] = []

    def passed_on() -> Iterator[ShotFrame]:
        for frame in pan(40):
            taken.append(frame.pts)
            yield frame

    for one in Follow(settings, TICKS)(passed_on()):
        assert taken[-1] <= one.shown.pts + SPACING


def test_flows_go_from_anchor_to_anchor_too() -> None:
    linked = [one for one in followed(pan(17), EVENLY) if one.shown.is_anchor]
    inner = np.s_[16:-16, 40:-40]
    for one, other in pairwise(linked):
        for here, there, flow in ((one, other, one.after), (other, one, other.before)):
            assert flow is not None
            seen, far = (own.shown.light.lightness.astype(np.float32) for own in (here, there))
            assert np.abs(brought_at_full_size(far, flow) - seen)[inner].mean() < np.abs(far - seen)[inner].mean() / 1.5
