"""A region has the colour that a person gives it, and follows its thing through the shot."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from pipelines.errors import InputError
from pipelines.frames import AnchorBatch, Layer
from pipelines.guide.given import Given
from pipelines.guide.layers import PackedLayer, over
from pipelines.guide.reading import ShotReader, of_frames
from pipelines.guide.regions import region_layer
from pipelines.guide.stills import StillTracker
from pipelines.media.probe import probe
from pipelines.painting.choice import choose_network
from pipelines.settings import Hint, MotionSettings, Settings
from restore.options.hints import read_hints
from tests.made.pictures import Picture
from tests.made.runs import Films
from tests.made.tracks import PictureTrack, write

ROWS, COLUMNS, FRAMES, RATE = 128, 192, 13, 24
STEP = 2
"""Pixels a frame by which the thing moves right."""
BOX = (30.0, 40.0, 40.0, 48.0)
"""Left, top, width and height of the thing in the first frame."""
RED = (60.0, 40.0)
LIGHTNESS = np.zeros((2, 64, 96), np.uint8)


def moving(path: Path) -> Path:
    """A speckled box that moves over a ground with other speckles."""
    return write(path, PictureTrack(_drawn(), codec="ffv1", pix_fmt="gray"))


def _drawn() -> Iterator[Picture]:
    rng = np.random.default_rng(5)
    ground, thing = (
        cv2.resize(rng.uniform(*span, size).astype(np.float32), None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
        for span, size in (((0.2, 0.5), (ROWS // 4, COLUMNS // 4)), ((0.5, 0.9), (12, 10)))
    )
    for number in range(FRAMES):
        light = ground.copy()
        left, top = int(BOX[0]) + STEP * number, int(BOX[1])
        light[top : top + 48, left : left + 40] = thing
        yield np.dstack([light.clip(0, 1), *np.zeros((2, ROWS, COLUMNS), np.float32)])


def corners(left: float, top: float, width: float, height: float) -> tuple[tuple[float, float], ...]:
    return ((left, top), (left + width, top), (left + width, top + height), (left, top + height))


def region(number: int = 0, ab: tuple[float, float] = RED) -> Hint:
    left, top, width, height = BOX
    return Hint(
        Fraction(round(1000 * number / RATE), 1000), 0, 0, ab, corners(left + STEP * number, top, width, height)
    )


def layers(film: Path, settings: Settings, *hints: Hint) -> dict[int, Layer]:
    """By the number of its frame, each anchor's layer."""
    opened = probe(film)
    asked = replace(settings, hints=hints, motion=MotionSettings(anchors=Fraction(1, 6), closest=Fraction(1, 3)))
    found = StillTracker(ShotReader(opened, of_frames(asked), ROWS), asked).regions()
    return {round(opened.seconds(pts) * RATE): packed.layer for pts, packed in found.items()}


def test_region_follows_its_thing_both_ways_and_nothing_else_takes_its_colour(films: Films, settings: Settings) -> None:
    film = films(moving, ".mkv")
    found = layers(film, settings, region(6))
    assert set(found) >= {0, 6, 12}
    for number, layer in found.items():
        scale = layer.share.shape[0] / ROWS
        left, top, width, height = (round(scale * side) for side in (BOX[0] + STEP * number, *BOX[1:]))
        own = np.s_[top + 4 : top + height - 4, left + 4 : left + width - 4]
        assert layer.share[own].mean() > 0.9
        assert np.abs(layer.ab[own] - RED).max() < 2
        outside = layer.share.copy()
        outside[top - 4 : top + height + 4, left - 4 : left + width + 4] = 0
        assert outside.mean() < 0.005


@pytest.mark.parametrize("kind", ["rectangle", "polygon", "region"])
def test_regions_are_read_as_rectangles_polygons_and_masks(films: Films, tmp_path: Path, kind: str) -> None:
    mask = np.zeros((ROWS, COLUMNS), np.uint8)
    mask[40:88, 30:70] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    places = {"rectangle": list(BOX), "polygon": [list(c) for c in corners(*BOX)], "region": "mask.png"}
    (tmp_path / "hints.json").write_text(json.dumps([{"time": 0, "colour": "#ff0000", kind: places[kind]}]))
    (hint,) = read_hints(tmp_path / "hints.json")
    assert hint.is_region
    layer = region_layer(probe(films(moving, ".mkv")), hint)
    assert layer.share[44:84, 34:66].min() > 0.99
    assert layer.share[:36].max() == layer.share[:, 76:].max() == 0
    assert layer.ab[60, 50] == pytest.approx((80.1, 67.2), abs=0.2)


def test_none_is_no_colour(tmp_path: Path) -> None:
    entries = [{"time": 0, "colour": "none", "x": 3, "y": 4}, {"time": 0, "colour": "none", "rectangle": [0, 0, 9, 9]}]
    (tmp_path / "hints.json").write_text(json.dumps(entries))
    assert [hint.ab for hint in read_hints(tmp_path / "hints.json")] == [(0, 0), (0, 0)]


@pytest.mark.parametrize(
    ("place", "what"),
    [
        ({"rectangle": [1, 2, 3]}, r"rectangle must be \[left, top, width, height\]"),
        ({"polygon": [[1, 2], [3, 4]]}, r"polygon must be \[\[x, y\]"),
        ({"polygon": [[1, 2], [3, 4], [5]]}, r"polygon must be \[\[x, y\]"),
        ({"polygon": [[1, 2], [3, -4], [5, 6]]}, "x and y must be pixels"),
        ({"region": "nowhere.png"}, "there is no picture .*nowhere.png"),
        ({"x": 1, "y": 2, "rectangle": [1, 2, 3, 4]}, "must have just colour, time, and x and y, or rectangle"),
    ],
)
def test_what_is_wrong_with_a_region_is_said(tmp_path: Path, place: dict[str, Any], what: str) -> None:
    (tmp_path / "hints.json").write_text(json.dumps([{"time": 0, "colour": "#ff0000"} | place]))
    with pytest.raises(ValueError, match=f"hint 1: {what}"):
        read_hints(tmp_path / "hints.json")


def test_region_outside_the_picture_is_refused(films: Films) -> None:
    with pytest.raises(InputError, match="a region lies outside the picture \\(192x128\\)"):
        region_layer(probe(films(moving, ".mkv")), Hint(Fraction(0), 0, 0, RED, corners(500, 500, 9, 9)))


def test_network_that_takes_no_hints_takes_regions(films: Films, settings: Settings) -> None:
    assert not choose_network(films(moving, ".mkv"), replace(settings, hints=(region(),))).takes("hints")


def test_region_lies_over_a_still() -> None:
    under = Layer(np.full((4, 6, 2), 10, np.float32), np.ones((4, 6), np.float32))
    half = Layer(np.full((8, 12, 2), 50, np.float32), np.full((8, 12), 0.5, np.float32))
    both = over(under, half)
    assert both.share.shape == (8, 12)
    assert (both.ab.mean(), both.share.mean()) == pytest.approx((30, 1))


def test_network_is_given_no_region_lest_it_spread() -> None:
    still = Layer(np.full((48, 64, 2), 10, np.float32), np.ones((48, 64), np.float32))
    part = Layer(np.full((48, 64, 2), 50, np.float32), np.zeros((48, 64), np.float32))
    part.share[:, 32:] = 1
    stills, regions = {7: PackedLayer.of(still)}, {7: PackedLayer.of(part), 8: PackedLayer.of(part)}
    anchors = Given(stills=stills, regions=regions, takes_hints=True)(AnchorBatch((7, 8), (0, 0), LIGHTNESS))
    both, alone = anchors.layers
    assert both is not None
    assert alone is not None
    assert (both.ab[:, :32].mean(), both.ab[:, 32:].mean()) == (10, 50)
    assert alone.share.mean() == 0.5
    assert set(anchors.hints[0][:, 2]) == {10}
    assert not len(anchors.hints[1])
    assert Given(regions=regions, takes_hints=True)(AnchorBatch((7, 8), (0, 0), LIGHTNESS)).hints == ()
