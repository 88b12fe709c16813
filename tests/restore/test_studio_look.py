"""The look file that the studio writes has just what the page says, and nobody's changes are lost."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from restore.studio.look import look_text, read_look, stamp_of, write_look

LOOK: dict[str, Any] = {
    "film": {"name": 'a "film"\\.mp4', "saturation": 0.8, "neutral": False},
    "shot": [
        {"number": 1, "start": "00:00:00", "note": "line\nbreak, tab\t, \u007f, ünï"},
        {
            "number": 12,
            "hints": [{"time": "f120", "x": 3, "y": 4.5, "colour": "#a33b2e"}],
            "keep_colour": [[1, 2, 3, 4]],
        },
    ],
}


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "film\n[film]\nname = 3.look.toml"
    write_look(LOOK, path)
    assert read_look(path) == LOOK
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_no_file_is_an_empty_look(tmp_path: Path) -> None:
    assert (read_look(tmp_path / "none.toml"), stamp_of(tmp_path / "none.toml")) == ({}, "")


@pytest.mark.parametrize("key", ["a b", 'a"]\nx', "ü", "", "a.b"])
def test_keys_stay_keys(key: str) -> None:
    assert tomllib.loads(look_text({"film": {key: 1}})) == {"film": {key: 1}}


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), [None]])
def test_what_toml_has_no_form_for_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"holds|Out of range"):
        look_text({"film": {"saturation": value}})
