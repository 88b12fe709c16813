"""`restore doctor --report` tells what happened where, and of nobody's files."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from restore.cli import main
from restore.fault_report import film_facts, without_places
from tests.made import clips


def report(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["doctor", "--report", *map(str, words)])


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("4.1 GiB free in /mnt/reels of bob", "4.1 GiB free in ... of bob"),
        ("'/mnt/reels/a.mov': denied", "'...': denied"),
        (r"C:\Users\bob\a.mov: denied", "...: denied"),
        (r"\\server\reels\a.mov: denied", "...: denied"),
        ("~/reels/a.mov: denied", "...: denied"),
        ("s3://bucket/reels/a.mov cannot be read", "... cannot be read"),
        ("30000/1001 frames a second, h264/h265, 1/25", "30000/1001 frames a second, h264/h265, 1/25"),
        ("torch 2.13.0+cpu on Linux-6.1-x86_64", "torch 2.13.0+cpu on Linux-6.1-x86_64"),
    ],
)
def test_paths_and_urls_are_left_out_and_nothing_else(said: str, left: str) -> None:
    assert without_places(said) == left


def test_a_film_is_left_out_however_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    film = Path("my reels", "granny 1912.mov")
    said = f"{film}, {film.absolute()}, {film.name}, {tmp_path}"
    assert without_places(said, film) == "..., ..., ..., ..."


def test_a_films_facts_are_its_streams_and_not_its_words(tmp_path: Path) -> None:
    film = clips.plain(tmp_path / "granny 1912.mp4")
    first, picture = film_facts(film)
    assert first == "film: mov,mp4,m4a,3gp,3g2,mj2, 1.000 s from 0.000 s, 0 chapters"
    assert picture.startswith("picture: 128x96, codec h264, pixel_format yuv420p, bits 8, ")


def test_a_film_that_cannot_be_read_is_a_fact(tmp_path: Path) -> None:
    film = tmp_path / "granny 1912.mp4"
    film.write_bytes(b"no film" * 100)
    (fact,) = film_facts(film)
    assert fact.startswith("film: InputError: ")
    assert "granny" not in fact


def test_the_report_has_the_machine_and_the_film_and_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my reels").mkdir()
    monkeypatch.chdir(tmp_path / "my reels")
    result = report(clips.plain(Path("granny 1912.mp4")))
    assert result.exit_code == 0
    assert result.output.startswith("restore ")
    assert "\npicture: 128x96, " in result.output
    assert [word for word in ("my reels", "granny", str(tmp_path), str(Path.home())) if word in result.output] == []


def test_a_film_is_for_the_report_alone() -> None:
    result = CliRunner().invoke(main, ["doctor", "film.mp4"])
    assert result.exit_code == 2
    assert "doctor checks this machine; with --report it describes film.mp4 too" in result.stderr
