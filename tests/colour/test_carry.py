"""Every frame takes the colour of the anchors around it, moved to where its things are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from pipelines.colour.carry import Carry
from pipelines.frames import AbFrame, Anchor, Layer, ShotFrame
from pipelines.settings import MotionSettings
from tests.made import pictures
from tests.made.handmade import Ab, Light, anchor, even_ab, followed, shot_frame

SPACING = 8
EVENLY = MotionSettings(closest=MotionSettings().anchors)


def carried(frames: list[ShotFrame], anchors: list[Anchor]) -> list[AbFrame]:
    return list(Carry(EVENLY)(followed(frames, EVENLY), anchors))


def lightness(moment: float, shot: int = 0) -> Light:
    return np.clip(255 * pictures.picture(moment, shot)[..., 0], 0, 255).astype(np.uint8)


def colour(moment: float) -> Ab:
    """True ab of the pan: it moves with the texture."""
    y, x = pictures.grid(pictures.WIDTH, pictures.HEIGHT)
    across = x + np.float32(pictures.PAN * moment)
    return np.dstack([40 * np.sin(across / 17) + 0 * y, 30 * np.cos(y / 20 + across / 25)])


def pan(frames: int, shot: int = 0, first: int = 0) -> list[ShotFrame]:
    return [shot_frame(lightness(n, shot), first + n, shot, n % SPACING == 0) for n in range(frames)]


def anchors_of(frames: list[ShotFrame], first: int = 0) -> list[Anchor]:
    return [anchor(f.light.lightness, colour(f.pts - first), f.pts, f.shot) for f in frames if f.is_anchor]


def test_colour_follows_the_motion() -> None:
    frames = pan(17)
    inner = np.s_[8:-8, 16:-16]
    for shown in carried(frames, anchors_of(frames)):
        moment = shown.frame.pts
        nearest = SPACING * round(moment / SPACING)
        error = np.abs(shown.ab - colour(moment))[inner].mean()
        assert error < 2.5
        assert moment == nearest or error < np.abs(colour(nearest) - colour(moment))[inner].mean() / 1.5 + 0.5


def test_anchors_keep_their_colour_to_the_last_bit() -> None:
    frames = pan(25)
    anchors = anchors_of(frames)
    shown = {coloured.frame.pts: coloured.ab for coloured in carried(frames, anchors)}
    assert all(np.array_equal(shown[own.pts], own.ab) for own in anchors)


def test_what_stands_still_keeps_its_colour_to_the_last_bit() -> None:
    rng = np.random.default_rng(2)
    still = rng.integers(40, 200, (96, 128), np.uint8)
    grainy = [np.clip(still + rng.normal(0, 2, still.shape), 0, 255).astype(np.uint8) for _ in range(2 * SPACING + 1)]
    frames = [shot_frame(light, n, is_anchor=n % SPACING == 0) for n, light in enumerate(grainy)]
    painted = rng.uniform(-60, 60, (96, 128, 2)).astype(np.float32)
    for coloured in carried(frames, [anchor(grainy[n], painted, n) for n in range(0, 2 * SPACING + 1, SPACING)]):
        assert np.array_equal(coloured.ab, painted)


def test_each_owned_frame_comes_out_once_in_order_and_no_other() -> None:
    frames = [shot_frame(lightness(n), n, 0, n % 4 == 0, is_owned=5 <= n < 14) for n in range(20)]
    shown = carried(frames, anchors_of(frames))
    assert [coloured.frame.pts for coloured in shown] == list(range(5, 14))
    assert all(coloured.frame is frames[coloured.frame.pts].light.frame for coloured in shown)


@pytest.mark.parametrize(("first_own", "shots"), [(0, [0] * 4 + [1] * 4 + [2] * 4), (3, [0, 1]), (4, [1]), (5, [0])])
def test_shots_are_counted_from_that_of_the_frame_before_the_segment(first_own: int, shots: list[int]) -> None:
    last = first_own + len(shots)
    frames = [shot_frame(lightness(n), n, 7 + n // 4, n % 4 == 0, first_own <= n < last) for n in range(12)]
    assert [coloured.shot for coloured in carried(frames, anchors_of(frames))] == shots


def test_nothing_is_taken_across_a_cut() -> None:
    frames = pan(12) + pan(12, shot=1, first=12)
    red, blue = even_ab(60, 40), even_ab(20, -60)
    anchors = [anchor(f.light.lightness, red if f.shot == 0 else blue, f.pts, f.shot) for f in frames if f.is_anchor]
    for coloured in carried(frames, anchors):
        assert np.allclose(coloured.ab, red if coloured.frame.pts < 12 else blue, atol=1e-3)


def test_frame_between_equal_anchors_takes_from_both_by_its_distance() -> None:
    still = np.random.default_rng(3).integers(0, 255, (96, 128), np.uint8)
    frames = [shot_frame(still, n, is_anchor=n in (0, 8)) for n in range(9)]
    anchors = [anchor(still, even_ab(0, 0), 0), anchor(still, even_ab(80, -40), 8)]
    for coloured in carried(frames, anchors):
        share = coloured.frame.pts / 8
        assert np.allclose(coloured.ab, (80 * share, -40 * share), atol=0.5)


def test_uncovered_places_take_the_side_that_saw_them() -> None:
    # a bright board leaves: what was behind it is seen only in the anchor after
    rng = np.random.default_rng(4)
    wall = np.kron(rng.integers(60, 140, (24, 32)), np.ones((4, 4))).astype(np.uint8)
    lights, colours = [], []
    for n in range(9):
        light, ab, edge = wall.copy(), even_ab(0, 30), 64 - 8 * n
        light[:, : max(0, edge)] = 230
        ab[:, : max(0, edge)] = (60, 0)
        lights.append(light)
        colours.append(ab)
    frames = [shot_frame(light, n, is_anchor=n in (0, 8)) for n, light in enumerate(lights)]
    shown = carried(frames, [anchor(lights[n], colours[n], n) for n in (0, 8)])
    assert np.abs(shown[2].ab[:, 56:64] - (0, 30)).mean() < 8  # though the anchor that saw the board there is nearer
    assert np.abs(shown[4].ab[:, 40:64] - (0, 30)).mean() < 8


@pytest.mark.parametrize("count", [1, 5])
def test_frames_after_the_last_anchor_take_from_it_alone(count: int) -> None:
    still = np.random.default_rng(5).integers(0, 255, (96, 128), np.uint8)
    frames = [shot_frame(still, n, is_anchor=n == 0) for n in range(count + 1)]
    for coloured in carried(frames, [anchor(still, even_ab(33, 11), 0)]):
        assert np.allclose(coloured.ab, (33, 11), atol=1e-3)


def test_shots_of_one_frame_have_their_own_colour() -> None:
    frames = [shot_frame(lightness(0, shot), shot, shot, is_anchor=True) for shot in range(4)]
    anchors = [anchor(f.light.lightness, even_ab(10 * f.shot, 0), f.pts, f.shot) for f in frames]
    assert [coloured.ab[0, 0, 0] for coloured in carried(frames, anchors)] == [0, 10, 20, 30]


def test_uneven_times_and_many_anchors_are_distinguished() -> None:
    still = np.random.default_rng(6).integers(0, 255, (96, 128), np.uint8)
    times = [0, 1, 40, 41, 42, 300, 301, 302, 303]
    frames = [shot_frame(still, pts, is_anchor=pts in (0, 40, 300, 302)) for pts in times]
    anchors = [anchor(still, even_ab(pts, 0), pts) for pts in (0, 40, 300, 302)]
    shown = [float(coloured.ab[..., 0].mean()) for coloured in carried(frames, anchors)]
    assert np.allclose(shown, [0, 1, 40, 41, 42, 300, 301, 302, 302], atol=0.5)


def test_shot_without_any_anchor_is_a_fault_that_is_raised() -> None:
    frames = followed([shot_frame(lightness(0), 3, shot=1, is_anchor=True)], EVENLY)
    with pytest.raises(ValueError, match="no anchor in the shot of the frame at 3"):
        list(Carry(EVENLY)(frames, [anchor(lightness(0), even_ab(0, 0), 0, shot=0)]))


def test_asks_for_no_anchor_beyond_the_next() -> None:
    frames = pan(25)
    taken: list[int] = []

    def passed_on() -> Iterator[Anchor]:
        for own in anchors_of(frames):
            taken.append(own.pts)
            yield own

    for coloured in Carry(replace(EVENLY, steady=0))(followed(frames, EVENLY), passed_on()):
        assert max(taken) <= coloured.frame.pts + SPACING


def test_a_layer_lies_over_its_anchor_and_fades_towards_the_next() -> None:
    still = np.random.default_rng(7).integers(0, 255, (96, 128), np.uint8)
    frames = [shot_frame(still, n, is_anchor=n in (0, 8)) for n in range(9)]
    share = np.zeros((192, 256), np.float32)
    share[:, :128] = 1
    given = Layer(np.full((192, 256, 2), 50, np.float32), share)
    shown = carried(frames, [replace(anchor(still, even_ab(0, 0), 0), own=given), anchor(still, even_ab(0, 0), 8)])
    assert shown[0].ab.shape == (192, 256, 2)
    assert np.array_equal(shown[0].ab[..., 0], 50 * share)
    assert shown[4].ab[:, :60].mean() == pytest.approx(25, abs=1)
    assert shown[4].share is not None
    assert shown[4].share[:, :60].mean() == pytest.approx(0.5, abs=0.02)
    assert np.abs(shown[4].ab[:, 70:]).max() == 0
