"""However a film is cut into segments, every frame has the same colour, to the last bit."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies

from pipelines.frames import AbBatch, AnchorBatch
from pipelines.media.probe import probe
from pipelines.segment import carried
from pipelines.settings import MotionSettings, Settings
from pipelines.source import Film, Segment
from pipelines.streams import in_process
from tests.made import pictures
from tests.made.handmade import Ab
from tests.made.tracks import PictureTrack, write

SECOND = 24
"""Frames."""
SHOT = 30
"""Frames: not on a tick of the film."""
SHOTS = 5
ROWS = 64
CHOSEN = Settings(motion=MotionSettings(Fraction(1, 6), Fraction(1, 12), steady=Fraction(1, 3)))


def shown(first: int = 0) -> Iterator[pictures.Picture]:
    """Shots with hard cuts, from shot `first` on; one flashes, in one a thing jumps about so that anchors are added."""
    for shot in range(first, SHOTS):
        for n in range(SHOT):
            drawn = pictures.picture(n, shot, 96, 64)
            if shot == 1:
                left, top = 37 * n % 64, 23 * n % 46
                drawn[top : top + 18, left : left + 32, 0] = 0.1
            if shot == 2 and n in (10, 11):
                drawn[..., 0] = 1
            yield drawn


def drawn(path: Path, first: int = 0) -> Film:
    return probe(write(path, PictureTrack(shown(first), codec="ffv1")))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    return drawn(tmp_path_factory.mktemp("film") / "film.mkv")


def wild_colours(batch: AnchorBatch) -> AbBatch:
    """A network that flickers: one colour a frame, which depends on its lightness alone."""
    colours = [np.random.default_rng(zlib.crc32(light.tobytes())).uniform(-60, 60, 2) for light in batch.lightness]
    flat = np.array(colours, np.float32)[:, None, None]
    return AbBatch(batch, flat + batch.lightness[..., None].astype(np.float32) / 10)


def coloured(film: Film, bounds: Sequence[int]) -> dict[int, Ab]:
    """ab of every frame by its number, of a film cut before the frames of these numbers."""
    ticks = [None, *(film.pts(Fraction(number, SECOND)) for number in bounds), None]
    frames: dict[int, Ab] = {}
    for number, (start, end) in enumerate(pairwise(ticks)):
        segment = Segment(film, number, start, end)
        for one in carried(segment, CHOSEN, ROWS, in_process(wild_colours)):
            frames[round(film.seconds(one.frame.pts) * SECOND)] = one.ab
    return frames


@pytest.fixture(scope="module")
def in_one_pass(film: Film) -> dict[int, Ab]:
    frames = coloured(film, [])
    assert sorted(frames) == list(range(SHOT * SHOTS))
    return frames


def assert_same(one: dict[int, Ab], other: dict[int, Ab]) -> None:
    assert one.keys() == other.keys()
    assert [number for number in one if not np.array_equal(one[number], other[number])] == []


@pytest.mark.parametrize("segments", [2, 5, 17])
def test_equal_segments_give_the_pictures_of_one_pass(film: Film, in_one_pass: dict[int, Ab], segments: int) -> None:
    assert_same(in_one_pass, coloured(film, [n * SHOT * SHOTS // segments for n in range(1, segments)]))


@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bounds=strategies.sets(strategies.integers(1, SHOT * SHOTS - 1), min_size=1, max_size=4))
def test_random_spans_give_the_pictures_of_one_pass(film: Film, in_one_pass: dict[int, Ab], bounds: set[int]) -> None:
    assert_same(in_one_pass, coloured(film, sorted(bounds)))


@pytest.mark.parametrize("shot", [1, 2, 3])
def test_a_shot_begins_as_a_film_does_that_begins_with_it(
    film: Film, in_one_pass: dict[int, Ab], tmp_path: Path, shot: int
) -> None:
    later = coloured(drawn(tmp_path / "later.mkv", shot), [])
    first_frames = range(SECOND // 6)  # up to the second tick
    assert_same({n: in_one_pass[shot * SHOT + n] for n in first_frames}, {n: later[n] for n in first_frames})


def test_from_a_cut_on_a_tick_all_colours_are_those_of_a_film_that_begins_there(
    film: Film, in_one_pass: dict[int, Ab], tmp_path: Path
) -> None:
    later = coloured(drawn(tmp_path / "later.mkv", 2), [])
    assert_same({n - 2 * SHOT: ab for n, ab in in_one_pass.items() if n >= 2 * SHOT}, later)


def test_a_flash_has_the_colour_of_its_shot(film: Film) -> None:
    calm = replace(CHOSEN, motion=MotionSettings())
    around: dict[int, Ab] = {}
    for one in carried(Segment(film, 0, None, None), calm, ROWS, in_process(wild_but_white)):
        around[round(film.seconds(one.frame.pts) * SECOND)] = one.ab
    flash = 2 * SHOT + 10
    for number in (flash, flash + 1):
        assert np.abs(around[number] - around[flash - 2]).mean() < 8


def wild_but_white(batch: AnchorBatch) -> AbBatch:
    """A network that paints white pictures blue and all others red."""
    is_white = batch.lightness.mean(axis=(1, 2)) > 220
    colours = np.where(is_white[:, None], np.float32([0, -60]), np.float32([50, 30]))
    return AbBatch(batch, np.broadcast_to(colours[:, None, None], (*batch.lightness.shape, 2)).astype(np.float32))
