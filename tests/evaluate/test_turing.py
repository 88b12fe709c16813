"""People say which of two pictures is real."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pipelines.evaluate.turing import SIDE, answers_of
from pipelines.media.pictures import Pictures
from restore.turing import make_page
from tests.made.browser import open_browser, open_tab
from tests.made.previewed import done, restore

HEAD = "picture,network,taken_for_real\r\n"


def results(path: Path, said: dict[str, list[int]]) -> Path:
    lines = [f'"a ""b""","{network}","{each}"' for network, all_ in said.items() for each in all_]
    path.write_text("\r\n".join(['"picture","network","taken_for_real"', *lines, ""]), "utf-8")
    return path


@pytest.mark.slow
def test_a_person_answers_by_keys_and_saves(pictures: Path, network: Path, tmp_path: Path) -> None:
    out = tmp_path / "turing"
    done("evaluate", "turing", pictures, "--network", network, "--limit", "2", "-o", out)
    faults: list[str] = []
    with open_browser() as browser:
        tab = open_tab(browser, faults)
        tab.goto((out / "index.html").as_uri())
        tab.get_by_role("button", name="Start").click()
        for _ in range(2):
            tab.get_by_role("button", name="Left is real").wait_for()
            tab.keyboard.press("ArrowLeft")
        with tab.expect_download() as download:
            tab.get_by_role("button", name="Save").click()
        download.value.save_as(tmp_path / "said.csv")
    (said,) = answers_of([tmp_path / "said.csv"])
    assert (said.network, said.pairs, faults) == ("random", 2, [])


@pytest.mark.slow
def test_a_page_shows_each_picture_true_and_coloured(pictures: Path, network: Path, tmp_path: Path) -> None:
    out = tmp_path / "turing"
    (line,) = done("evaluate", "turing", pictures, "--network", network, "--limit", "2", "-o", out)
    assert line == f"{out / 'index.html'}, 2 pairs"
    page = (out / "index.html").read_text("utf-8")
    found = re.search(r'id="pairs">(.+?)</script>', page)
    assert found is not None
    pairs = json.loads(found[1])
    assert [pair["network"] for pair in pairs] == ["random"] * 2
    shown = Pictures([out])
    assert len(shown.keys) == 4
    assert {shown[i].shape for i in range(4)} == {(SIDE, SIDE, 3)}
    assert all(pair["true"] != pair["ours"] and (out / pair["true"]).is_file() for pair in pairs)
    assert "http" not in page


def test_a_blend_and_files_called_alike_keep_their_names(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [tmp_path / folder / "net.safetensors" for folder in "ab"]
    for file in files:
        file.parent.mkdir()
        file.touch()
    shown: list[str] = []
    monkeypatch.setattr("restore.turing.PicturePainter", lambda settings, takes: settings)
    monkeypatch.setattr("restore.turing.write_turing", lambda _, painters, out: shown.extend(painters))
    for networks in (["eccv16:0.5+compact:0.5", str(files[0])], [str(file) for file in files]):
        make_page([pictures], networks, None, None, tmp_path / "out")
    assert shown == ["eccv16:0.5+compact:0.5", "net", *(str(file) for file in files)]


def test_a_folder_that_holds_something_is_left_alone(pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "own").touch()
    result = restore("evaluate", "turing", pictures, "-o", tmp_path)
    assert result.exit_code != 0
    assert "exists already" in result.stderr


def test_what_was_said_is_a_share_with_its_error(tmp_path: Path) -> None:
    one = results(tmp_path / "one.csv", {"ours": [1] * 32 + [0] * 68, "theirs": [0] * 10})
    other = results(tmp_path / "other.csv", {"ours": [1] * 32 + [0] * 68})
    ours, theirs = answers_of([one, other])
    assert (ours.network, ours.pairs, ours.taken) == ("ours", 200, 0.32)
    assert ours.error == pytest.approx((0.32 * 0.68 / 200) ** 0.5, abs=0.001)
    assert ours.interval == pytest.approx((0.255, 0.385), abs=0.006)
    assert (theirs.taken, theirs.error) == (0, 0)
    assert done("evaluate", "turing", "--results", one)[0].startswith(
        "ours: 32.0 \u00b1 4.7 % taken for real, of 100 pairs"
    )


@pytest.mark.parametrize(
    "content",
    ["", "a,b\r\n1,2\r\n", "picture,network,taken_for_real\r\na,b,2\r\n", "picture,network,taken_for_real\r\n"],
)
def test_what_is_no_result_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "results.csv"
    path.write_text(content)
    with pytest.raises(ValueError, match="result"):
        answers_of([path])


@pytest.mark.parametrize("words", [(), ("--results", "{csv}", "{pictures}"), ("{pictures}",)])
def test_a_page_or_results_are_asked_for(pictures: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    csv = results(tmp_path / "a.csv", {"ours": [1]})
    result = restore("evaluate", "turing", *(word.format(csv=csv, pictures=pictures) for word in words))
    assert result.exit_code == 2
