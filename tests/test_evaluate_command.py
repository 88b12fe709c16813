"""Networks are measured from the command line."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import cv2
import pytest
from click.testing import CliRunner, Result
from evaluated import DOG, LEFT_HALF, PERSON

from restore.cli import main


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
    lines = result.output.splitlines()
    assert lines[0].split() == ["whole", "picture,", "3", "pictures", "ours", "gray", "true"]
    assert "inside person boxes, 1 picture " in result.output
    assert len({len(line) for line in lines if line.endswith("true")}) == 1
    written = json.loads(out.read_text())
    assert [section["title"] for section in written["sections"]][-2:] == ["seen by the classifier", "labelled pictures"]
    assert [picture["key"] for picture in written["pictures"]] == ["000000", "000001", "000003"]
    assert cv2.imread(str(sheet)).shape == (192, 3 * 3 * 256, 3)


def test_command_says_what_it_leaves_out(pictures: Path, network: Path) -> None:
    result = run("colour", pictures, "--network", network, "--rows", 64, "--limit", 1, "--instances", 3)
    assert result.exit_code == 0, result.output
    assert result.output.endswith("\nwithout --classifier there is no Fréchet distance and no top-1\n")


def test_command_measures_the_detector(pictures: Path, network: Path, tmp_path: Path) -> None:
    given, keys, out = tmp_path / "boxes.jsonl", tmp_path / "keys.txt", tmp_path / "out.json"
    lines = [{"key": f"{number:06}", "boxes": [[*LEFT_HALF, DOG, 0.9]]} for number in range(3)]
    given.write_text("".join(json.dumps(line) + "\n" for line in lines))
    keys.write_text("000001\n000002\n000004\n")
    options = ("--network", network, "--rows", 64, "--boxes", given, "--keys", keys, "--json", out)
    result = run("detector", pictures, *options)
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.output.splitlines()]
    assert lines[0] == ["found", "boxes,", "2", "pictures", "AP50", "boxes"]
    assert lines[-1][0] == "dog"
    assert lines[-1][-1] == "2"
    assert [picture["key"] for picture in json.loads(out.read_text())["pictures"]] == ["000001", "000002"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--network", "nowhere"], "no network 'nowhere'"),
        (["--rows", "100"], "rows must be a multiple of 32"),
        (["--saturation", "9"], "saturation must be 0 to 4"),
        (["--classifier", "x.txt"], "x.txt: not a safetensors file"),
        (["--boxes", "x.txt"], "x.txt, line 1"),
        (["--labels", "x.txt"], "x.txt, line 1: a line must be a key"),
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
    assert result.output.startswith("Error: ")
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
    assert "own.zip: is measured itself, and is never written to" in result.output
    assert own.read_bytes() == before


@pytest.mark.parametrize("content", [b"no archive", b""])
def test_pictures_that_are_none_are_said_in_one_line(network: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "y.zip", "w") as archive:
        archive.writestr("a.png", content)
    for name in ("x.zip", "y.zip"):
        result = run("colour", tmp_path / name, "--network", network, "--rows", 64)
        assert result.exit_code == 1
        assert len(result.output.splitlines()) == 1, result.output
