"""Pictures are drawn as often as their kind says, and a run says how often."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.training.crops import Crops, CropSettings
from pipelines.training.examples import Sources, examples
from pipelines.training.origin import digests_of
from pipelines.training.run import train
from pipelines.training.sampling import read_kinds
from tests.made.training import CONFIG

pytestmark = pytest.mark.usefixtures("narrow")


@pytest.fixture
def kinds(tmp_path: Path) -> Path:
    path = tmp_path / "kinds.tsv"
    path.write_text("key\tkind\tweight\n0000\tfaces\t0.5\n0001\tfaces\t0.5\n0002\tfilm\t3\n0003\tbad\t0\n")
    return path


def test_pictures_are_drawn_as_often_as_their_weights_say(sources: Sources, kinds: Path) -> None:
    data = examples(replace(sources, kinds=kinds), 0)
    assert data.chances is not None
    assert data.chances == pytest.approx(np.array([0.5, 0.5, 3, 0, 1, 1]) / 6)
    pictures = [np.full((8, 8, 3), 10 * number, np.uint8) for number in range(6)]
    squares = Crops(pictures, data.boxes, CropSettings(8), 0, 1200, data.chances)
    drawn = np.bincount([int(squares[i][0][0, 0, 0]) // 10 for i in range(1200)], minlength=6) / 1200
    assert drawn == pytest.approx(data.chances, abs=0.05)
    assert drawn[3] == 0


def test_run_says_what_it_draws_and_how_its_last_step_went(sources: Sources, kinds: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    drawn = replace(sources, kinds=kinds)
    train(drawn, CONFIG, tmp_path / "out.safetensors", log=lines.append)
    assert lines[:4] == [
        "film: 1 pictures of weight 3, 50.0% of the squares",
        "other: 2 pictures of weight 1, 33.3% of the squares",
        "faces: 2 pictures of weight 0.5, 16.7% of the squares",
        "bad: 1 pictures of weight 0, 0.0% of the squares",
    ]
    assert lines[-1].startswith("step 3/3  ")
    assert digests_of(drawn, None).keys() == digests_of(sources, None).keys() | {"kinds"}


def test_last_step_of_a_short_run_is_reported(
    sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.training.loop.LOGGED_EVERY", 100)
    lines: list[str] = []
    train(sources, CONFIG, tmp_path / "out.safetensors", log=lines.append)
    assert lines[-1].startswith("step 3/3  ")


def test_counting_colours_is_never_mute(sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.training.examples.LOGGED_SECONDS", -1)
    lines: list[str] = []
    train(sources, CONFIG, tmp_path / "out.safetensors", log=lines.append)
    assert "colours of 2 pictures counted" in lines


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("key\tkind\na\tb\n", "its first line must name the columns key, kind, weight"),
        ("key\tkind\tweight\na\tb\tmany\n", "line 2: weight must be a number"),
        ("key\tkind\tweight\na\tb\t1\nc\td\t-1\n", "line 3: weight must be a number"),
        ("key\tkind\tweight\na\tb\n", "line 2: weight must be a number"),
    ],
)
def test_wrong_table_is_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "kinds.tsv"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_kinds(path)
