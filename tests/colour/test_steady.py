"""Anchors agree with those around them in their shot, and with nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from pipelines.colour.steady import Steady
from pipelines.frames import AbBatch, Anchor, AnchorBatch, FollowedFrame, Layer
from pipelines.settings import MotionSettings
from tests.made import pictures
from tests.made.handmade import TICKS, Ab, Light, even_ab, followed, shot_frame

SPACING = 8
"""Frames from one anchor to the next."""
EVENLY = MotionSettings(closest=MotionSettings().anchors)


def still(seed: int = 0) -> Light:
    return np.random.default_rng(seed).integers(40, 200, (48, 64), np.uint8)


def batch(colours: list[Ab], lightness: list[Light], shots: list[int] | None = None, first: int = 0) -> AbBatch:
    times = tuple(SPACING * (first + number) for number in range(len(colours)))
    anchors = AnchorBatch(times, tuple(shots or [0] * len(colours)), np.stack(lightness))
    return AbBatch(anchors, np.stack(colours))


def linked(batches: Iterable[AbBatch]) -> list[FollowedFrame]:
    """The anchors as frames that follow each other."""
    frames = [shot_frame(*parts, is_anchor=True) for b in batches
              for parts in zip(b.anchors.lightness, b.anchors.pts, b.anchors.shots, strict=True)]  # fmt: skip
    return followed(frames, MotionSettings())


def steadied(batches: Iterable[AbBatch], seconds: Fraction = Fraction(1)) -> list[Anchor]:
    given = list(batches)
    return list(Steady(MotionSettings(steady=seconds), TICKS)(given, linked(given)))


def lightness(moment: float) -> Light:
    return np.clip(255 * pictures.picture(moment)[..., 0], 0, 255).astype(np.uint8)


def noisy(count: int, mean: float = 20.0, spread: float = 8.0) -> list[Ab]:
    rng = np.random.default_rng(7)
    return [(even_ab(mean, -mean, 48, 64) + rng.normal(0, spread, (1, 1, 2))).astype(np.float32) for _ in range(count)]


def flicker(anchors: list[Anchor]) -> float:
    """Mean spread of a pixel's colour over time."""
    return float(np.std([anchor.ab for anchor in anchors], axis=0).mean())


def test_noise_between_identical_pictures_grows_small() -> None:
    colours = noisy(24)
    anchors = steadied([batch(colours, [still()] * 24)])
    before = float(np.std(colours, axis=0).mean())
    assert flicker(anchors) < before / 1.5
    assert np.mean([anchor.ab for anchor in anchors]) == pytest.approx(np.mean(colours), abs=1)


def test_wider_window_gives_steadier_colour() -> None:
    made = [batch(noisy(24), [still()] * 24)]
    spreads = [flicker(steadied(made, Fraction(seconds))) for seconds in (0, 1, 4)]
    assert spreads == sorted(spreads, reverse=True)
    assert spreads[2] < spreads[0] / 2


def test_still_colour_stays_the_same() -> None:
    for anchor in steadied([batch([even_ab(31, -17, 48, 64)] * 9, [still()] * 9)]):
        assert np.abs(anchor.ab - np.float32([31, -17])).max() < 1e-3


def test_each_anchor_comes_out_once_with_its_time_shot_and_lightness() -> None:
    lightness, shots = [still(seed) for seed in range(7)], [0, 0, 0, 1, 1, 2, 2]
    anchors = steadied([batch(noisy(3), lightness[:3], shots[:3]), batch(noisy(4), lightness[3:], shots[3:], first=3)])
    assert [anchor.pts for anchor in anchors] == [SPACING * number for number in range(7)]
    assert [anchor.shot for anchor in anchors] == shots
    assert all(np.array_equal(anchor.lightness, own) for anchor, own in zip(anchors, lightness, strict=True))


def test_nothing_counts_across_a_cut() -> None:
    colours = [even_ab(50, 0, 48, 64)] * 4 + [even_ab(-50, 30, 48, 64)] * 4
    anchors = steadied([batch(colours, [still()] * 8, [0] * 4 + [1] * 4)])
    for anchor, own in zip(anchors, colours, strict=True):
        assert np.allclose(anchor.ab, own, atol=1e-3)


@pytest.mark.parametrize(("far", "counts"), [(1, True), (2, True), (3, True), (4, False), (5, False)])
def test_neighbour_counts_within_the_window_and_not_beyond(far: int, counts: bool) -> None:
    colours = [even_ab(0, 0, 48, 64)] * far + [even_ab(80, 80, 48, 64)]
    first = steadied([batch(colours, [still()] * (far + 1))])[0]  # a second is three anchors
    assert (np.abs(first.ab).max() > 0) == counts


def test_result_is_the_same_with_and_without_what_lies_beyond_the_window() -> None:
    colours, lightness = noisy(20), [still(number // 6) for number in range(20)]
    whole = steadied([batch(colours, lightness)])
    part = steadied([batch(colours[4:17], lightness[4:17], first=4)])
    reach = 3  # anchors in a second
    for one, other in zip(whole[4 + reach : 17 - reach], part[reach:-reach], strict=True):
        assert one.pts == other.pts
        assert np.array_equal(one.ab, other.ab)


def test_how_anchors_are_batched_does_not_matter() -> None:
    colours, lightness = noisy(10), [still(number // 4) for number in range(10)]
    at_once = steadied([batch(colours, lightness)])
    singly = steadied(batch([colours[n]], [lightness[n]], first=n) for n in range(10))
    assert all(np.array_equal(one.ab, other.ab) for one, other in zip(at_once, singly, strict=True))


def test_0_seconds_leave_every_anchor_alone() -> None:
    colours = noisy(5)
    anchors = steadied([batch(colours, [still()] * 5)], Fraction(0))
    assert all(np.array_equal(anchor.ab, own) for anchor, own in zip(anchors, colours, strict=True))


def test_near_neighbours_count_more_than_far_ones() -> None:
    quiet, loud = even_ab(0, 0, 48, 64), even_ab(10, 0, 48, 64)
    near = steadied([batch([quiet, loud, quiet, quiet], [still()] * 4)])[0].ab.mean()
    far = steadied([batch([quiet, quiet, loud, quiet], [still()] * 4)])[0].ab.mean()
    assert near > far > 0


def test_neighbour_of_another_picture_hardly_counts() -> None:
    dark = np.full((48, 64), 60, np.uint8)
    dark[:, :32] = 120
    loud = even_ab(60, 0, 48, 64)
    like, unlike = (
        steadied([batch([even_ab(0, 0, 48, 64)] * 2 + [loud], [dark, dark, other])])[0].ab[..., 0].mean()
        for other in (dark, np.ascontiguousarray(dark[:, ::-1]))
    )
    assert unlike < like / 3


def test_one_red_among_seven_blue_is_outvoted_not_averaged_in() -> None:
    blue, red = even_ab(10, -50, 48, 64), even_ab(60, 40, 48, 64)
    for anchor in steadied([batch([blue] * 3 + [red] + [blue] * 4, [still()] * 8)], Fraction(3, 2)):
        assert np.abs(anchor.ab - (10, -50)).max() < 5


def test_a_flash_takes_the_colour_of_its_shot() -> None:
    lights = [still(), still(), np.full((48, 64), 250, np.uint8), still(), still()]
    own, white = even_ab(30, 20, 48, 64), even_ab(-20, -30, 48, 64)
    anchors = steadied([batch([own, own, white, own, own], lights)])
    for number, anchor in enumerate(anchors):
        assert np.abs(anchor.ab - (30, 20)).max() < (12 if number == 2 else 1)


def in_light(light: Light, share: float) -> Light:
    """The lightness in a share of the light: L* + 16 falls to the share's cube root."""
    return np.clip(((light / 2.55 + 16) * np.cbrt(share) - 16) * 2.55, 0, 255).round().astype(np.uint8)


@pytest.mark.parametrize("shares", [[1, 1, 1, 1, 0.7, 0.4, 0.2], [0.2, 0.4, 0.7, 1, 1, 1, 1]])
def test_colour_falls_and_rises_with_the_light_of_a_fade(shares: list[float]) -> None:
    lights = [in_light(still(), share) for share in shares]
    anchors = steadied([batch([even_ab(40, 20, 48, 64)] * 7, lights)], Fraction(2))
    for anchor, share in zip(anchors, shares, strict=True):
        assert np.linalg.norm(anchor.ab.mean(axis=(0, 1))) == pytest.approx(np.hypot(40, 20) * np.cbrt(share), rel=0.08)


def test_flat_pictures_keep_their_colour() -> None:
    for level in range(256):
        lights = [np.full((192, 256), level, np.uint8)] * 2
        for anchor in steadied([batch([even_ab(40, 20, 192, 256)] * 2, lights)]):
            assert np.abs(anchor.ab - np.float32([40, 20])).max() < 1e-3


def test_a_film_that_breathes_keeps_its_colour() -> None:
    lights = [in_light(still(), share) for share in (1, 0.93, 1, 0.95, 0.93, 1, 0.97)]
    for anchor in steadied([batch([even_ab(40, 20, 48, 64)] * 7, lights)], Fraction(2)):
        assert np.abs(anchor.ab - np.float32([40, 20])).max() < 1e-3


@pytest.mark.parametrize(("count", "flash"), [(7, 3), (5, 0), (3, 0), (3, 1), (2, 0)])
def test_lightning_takes_no_colour_from_what_is_around_it(count: int, flash: int) -> None:
    lights = [in_light(still(), 1 if number == flash else 0.3) for number in range(count)]
    for anchor in steadied([batch([even_ab(40, 20, 48, 64)] * count, lights)], Fraction(2)):
        assert np.linalg.norm(anchor.ab.mean(axis=(0, 1))) > 0.95 * np.hypot(40, 20)


@pytest.mark.parametrize("radii", [(60, 60, 60, 34, 30), (60, 60, 60, 28, 24)])
def test_what_an_iris_leaves_open_keeps_its_colour(radii: tuple[int, ...]) -> None:
    y, x = np.mgrid[:48, :64]
    waves = 120 + 40 * np.sin(x / 6) * np.cos(y / 5)
    lights = [np.where(np.hypot(y - 24, x - 32) < radius, waves, 0).astype(np.uint8) for radius in radii]
    for anchor in steadied([batch([even_ab(40, 20, 48, 64)] * 5, lights)], Fraction(2)):
        open_part = anchor.ab[20:28, 28:36].mean(axis=(0, 1))
        assert np.linalg.norm(open_part) > 0.95 * np.hypot(40, 20)


def test_equal_colours_stay_equal_to_the_last_bit() -> None:
    painted = np.random.default_rng(1).uniform(-60, 60, (48, 64, 2)).astype(np.float32)
    assert all(np.array_equal(own.ab, painted) for own in steadied([batch([painted] * 6, [still()] * 6)]))


def test_averaging_takes_nothing_of_the_contrast_of_colour() -> None:
    rng = np.random.default_rng(3)
    colours = []
    for hue in rng.normal(0.3, 0.25, 12):
        ab = even_ab(40 * np.cos(hue), 40 * np.sin(hue), 48, 64)
        ab[:, 32:] *= -1
        colours.append(ab)
    for anchor in steadied([batch(colours, [still()] * 12)], Fraction(2)):
        assert np.linalg.norm(anchor.ab[0, 0] - anchor.ab[0, -1]) == pytest.approx(80, abs=1)


def test_averaging_takes_nothing_of_a_tint_whose_hue_wavers() -> None:
    hues = np.random.default_rng(3).normal(0.3, 0.25, 12)
    colours = [even_ab(40 * np.cos(hue), 40 * np.sin(hue), 48, 64) for hue in hues]
    for anchor in steadied([batch(colours, [still()] * 12)], Fraction(2)):
        assert np.linalg.norm(anchor.ab, axis=-1) == pytest.approx(40, abs=0.5)


def test_colours_that_disagree_about_the_whole_picture_become_paler() -> None:
    colours = [even_ab(40 * (-1) ** number, 5, 48, 64) for number in range(12)]
    for anchor in steadied([batch(colours, [still()] * 12)], Fraction(2)):
        assert np.linalg.norm(anchor.ab, axis=-1).max() < 20


def test_colour_of_neighbours_is_brought_along_the_motion() -> None:
    lights = [lightness(moment) for moment in range(33)]
    x = np.repeat(pictures.grid(pictures.WIDTH, pictures.HEIGHT)[1], pictures.HEIGHT, axis=0)
    true = [np.dstack([40 * np.sin((x + pictures.PAN * moment) / 12)] * 2) for moment in range(0, 33, SPACING)]
    frames = followed([shot_frame(light, n, is_anchor=n % SPACING == 0) for n, light in enumerate(lights)], EVENLY)
    anchors = list(Steady(MotionSettings(steady=Fraction(4)), TICKS)([batch(true, lights[::SPACING])], frames))
    inner = np.s_[16:-16, 48:-48]
    in_place = np.abs(np.mean(true, axis=0)[inner] - true[2][inner]).mean()
    assert np.abs(anchors[2].ab[inner] - true[2][inner]).mean() < in_place / 2


def test_takes_no_more_than_the_window_before_it_gives() -> None:
    taken = 0

    def counted() -> Iterator[AbBatch]:
        nonlocal taken
        for number in range(30):
            taken += 1
            yield batch(noisy(1), [still()], first=number)

    frames = linked([batch(noisy(30), [still()] * 30)])
    for number, _ in enumerate(Steady(MotionSettings(steady=Fraction(1)), TICKS)(counted(), frames)):
        assert taken <= number + 3 + 2


def scene(place: tuple[int, int] | None) -> Light:
    """A textured background, and a textured thing at a place (row, column) or nowhere."""
    light = np.random.default_rng(1).integers(90, 120, (24, 32), np.uint8).repeat(4, 0).repeat(4, 1)
    if place:
        row, column = place
        thing = np.random.default_rng(2).integers(20, 240, (8, 8), np.uint8).repeat(4, 0).repeat(4, 1)
        light[row : row + 32, column : column + 32] = thing
    return light


def painted(place: tuple[int, int] | None, colour: tuple[float, float]) -> Ab:
    ab = even_ab(0, 0, 96, 128)
    if place:
        ab[place[0] : place[0] + 32, place[1] : place[1] + 32] = colour
    return ab


def test_a_thing_that_comes_back_within_the_window_has_its_colour_again() -> None:
    own, other = (40.0, 10.0), (-20.0, -30.0)
    places = [(20, 30), (20, 32), None, None, (22, 36)]
    colours = [own, own, own, own, other]
    anchors = steadied([batch([*map(painted, places, colours)], [*map(scene, places)])], Fraction(2))
    inner = np.s_[30:46, 44:60]
    back, way = anchors[-1].ab[inner].mean(axis=(0, 1)) - other, np.subtract(own, other)
    assert back @ way > 0.3 * (way @ way)  # without the anchors before it was hidden: 0.11
    assert np.abs(anchors[2].ab[inner]).max() < 12  # what it left uncovered does not take its colour


@pytest.mark.parametrize("is_own", [False, True])
def test_followed_colours_agree_with_their_neighbours_and_those_of_their_own_frame_stay(is_own: bool) -> None:
    share = np.ones((24, 32), np.float32)
    given = [Layer(even_ab(44 if n == 2 else 20, 0, 24, 32), share, is_own and n == 2) for n in range(5)]
    made = batch([even_ab(-30, 0, 48, 64)] * 5, [still()] * 5)
    anchors = steadied([replace(made, anchors=replace(made.anchors, layers=tuple(given)))])
    shown = (anchors[2].own or anchors[2]).ab[..., 0]
    assert (anchors[2].own is given[2], shown.max() == 44) == (is_own, is_own)
    assert shown.min() > 30  # its own colour has more weight than those of its neighbours


def test_where_a_layer_does_not_reach_anchors_agree_as_without_it() -> None:
    share = np.zeros((48, 64), np.float32)
    share[:, :16] = 1
    made = batch(noisy(9), [still()] * 9)
    layers = (Layer(even_ab(20, 0, 48, 64), share),) * 9
    given = replace(made, anchors=replace(made.anchors, layers=layers))
    for one, other in zip(steadied([given]), steadied([made]), strict=True):
        assert np.abs(one.ab - other.ab)[:, 32:].max() < 1
        assert np.abs(one.ab - (20, 0))[:, :8].max() < 0.5
