"""Contact sheets of many shots have many pages, which are written, replaced and refused together."""

from __future__ import annotations

import errno
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import OutputError
from pipelines.preview import pages
from pipelines.preview.pages import sheet_places, write_sheet
from pipelines.preview.sheet import Tile, picture_target
from pipelines.preview.view import View
from pipelines.settings import Settings
from tests.made.handmade import FILM

TARGET = picture_target(FILM)
ON_A_PAGE = 40
"""Shots of FILM."""


def write(out: Path, shots: int, overwrite: bool = False, view: View | None = None) -> list[str]:
    """Writes a sheet of so many shots; gives the names of its files."""
    view = view or View(FILM, out, Settings())
    picture = np.zeros((TARGET.height, 2 * TARGET.width, 3), np.uint8)
    places = sheet_places(view, shots, overwrite)
    write_sheet(view, [Tile(picture, n, "00:00:00:00", "1.0 s", Fraction(n)) for n in range(1, shots + 1)], places)
    return [place.name for place in places]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("shots", "expected"),
    [
        (ON_A_PAGE, ["s.png"]),
        (ON_A_PAGE + 1, ["s-1.png", "s-2.png"]),
        (2 * ON_A_PAGE + 1, ["s-1.png", "s-2.png", "s-3.png"]),
    ],
)
def test_a_sheet_has_a_file_for_each_page(tmp_path: Path, shots: int, expected: list[str]) -> None:
    assert write(tmp_path / "s.png", shots) == names(tmp_path) == expected


@pytest.mark.parametrize("there", [1, ON_A_PAGE + 1])
@pytest.mark.parametrize("shots", [1, ON_A_PAGE + 1])
def test_pages_that_exist_are_refused_before_anything_is_drawn(tmp_path: Path, there: int, shots: int) -> None:
    write(tmp_path / "s.png", there)
    with pytest.raises(OutputError, match=r"s(-1)?\.png: exists already; --overwrite replaces it"):
        sheet_places(View(FILM, tmp_path / "s.png", Settings()), shots, overwrite=False)


@pytest.mark.parametrize("there", [1, 2 * ON_A_PAGE + 1])
@pytest.mark.parametrize("shots", [1, ON_A_PAGE + 1])
def test_of_a_sheet_that_is_replaced_no_page_is_left_and_what_is_no_page_stays(
    tmp_path: Path, there: int, shots: int
) -> None:
    write(tmp_path / "s.png", there)
    (tmp_path / "s-4.png").write_bytes(b"mine")
    assert sorted([*write(tmp_path / "s.png", shots, overwrite=True), "s-4.png"]) == names(tmp_path)


def test_where_a_page_cannot_be_written_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill_the_disk(page: pages.Page) -> bytes:
        if names(tmp_path):
            raise OSError(errno.ENOSPC, "no room")
        return b"a page"

    monkeypatch.setattr(pages, "png", fill_the_disk)
    with pytest.raises(OutputError, match="the disk is full"):
        write(tmp_path / "s.png", ON_A_PAGE + 1)
    assert names(tmp_path) == []


@pytest.mark.parametrize(("shots", "told"), [(1, "1 shot"), (2, "2 shots")])
def test_a_headline_counts_the_shots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shots: int, told: str) -> None:
    write(tmp_path / "s.html", shots)
    assert f"<h1>{FILM.name}: {told}</h1>" in (tmp_path / "s.html").read_text("utf-8")
    words: list[str] = []
    draw = pages.caption
    monkeypatch.setattr(pages, "caption", lambda line, *rest: (words.append(line), draw(line, *rest))[1])
    write(tmp_path / "s.png", shots)
    assert f"{FILM.name}   {told}   page 1 of 1" in words


@pytest.mark.parametrize("letters", ["W", "\N{CJK UNIFIED IDEOGRAPH-6620}"])
def test_a_headline_of_any_length_fits(letters: str) -> None:
    tile = Tile(np.zeros((96, 256, 3), np.uint8), 1, "00:00:00:00", "1.0 s", Fraction(1))
    (page,) = pages.pages(250 * letters, [tile])
    assert (page[:, -pages.EDGE :] == pages.PAPER).all()
    assert (page[: pages.EDGE + 30, : -pages.EDGE] < pages.PAPER).any()
