"""Whether a film has colours is looked for once, and again when its file has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.media import coloured
from pipelines.media.probe import probe
from tests.made import clips
from tests.made.runs import Films


def test_a_film_is_searched_for_colours_once_and_again_when_it_has_changed(
    films: Films, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film, opened = tmp_path / "film.mp4", list[Path]()
    film.write_bytes(films(clips.plain, ".mp4").read_bytes())
    open_film = coloured.open_film
    monkeypatch.setattr(coloured, "open_film", lambda path: (opened.append(path), open_film(path))[1])
    for _ in range(2):
        coloured.colours_of(probe(film))
    assert len(opened) == 1
    film.write_bytes(films(clips.with_cuts, ".mp4").read_bytes())
    coloured.colours_of(probe(film))
    assert len(opened) == 2
