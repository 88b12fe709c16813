"""Steadiness is measured from the command line, on films in black and white and in colour."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from pipelines.evaluate.steadiness import _true_pictures
from pipelines.media.probe import probe
from restore.cli import main
from tests.made import pictures
from tests.made.runs import listing
from tests.made.tracks import PictureTrack, write


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A second in black and white, and one in colour."""
    folder = tmp_path_factory.mktemp("films")
    gray = write(folder / "gray.mp4", PictureTrack(pictures.pan(24, width=64, height=48)))
    return [gray, write(folder / "colour.mp4", PictureTrack(pictures.colours(24)))]


@pytest.mark.slow
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
    assert colour["figures"]["PSNR of true colours carried, 8 frames apart"]["restore"] > 35
    assert "gray.mp4, 24 frames" in shown.output


def test_true_colours_are_those_of_the_films_own_picture(tmp_path: Path) -> None:
    """Not of cover art, or another stream that may come first."""
    film = probe(write(tmp_path / "film.mkv", PictureTrack(pictures.pan(2)), PictureTrack(pictures.colours(2))))
    second = replace(film, picture=replace(film.picture, index=1))
    rgb = _true_pictures(second, [film.pts(Fraction(0))], torch.Size((96, 128)))
    assert (rgb.amax(1) - rgb.amin(1)).mean() > 0.05


def test_a_file_that_is_no_film_is_reported_in_one_line(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.mp4"
    wrong.write_bytes(b"no film")
    shown = CliRunner().invoke(main, ["evaluate", "steadiness", str(wrong)])
    assert shown.exit_code == 1
    assert shown.output.count("\n") == 1
    assert "wrong.mp4" in shown.output


@pytest.fixture(scope="module")
def sequences(tmp_path_factory: pytest.TempPathFactory, films: list[Path]) -> Path:
    """A folder with two folders of colour pictures."""
    folder = tmp_path_factory.mktemp("sequences")
    with av.open(films[1]) as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    for name, part in (("early", frames[:6]), ("late", frames[6:10])):
        (folder / name).mkdir()
        for number, frame in enumerate(part):
            Image.fromarray(frame).save(folder / name / f"{number:05}.png")
    return folder


@pytest.mark.parametrize("is_zip", [False, True])
def test_folders_of_pictures_are_films(sequences: Path, tmp_path: Path, is_zip: bool) -> None:
    source = Path(shutil.make_archive(str(tmp_path / "both"), "zip", sequences)) if is_zip else sequences
    out = tmp_path / "figures.json"
    shown = CliRunner().invoke(main, ["evaluate", "steadiness", str(source), "--json", str(out)])
    assert shown.exit_code == 0, shown.output
    early, late, _ = json.loads(out.read_text())["sections"]
    assert [(part["title"], part["pictures"]) for part in (early, late)] == [("early", 6), ("late", 4)]
    assert early["figures"]["CIEDE2000 to the true colours"]["true"] < 3


def test_pictures_of_two_sizes_are_no_film(tmp_path: Path) -> None:
    for number, width in enumerate((64, 96)):
        Image.fromarray(np.zeros((48, width, 3), np.uint8)).save(tmp_path / f"{number}.png")
    shown = CliRunner().invoke(main, ["evaluate", "steadiness", str(tmp_path)])
    assert shown.exit_code == 1
    assert shown.output.count("\n") == 1
    assert "must have one size" in shown.output


def test_a_comparison_shows_every_frame_beside_the_run(films: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    shown = CliRunner().invoke(
        main, ["evaluate", "steadiness", str(films[0]), "--seconds", "0.5", "--compare", str(folder)]
    )
    assert shown.exit_code == 0, shown.output
    assert [path.name for path in folder.iterdir()] == ["gray.compared.mp4"]
    with av.open(folder / "gray.compared.mp4") as film:
        pairs = [np.split(frame.to_ndarray(format="rgb24").astype(int), 2, axis=1) for frame in film.decode(video=0)]
    assert len(pairs) == 12
    assert pairs[0][0].shape == (48, 64, 3)
    assert np.mean([np.abs(left - right)[32:].mean() for left, right in pairs]) > 0.5
    assert np.mean([np.abs(left - right)[32:].mean() for left, right in pairs]) < 40


def test_figures_and_a_comparison_never_have_one_place(films: list[Path], tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    figures = tmp_path / "link" / "gray.compared.mp4"
    options = ["--seconds", "0.1", "--compare", str(tmp_path), "--json", str(figures), "--overwrite"]
    shown = CliRunner().invoke(main, ["evaluate", "steadiness", str(films[0]), *options])
    assert shown.exit_code == 1
    assert shown.output == f"restore: {figures}: is named for two results; name another file with --json\n"
    assert [path.name for path in tmp_path.iterdir()] == ["link"]


def test_two_films_of_one_name_are_not_compared_into_one_folder(films: list[Path], tmp_path: Path) -> None:
    shown = CliRunner().invoke(main, ["evaluate", "steadiness", *[str(films[0])] * 2, "--compare", str(tmp_path)])
    assert shown.exit_code == 1
    assert "two films are called gray" in shown.output
    assert not list(tmp_path.iterdir())


def test_a_comparison_replaces_no_film_and_nothing_without_overwrite(films: list[Path], tmp_path: Path) -> None:
    film = Path(shutil.copy(films[0], tmp_path / "own.mp4"))
    other = Path(shutil.copy(films[0], tmp_path / "own.compared.mp4"))
    before = listing(tmp_path)
    command = ["evaluate", "steadiness", str(film), "--seconds", "0.1", "--compare", str(tmp_path)]
    shown = CliRunner().invoke(main, command)
    assert (shown.exit_code, listing(tmp_path)) == (1, before)
    assert shown.output.endswith("own.compared.mp4: exists already; --overwrite replaces it, --compare names another\n")
    shown = CliRunner().invoke(main, [*command, str(other), "--overwrite"])
    assert (shown.exit_code, listing(tmp_path)) == (1, before)
    assert "own.compared.mp4: is the film itself, which is never written to" in shown.output
    shown = CliRunner().invoke(main, [*command, "--overwrite"])
    assert shown.exit_code == 0, shown.output
    assert film.read_bytes() == films[0].read_bytes() != other.read_bytes()
