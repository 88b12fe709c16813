"""Points and regions colour their thing through real shots, and nothing else, by outlines that were drawn by hand."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.points import DRAWN, masks, measured

FOLDER = Path(os.environ.get("RESTORE_CLIPS", "missing"))
CLIPS = tomllib.loads(DRAWN.read_text("utf-8"))["clip"]
MAX_APART, MAX_CHANGE = 6, 2
"""CIEDE2000 inside to what was asked, and of the change outside."""


def test_each_thing_is_outlined_in_ten_frames_of_its_shot() -> None:
    assert len(CLIPS) == 5
    for clip in CLIPS:
        numbers = [each["number"] for each in clip["frame"]]
        assert len(set(numbers)) == 10
        assert clip["given"] in numbers
        assert clip["shot"][0] <= min(numbers) < max(numbers) <= clip["shot"][1]


def test_nothing_is_measured_along_an_outline_and_beside_it() -> None:
    drawn = {"outline": [[20, 20], [79, 20], [79, 79], [20, 79]], "beside": [[[80, 20], [99, 20], [99, 79], [80, 79]]]}
    inside, outside = masks(drawn, (100, 200))
    assert np.argwhere(inside).min() == 22
    assert np.argwhere(inside).max() == 77
    assert not outside[18:82, 18:102].any()
    assert outside[:, 103:].all()


@pytest.mark.slow
@pytest.mark.parametrize("clip", CLIPS, ids=[clip["file"] for clip in CLIPS])
def test_a_thing_takes_the_colour_of_its_region_through_its_shot(clip: dict[str, object]) -> None:
    path = FOLDER / str(clip["file"])
    if not path.exists():
        pytest.skip(f"needs {path.name}: RESTORE_CLIPS=FOLDER")
    inside, outside = measured(path, clip, ("region",))["region"]
    assert inside <= MAX_APART
    assert outside <= MAX_CHANGE
