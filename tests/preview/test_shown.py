"""Looks at a film that is mended: it as it was, as it will be, the mask, the difference."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from pipelines.errors import SettingsError
from pipelines.preview.shown import shown_from
from pipelines.repair_settings import RepairSettings
from pipelines.settings import Settings
from restore import render_preview, sheet, still
from restore.api import Composition
from tests.made import damaged
from tests.made.readers import true_lumas

AT = Fraction(5, 24)


def picture(path: Path) -> np.ndarray:
    read = cv2.imread(str(path))
    assert read is not None
    return read.astype(int)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return damaged.dusty(tmp_path_factory.mktemp("film") / "film.mkv", damaged.SHOT)


@pytest.fixture
def dusted(settings: Settings) -> Settings:
    return replace(settings, repair=RepairSettings(dust=3))


def test_a_still_shows_the_film_as_it_was_the_mask_and_the_difference(
    film: Path, dusted: Settings, tmp_path: Path
) -> None:
    out = still(film, Fraction(1, 5), tmp_path / "still.png", dusted, show=("before", "mask", "difference"))
    before, mask, difference = (each[..., 0] for each in np.split(picture(out), 3, axis=1))
    luma = true_lumas(film)[5][1].astype(float)
    assert np.abs(before - (luma - 16).clip(0, 219) * 255 / 219).max() < 1.5
    assert {*np.unique(mask)} == {0, 160, 255}
    assert (np.abs(difference[mask == 0] - 127.5) < 1).all()
    assert difference[mask == 160].max() > 200
    assert difference[mask == 255].min() < 60


@pytest.mark.slow
def test_before_and_after_of_a_mended_film_differ_in_luma(film: Path, dusted: Settings, tmp_path: Path) -> None:
    neutral = replace(dusted, paint=replace(dusted.paint, saturation=0))
    pages = sheet(film, tmp_path / "sheet.png", neutral)
    assert pages[0].exists()
    out = still(film, Fraction(1, 5), tmp_path / "still.png", neutral)
    before, after = np.split(picture(out), 2, axis=1)
    assert np.abs(before - after).max() > 40
    untouched = still(film, Fraction(1, 5), tmp_path / "plain.png", replace(neutral, repair=RepairSettings()))
    assert np.array_equal(np.split(picture(untouched), 2, axis=1)[0], before)


@pytest.mark.slow
@pytest.mark.parametrize(("layout", "across", "down"), [("side", 3, 1), ("over", 1, 3)])
def test_a_preview_shows_as_many_pictures_as_are_named(
    film: Path, dusted: Settings, tmp_path: Path, layout: str, across: int, down: int
) -> None:
    how = Composition(layout, labels=True, show=("before", "mask", "difference"))  # type: ignore[arg-type]
    out = render_preview(film, tmp_path / "out.mp4", dusted, at=Fraction(0), seconds=Fraction(1, 4), how=how)
    with av.open(out) as shown:
        frame = next(shown.decode(video=0))
    assert (frame.width, frame.height) == (across * damaged.WIDTH, down * damaged.HEIGHT)


def test_nothing_to_show_is_refused(film: Path, settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nothing is to be mended"):
        still(film, AT, tmp_path / "still.png", settings, show=("mask",))
    with pytest.raises(ValueError, match="mist"):
        shown_from("before,mist")
    with pytest.raises(ValueError, match="two"):
        Composition("split", show=("before", "mask", "after"))
