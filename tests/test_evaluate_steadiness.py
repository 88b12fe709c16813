"""Steadiness is measured from the command line, on films in black and white and in colour."""

from __future__ import annotations

import json
from pathlib import Path

import pictures
import pytest
from click.testing import CliRunner
from tracks import PictureTrack, write

from restore.cli import main


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A second in black and white, and one in colour."""
    folder = tmp_path_factory.mktemp("films")
    gray = write(folder / "gray.mp4", PictureTrack(pictures.pan(24, width=64, height=48)))
    return [gray, write(folder / "colour.mp4", PictureTrack(pictures.colours(24)))]


def test_the_run_is_steadier_than_the_network_on_every_frame(films: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    command = ["evaluate", "steadiness", *map(str, films), "--json", str(out)]
    shown = CliRunner().invoke(main, [*command, "--seconds", "1"], catch_exceptions=False)
    assert shown.exit_code == 0, shown.output
    gray, colour, both = json.loads(out.read_text())["sections"]
    assert [section["pictures"] for section in (gray, colour, both)] == [24, 24, 48]
    for section in (gray, colour):
        for name in ("warping error, ab", "jump, CIEDE2000"):
            row = section["figures"][name]
            assert 0 < row["restore"] < row["every frame"]
            assert row["ratio"] == pytest.approx(row["restore"] / row["every frame"])
    assert "PSNR to the true colours" not in gray["figures"]
    assert colour["figures"]["CIEDE2000 to the true colours"]["true"] < 3
    assert colour["figures"]["CIEDE2000 to the true colours"]["restore"] > 5
    assert "gray.mp4, 24 frames" in shown.output


def test_a_file_that_is_no_film_is_told_in_one_line(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.mp4"
    wrong.write_bytes(b"no film")
    shown = CliRunner().invoke(main, ["evaluate", "steadiness", str(wrong)])
    assert shown.exit_code == 1
    assert shown.output.count("\n") == 1
    assert "wrong.mp4" in shown.output
