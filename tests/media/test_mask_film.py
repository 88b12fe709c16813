"""Defects read from a film of masks."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import click
import numpy as np
import pytest

from pipelines.media.decode import Decode
from pipelines.media.mask_film import defects
from pipelines.media.probe import probe
from pipelines.repair_settings import RepairSettings
from pipelines.source import Film, Segment
from restore.options.repair import Threshold
from tests.made.tracks import PictureTrack, write

FRAMES = 6


def film(path: Path, frames: int, levels: tuple[float, float], pix_fmt: str = "yuv420p") -> Film:
    """Pictures of the first level, with a square of 4 x 4 pixels of the second that moves right by 4 a frame."""
    drawn = [np.full((32, 48, 3), (levels[0], 0, 0), np.float32) for _ in range(frames)]
    for number, picture in enumerate(drawn):
        picture[8:12, 4 * number : 4 * number + 4, 0] = levels[1]
    return probe(write(path, PictureTrack(drawn, codec="ffv1", pix_fmt=pix_fmt)))


@pytest.mark.parametrize("pix_fmt", ["yuv420p10le", "gray"])
def test_a_mask_of_any_range_and_depth_is_read_by_its_level(tmp_path: Path, pix_fmt: str) -> None:
    mask = film(tmp_path / "mask.mkv", 4, (0.4, 0.6), pix_fmt)
    plain = RepairSettings(mask_in=mask.path)
    own = film(tmp_path / "film.mkv", FRAMES, (0.5, 0.5))
    for how, first in ((plain, 0), (RepairSettings(mask_in=mask.path, mask_growth=1), -1)):
        frames = Decode(Fraction(0))(Segment(own, 0, None, None))
        columns = [None if each is None else np.nonzero(each.any(axis=0))[0] for each in defects(own, how, frames)]
        assert [None if each is None else (each[0], each[-1]) for each in columns] == [
            *((max(0, 4 * n + first), 4 * n + 3 - first) for n in range(4)),
            None,
            None,
        ]


def test_a_mask_may_be_dark_where_defects_are_and_a_part_takes_its_own_frames(tmp_path: Path) -> None:
    mask = film(tmp_path / "mask.mkv", FRAMES, (0.9, 0.1), "gray")
    own = film(tmp_path / "film.mkv", FRAMES, (0.5, 0.5))
    frames = Decode(Fraction(0))(Segment(own, 0, own.pts(Fraction(3, 25)), None))
    how = RepairSettings(mask_in=mask.path, mask_threshold=Threshold().convert("<64", None, None))
    first = [int(np.nonzero(each.any(axis=0))[0][0]) for each in defects(own, how, frames) if each is not None]
    assert first == [12, 16, 20]


@pytest.mark.parametrize("typed", ["0", "256", "<0", "white", "--5"])
def test_a_threshold_that_is_no_level_is_refused(typed: str) -> None:
    with pytest.raises(click.BadParameter, match="level from 1 to 255"):
        Threshold().convert(typed, None, None)
