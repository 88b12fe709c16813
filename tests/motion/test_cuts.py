"""Hard cuts are found, in real films and drawn ones; nothing else that films do is taken for one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.colour.lightness import Lightness
from pipelines.media.decode import Decode
from pipelines.motion.cuts import AHEAD, Cuts
from tests.made import pictures
from tests.made.handmade import Light, whole
from tests.made.labelled_cuts import NEWSREEL, REAL

SAMPLE = Path(__file__).parents[2] / "samples" / "newsreel.mp4"
CLIPS = Path(os.environ.get("RESTORE_CLIPS", ""))
SHOT = 16
"""Frames of a drawn shot."""


def found(lights: Iterable[Light]) -> list[int]:
    """The frames that begin a shot, the first aside."""
    cuts, begins = Cuts(), list[bool]()
    for seen in lights:
        cuts.push(seen)
        if cuts.count > AHEAD:
            begins.append(cuts.begins_at(len(begins)))
    while len(begins) < cuts.count:
        begins.append(cuts.begins_at(len(begins)))
    return [number for number, does in enumerate(begins) if does]


def lightness_of(path: Path) -> Iterator[Light]:
    film = whole(path)
    frames = Decode(Fraction(0), skip_damaged=True)(film)
    return (seen.lightness for seen in Lightness(film.film.picture, 192)(frames))


def light(drawn: pictures.Picture) -> Light:
    return np.clip(255 * drawn[..., 0], 0, 255).astype(np.uint8)


def two_shots() -> list[Light]:
    """A pan, a hard cut before frame SHOT, another pan."""
    return [light(drawn) for drawn in pictures.cuts(2, SHOT)]


def f1(numbers: list[int], labelled: tuple[int, ...]) -> float:
    return 2 * len(set(numbers) & set(labelled)) / (len(numbers) + len(labelled))


def test_cuts_of_the_sample_are_found_and_no_others() -> None:
    assert tuple(found(lightness_of(SAMPLE))) == NEWSREEL


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_cuts_of_real_films_are_found(name: str) -> None:
    if not (CLIPS / name).is_file():
        pytest.skip(f"needs {name}: RESTORE_CLIPS=FOLDER")
    numbers = found(lightness_of(CLIPS / name))
    assert f1(numbers, REAL[name]) >= 0.95 if REAL[name] else numbers == []


def breathing(lights: list[Light]) -> list[Light]:
    random = np.random.default_rng(0)
    return [cv2.convertScaleAbs(seen, alpha=random.uniform(0.6, 1.2), beta=random.uniform(0, 20)) for seen in lights]


def weaving(lights: list[Light]) -> list[Light]:
    random = np.random.default_rng(1)
    return [np.roll(seen, tuple(random.integers(-2, 3, 2)), (0, 1)) for seen in lights]


def dusty(lights: list[Light]) -> list[Light]:
    random = np.random.default_rng(2)
    for seen in lights:
        for _ in range(6):
            row, column = (int(random.integers(side)) for side in seen.shape)
            cv2.circle(seen, (column, row), int(random.integers(1, 4)), int(random.choice([0, 255])), -1)
    return lights


def grainy(lights: list[Light]) -> list[Light]:
    random = np.random.default_rng(3)
    return [np.clip(seen + random.normal(0, 8, seen.shape), 0, 255).astype(np.uint8) for seen in lights]


@pytest.mark.parametrize("aged", [breathing, weaving, dusty, grainy])
def test_age_hides_no_cut_and_makes_none(aged: Callable[[list[Light]], list[Light]]) -> None:
    assert found(aged(two_shots())) == [SHOT]


def test_frames_shown_twice_are_no_shots() -> None:
    assert found(seen for seen in two_shots() for _ in range(2)) == [2 * SHOT]


def test_a_cut_may_be_mixed_into_one_frame() -> None:
    lights = two_shots()
    lights[SHOT] = cv2.addWeighted(lights[SHOT - 1], 0.5, lights[SHOT + 1], 0.5, 0)
    assert found(lights) in ([SHOT], [SHOT + 1])


@pytest.mark.parametrize("level", [0, 255])
@pytest.mark.parametrize("length", range(1, AHEAD + 1))
def test_a_flash_is_no_shot_whether_white_or_black(level: int, length: int) -> None:
    lights = [light(pictures.picture(number / 2)) for number in range(2 * SHOT)]
    for number in range(SHOT, SHOT + length):
        lights[number][:] = level
    assert found(lights) == []


def test_a_damaged_frame_is_no_shot() -> None:
    lights = [light(drawn) for drawn in pictures.pan(2 * SHOT)]
    lights[SHOT] = cv2.resize(np.random.default_rng(0).integers(0, 255, (12, 16), np.uint8), lights[0].shape[::-1])
    assert found(lights) == []


def test_a_shot_after_black_begins_where_it_is_seen() -> None:
    lights = two_shots()
    black = [np.full_like(lights[0], 3)] * 10
    assert found([*lights[:SHOT], *black, *lights[SHOT:]]) == [SHOT + 10]


def test_a_shot_that_comes_out_of_black_slowly_begins_there_too() -> None:
    lights = two_shots()
    for number in range(SHOT):
        lights[number] = cv2.convertScaleAbs(lights[number], alpha=max(0, 1 - number / 8))
        lights[SHOT + number] = cv2.convertScaleAbs(lights[SHOT + number], alpha=min(1, number / 8))
    numbers = found(lights)
    assert len(numbers) == 1
    assert SHOT < numbers[0] < SHOT + 4


def test_a_whip_pan_is_no_cut() -> None:
    lights = [light(pictures.picture(moment)) for moment in range(SHOT)]
    lights += [light(pictures.picture(SHOT + 8 * moment)) for moment in range(SHOT)]
    assert found(lights) == []


def test_a_frame_is_judged_by_those_around_it_alone() -> None:
    lights = [light(drawn) for drawn in pictures.cuts(4, SHOT)]
    for first in range(0, 2 * SHOT, 5):
        early = [number for number in found(lights[first:]) if number > AHEAD + 1]
        assert [first + number for number in early] == [n for n in (SHOT, 2 * SHOT, 3 * SHOT) if n > first + AHEAD + 1]
