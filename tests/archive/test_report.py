"""The report of an archive run, as a curator opens it: in a browser."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from pipelines.places import sha256_of
from pipelines.settings import Settings
from restore.api import restore_archive
from tests.made.archives import BAD, GOOD, reels, small
from tests.made.runs import Films

PATIENCE = 60
"""Seconds after which the browser has failed."""
SEEN = """
<script>
const rows = () => [...document.querySelectorAll("tbody tr")].map(row => row.cells[1].firstChild.textContent.trim());
const press = name => [...document.querySelectorAll("th button")].find(b => b.textContent === name).click();
addEventListener("load", () => {
  const seen = {title: document.title, opened: rows()};
  seen.stills = [...document.images].map(i => [i.naturalWidth, i.naturalHeight, i.getBoundingClientRect().width]);
  press("Frames"); seen.rising = rows();
  press("Frames"); seen.falling = rows();
  press("Film"); seen.named = rows();
  seen.marked = [...document.querySelectorAll("th[aria-sort]")].map(head => head.innerText.trim());
  const [search, show] = [document.querySelector("#choose input"), document.querySelector("#choose select")];
  const left = () => [...document.querySelectorAll("tbody tr")].filter(row => row.offsetHeight).length;
  const choose = (words, kind) => {
    search.value = words; show.value = kind;
    search.dispatchEvent(new Event("input"));
    return [left(), document.querySelector("#choose output").value];
  };
  seen.wide = document.documentElement.scrollWidth;
  seen.failed = choose("", "failed"); seen.found = choose("B/C mkv", ""); seen.none = choose("b/c", "failed");
  seen.all = choose("", "");
  const found = document.createElement("pre");
  found.id = "seen"; found.textContent = JSON.stringify(seen);
  document.body.append(found);
});
</script>
"""


@pytest.fixture(scope="module")
def out(films: Films, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over good films and bad ones, one of them with a name that HTML would read."""
    folder = tmp_path_factory.mktemp("report")
    source = reels(films, folder / "reels", bad=True)
    small(source / "<b>&amp; 'x'.mp4", frames=5)
    restore_archive([source], folder / "out", settings)
    return folder / "out"


@pytest.fixture(scope="module")
def browse(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], str]:
    """The page as a browser has it after its scripts ran."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    home = tmp_path_factory.mktemp("browser")

    def run(page: Path) -> str:
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        options += ["--window-size=1280,900"]
        command = [program, *options, f"--user-data-dir={home}", "--virtual-time-budget=5000", "--dump-dom"]
        return subprocess.run(
            [*command, page.as_uri()], capture_output=True, text=True, check=True, timeout=PATIENCE
        ).stdout

    return run


@pytest.fixture(scope="module")
def seen(out: Path, browse: Callable[[Path], str]) -> Any:
    page = out / "seen.html"
    page.write_text((out / "report.html").read_text("utf-8") + SEEN, "utf-8")
    found = re.search(r'<pre id="seen">(.*?)</pre>', browse(page), re.DOTALL)
    assert found is not None
    return json.loads(unescape(found[1]))


FAILURES = sorted(BAD)
FRAMES = GOOD | {"<b>&amp; 'x'.mp4": 5}


def test_it_opens_with_failures_first(seen: Any) -> None:
    assert seen["title"] == f"4 restored, {len(BAD)} failed"
    assert seen["opened"] == FAILURES + sorted(FRAMES)


def test_it_shows_a_still_before_and_after_of_each_film(seen: Any) -> None:
    assert seen["stills"] == 2 * len(FRAMES) * [[64, 48, 140]]


def test_it_sorts_by_number_and_by_name_with_films_without_a_figure_last(seen: Any) -> None:
    by_frames = sorted(FRAMES, key=lambda place: FRAMES[place])
    assert seen["rising"] == by_frames + FAILURES
    assert seen["falling"] == by_frames[::-1] + FAILURES
    assert sorted(seen["named"]) == sorted([*FRAMES, *BAD])
    assert seen["marked"] == ["Film"]
    assert seen["named"].index("a.mp4") < seen["named"].index("b/c.mkv") < seen["named"].index("text.avi")


def test_it_fits_a_screen_of_1280_pixels(seen: Any) -> None:
    assert seen["wide"] <= 1280


def test_it_is_filtered_and_searched(seen: Any) -> None:
    every = len(FRAMES) + len(BAD)
    assert seen["failed"] == [len(BAD), f"{len(BAD)} of {every} films"]
    assert seen["found"] == [1, f"1 of {every} films"]
    assert seen["none"] == [0, f"0 of {every} films"]
    assert seen["all"] == [every, ""]


def test_it_says_when_by_what_and_for_how_long(out: Path) -> None:
    page = unescape((out / "report.html").read_text("utf-8"))
    for words in (
        r"<dt>begun</dt><dd>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC",
        r"<dt>restore</dt><dd>\d",
        r"\d machine hours",
    ):
        assert re.search(words, page)
    assert "h264 8 bits in mp4" in page
    assert f"<dt>its sha256</dt><dd>{sha256_of(out.parent / 'reels' / 'a.mp4')}</dd>" in page
    assert re.search(r"<dt>settings</dt><dd>--network random\.safetensors", page)


def test_it_is_a_table_too(out: Path) -> None:
    rows = list(csv.DictReader(io.StringIO((out / "report.csv").read_text("utf-8-sig"), newline="")))
    by_place = {row["place"]: row for row in rows}
    assert len(by_place) == len(FRAMES) + len(BAD)
    assert (by_place["a.mp4"]["frames"], by_place["a.mp4"]["written"]) == ("24", "h264 8 bits in mp4")
    assert (by_place["b/empty.mp4"]["status"], by_place["b/empty.mp4"]["what"]) == ("failed", "the file is empty")


def test_it_links_to_nothing_outside(out: Path) -> None:
    page = (out / "report.html").read_text("utf-8")
    assert re.findall(r"https?://", page) == []
    assert {source.split(",")[0] for source in re.findall(r'(?:src|href)="([^"]*)"', page)} == {
        "data:image/jpeg;base64"
    }


def test_reasons_and_hints_stand_beside_the_failures(out: Path) -> None:
    page = unescape((out / "report.html").read_text("utf-8"))
    for words in ("the file is empty", "copy it again from its source", "has colours already"):
        assert words in page
