"""Networks are measured from the command line."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import cv2
import pytest
from click.testing import CliRunner, Result

from restore.cli import main
from restore.measuring import column_names
from tests.made import clips
from tests.made.evaluated import DOG, LEFT_HALF, PERSON
from tests.made.runs import Films, listing


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["evaluate", *(str(arg) for arg in args)])


def test_command_prints_a_table_and_writes_what_is_asked_for(
    pictures: Path, network: Path, classifier: Path, tmp_path: Path
) -> None:
    given, labels, out, sheet = (tmp_path / name for name in ("boxes.jsonl", "labels.tsv", "out.json", "sheet.png"))
    given.write_text(json.dumps({"key": "000000", "boxes": [[*LEFT_HALF, PERSON, 0.9]]}) + "\n")
    labels.write_text("000000\t3\n")
    options = ("--network", network, "--rows", 64, "--limit", 3, "--boxes", given, "--classifier", classifier)
    result = run("colour", pictures, *options, "--labels", labels, "--json", out, "--sheet", sheet)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["whole", "picture,", "3", "pictures", "ours", "gray", "true"]
    assert "inside person boxes, 1 picture " in result.output
    assert len({len(line) for line in lines if line.endswith("true")}) == 1
    written = json.loads(out.read_text())
    assert [section["title"] for section in written["sections"]][-2:] == [
        "classifier, outside boxes",
        "labelled pictures",
    ]
    assert [picture["key"] for picture in written["pictures"]] == ["000000", "000001", "000003"]
    assert cv2.imread(str(sheet)).shape == (192, 3 * 3 * 256, 3)


def test_command_says_what_it_leaves_out(pictures: Path, network: Path) -> None:
    result = run("colour", pictures, "--network", network, "--rows", 64, "--limit", 1, "--instances", 3)
    assert result.exit_code == 0, result.output
    assert result.output.endswith("\nnot measured: Fréchet distance and top-1; give --classifier\n")


def test_command_measures_the_detector(pictures: Path, network: Path, tmp_path: Path) -> None:
    given, keys, out = tmp_path / "boxes.jsonl", tmp_path / "keys.txt", tmp_path / "out.json"
    lines = [{"key": f"{number:06}", "boxes": [[*LEFT_HALF, DOG, 0.9]]} for number in range(3)]
    given.write_text("".join(json.dumps(line) + "\n" for line in lines))
    keys.write_text("000001\n000002\n000004\n")
    options = ("--network", network, "--rows", 64, "--boxes", given, "--keys", keys, "--json", out)
    result = run("detector", pictures, *options)
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0] == ["found", "boxes,", "2", "pictures", "AP50", "boxes"]
    assert lines[-1][0] == "dog"
    assert lines[-1][-1] == "2"
    assert [picture["key"] for picture in json.loads(out.read_text())["pictures"]] == ["000001", "000002"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--network", "nowhere"], "no network 'nowhere'"),
        (["--rows", "100"], "rows must be a multiple of 16"),
        (["--saturation", "9"], "saturation must be 0 to 4"),
    ],
)
def test_what_cannot_be_asked_of_a_network_is_wrong_usage(pictures: Path, options: list[str], told: str) -> None:
    result = run("colour", pictures, "--limit", "1", *options)
    assert (result.exit_code, result.output.count("\n")) == (2, 1)
    assert result.output.startswith("restore: ")
    assert told in result.output


def test_a_detector_that_is_none_is_wrong_usage(pictures: Path, tmp_path: Path) -> None:
    given = tmp_path / "boxes.jsonl"
    given.write_text(json.dumps({"key": "000001", "boxes": [[*LEFT_HALF, DOG, 0.9]]}) + "\n")
    result = run("detector", pictures, "--boxes", given, "--network", "nowhere")
    assert result.exit_code == 2
    assert result.output.startswith("restore: no network 'nowhere'")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--classifier", "x.txt"], "x.txt: not a safetensors file"),
        (["--boxes", "x.txt"], "x.txt, line 1"),
        (["--labels", "x.txt", "--classifier", "x.txt"], "x.txt, line 1: a line must be a key"),
        (["--sheet", "no dir/sheet.png"], "no dir/sheet.png: its folder does not exist; make it: mkdir -p 'no dir'"),
        (["--json", "missing/out.json"], "missing/out.json: its folder does not exist"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    pictures: Path, network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.txt").write_text("nothing of the kind\n")
    result = run("colour", pictures, "--network", network, "--rows", "64", "--limit", "1", *options)
    assert result.exit_code == 1
    assert told in result.output
    assert result.output.startswith("restore: ")
    assert len(result.output.splitlines()) == 1


@pytest.mark.parametrize("option", ["--json", "--sheet"])
def test_what_is_measured_is_never_written_to(pictures: Path, network: Path, tmp_path: Path, option: str) -> None:
    own = tmp_path / "own.zip"
    with zipfile.ZipFile(own, "w") as archive:
        for picture in pictures.iterdir():
            archive.write(picture, picture.name)
    before = own.read_bytes()
    result = run("colour", own, "--network", network, "--rows", 64, "--limit", 1, option, tmp_path / "." / "own.zip")
    assert result.exit_code == 1
    assert "own.zip: is read to measure, and is never written to" in result.output
    assert own.read_bytes() == before


@pytest.mark.parametrize("option", ["--network", "--boxes", "--classifier"])
def test_what_is_measured_with_is_never_written_to(option: str, pictures: Path, network: Path, tmp_path: Path) -> None:
    own = Path(shutil.copy(network, tmp_path / "own"))
    given = ("--network", network, option, own) if option != "--network" else (option, own)
    result = run("colour", pictures, *given, "--limit", 1, "--json", own)
    assert "own: is read to measure, and is never written to" in result.output
    assert own.read_bytes() == network.read_bytes()


def test_detectors_boxes_and_keys_are_never_written_to(pictures: Path, network: Path, tmp_path: Path) -> None:
    given = (tmp_path / "boxes.jsonl", tmp_path / "keys.txt")
    for path in given:
        path.write_text("mine")
    for path in given:
        options = ("--network", network, "--boxes", given[0], "--keys", given[1])
        assert "is read to measure" in run("detector", pictures, *options, "--json", path).output
        assert path.read_text() == "mine"


def test_weights_whose_steadiness_is_measured_are_never_written_to(films: Films, network: Path, tmp_path: Path) -> None:
    own = Path(shutil.copy(network, tmp_path / "own"))
    result = run("steadiness", films(clips.plain, ".mp4"), "--network", own, "--json", own)
    assert "own: is read to measure" in result.output
    assert own.read_bytes() == network.read_bytes()


def test_picture_in_a_measured_folder_is_never_written_to(pictures: Path, network: Path, tmp_path: Path) -> None:
    own = Path(shutil.copytree(pictures, tmp_path / "own"))
    before = listing(own)
    result = run("colour", own, "--network", network, "--limit", 1, "--sheet", own / "000001.png")
    assert "own/000001.png: is read to measure" in result.output
    assert listing(own) == before


def test_two_results_have_two_files(pictures: Path, network: Path, tmp_path: Path) -> None:
    results = ("--json", tmp_path / "x", "--sheet", tmp_path / "." / "x")
    result = run("colour", pictures, "--network", network, "--limit", 1, *results)
    assert "x: is named for two results; name another file for one" in result.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/sys/kernel").is_dir(), reason="Linux alone has /sys")
def test_result_that_cannot_be_written_is_reported_before_anything_is_measured(pictures: Path, network: Path) -> None:
    result = run("colour", pictures, "--network", network, "--limit", 1, "--json", "/sys/out.json")
    assert (
        result.output == "restore: /sys/out.json: its folder may not be written to; name a file elsewhere with --json\n"
    )


def test_figures_are_there_where_the_sheet_cannot_be_written(
    pictures: Path, network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(tiles: object, columns: int) -> None:
        raise OSError("no room")

    monkeypatch.setattr("pipelines.evaluate.sheet.stacked", no_room)
    results = ("--json", tmp_path / "out.json", "--sheet", tmp_path / "sheet.png")
    result = run("colour", pictures, "--network", network, "--rows", 64, "--limit", 1, *results)
    assert result.exit_code == 1
    assert "whole picture, 1 picture" in result.output
    assert result.output.endswith("restore: no room\n")
    assert json.loads((tmp_path / "out.json").read_text())["pictures"]


def test_labels_without_a_classifier_are_refused(pictures: Path, network: Path, tmp_path: Path) -> None:
    (tmp_path / "labels.tsv").write_text("000000\t3\n")
    result = run("colour", pictures, "--network", network, "--labels", tmp_path / "labels.tsv")
    assert result.exit_code == 2
    assert "--labels is the truth for what a classifier sees; give --classifier, too" in result.output


@pytest.mark.parametrize("content", [b"no archive", b""])
def test_pictures_that_are_none_are_said_in_one_line(network: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as archive:
        archive.writestr("a.png", content)
    for name in ("x.zip", "y.zip"):
        result = run("colour", tmp_path / name, "--network", network, "--rows", 64)
        assert result.exit_code == 1
        assert len(result.output.splitlines()) == 1, result.output


def test_columns_are_files_without_folders_unless_two_are_called_alike(tmp_path: Path) -> None:
    one, other = tmp_path / "one.safetensors", tmp_path / "b" / "one.safetensors"
    other.parent.mkdir()
    one.touch()
    other.touch()
    assert column_names(["compact", str(one), "a:0.6+b:0.4"]) == {
        "compact": "compact", "one": str(one), "a:0.6+b:0.4": "a:0.6+b:0.4",
    }  # fmt: skip
    assert column_names([str(one), str(other)]) == {str(one): str(one), str(other): str(other)}
