"""The identities of runs and segments."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.job.identity import files_given
from pipelines.places import sha256_of
from pipelines.settings import Reference, Settings, Still


@pytest.mark.parametrize("changed", ["a", "b"])
def test_guides_of_one_name_in_two_folders_both_count(changed: str, tmp_path: Path) -> None:
    paths = [tmp_path / folder / "still.png" for folder in "ab"]
    for path in paths:
        path.parent.mkdir()
        path.write_bytes(b"before")
    settings = replace(Settings(), stills=(Still(paths[0]),), references=(Reference(paths[1]),))
    before = files_given(settings)
    (tmp_path / changed / "still.png").write_bytes(b"after")
    assert files_given(settings) != before


def test_a_guide_given_twice_counts_once_as_in_older_records(tmp_path: Path) -> None:
    path = tmp_path / "still.png"
    path.write_bytes(b"painted")
    settings = replace(Settings(), stills=(Still(path),), references=(Reference(path),))
    assert files_given(settings) == {"given.still.png": sha256_of(path)}
