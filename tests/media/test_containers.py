"""A result goes into a container that holds all of its film, under a name that says which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest

from pipelines.errors import OutputError
from pipelines.media.containers import choose_output, own_container, possible_names
from pipelines.media.probe import probe
from pipelines.settings import Codec, EncodeSettings, Settings
from tests.made import clips
from tests.made.handmade import FILM
from tests.made.runs import Films


@pytest.mark.parametrize(
    ("path", "formats", "container"),
    [("a.mp4", "mov,mp4,m4a", "mp4"), ("a.MOV", "mov,mp4,m4a", "mov"), ("a.mkv", "matroska,webm", "matroska"),
     ("a.webm", "matroska,webm", "webm"), ("a.ts", "mpegts", "mpegts"), ("a.avi", "avi", None),
     ("a.mpg", "mpeg", None)],
)  # fmt: skip
def test_own_container_is_known_by_format_and_name(path: str, formats: str, container: str | None) -> None:
    assert own_container(replace(FILM, container=formats, path=Path(path))) == container


def as_qt(path: Path) -> Path:
    """A film in mov, of which FFmpeg knows no suffix .qt."""
    return clips.plain(path.with_suffix(".mov")).rename(path)


@pytest.mark.parametrize(
    ("draw", "ending", "codec", "container", "name"),
    [
        (clips.plain, ".mp4", "h264", "mp4", "film.restored.mp4"),
        (clips.plain, ".m4v", "h264", "mp4", "film.restored.m4v"),
        (clips.plain, ".mov", "h264", "mov", "film.restored.mov"),
        (as_qt, ".qt", "h264", "mov", "film.restored.qt"),
        (as_qt, ".qt", "av1", "mp4", "film.restored.mp4"),
        (clips.with_cover, ".mp4", "ffv1", "matroska", "film.restored.mkv"),
        (clips.with_subtitles, ".mp4", "ffv1", "mp4", "film.restored.mp4"),
        (clips.with_font, ".mkv", "h264", "matroska", "film.restored.mkv"),
        (clips.with_data, ".ts", "h264", "mpegts", "film.restored.ts"),
        (clips.plain, ".mp4", "prores", "mov", "film.restored.mov"),
    ],
)
def test_the_film_chooses_its_container_and_the_container_the_suffix(
    films: Films, draw: Callable[..., Path], ending: str, codec: Codec, container: str, name: str
) -> None:
    chosen = choose_output(probe(films(draw, ending)), with_codec(codec), "film.restored", has_suffix=False)
    assert (chosen.container, chosen.name) == (container, name)
    assert name in possible_names("film.restored", has_suffix=False)


CHANGES: list[tuple[str, Codec, list[str]]] = [
    (".mp4", "h264", []),
    (".mkv", "ffv1", []),
    (".mov", "ffv1", ["the container changes from .mov to .mkv: .mkv is usual for ffv1"]),
    (".mp4", "prores", ["the container changes from .mp4 to .mov: .mp4 does not hold prores"]),
    (".avi", "h264", ["the container changes from .avi to .mp4: a result cannot be written as .avi"]),
]


@pytest.mark.parametrize(("ending", "codec", "notes"), CHANGES)
def test_a_change_of_container_is_noted_where_nobody_named_it(
    films: Films, ending: str, codec: Codec, notes: list[str]
) -> None:
    film = probe(films(clips.plain, ending))
    chosen = choose_output(film, with_codec(codec), "film.restored", has_suffix=False)
    assert [note for note in chosen.target.notes if "container" in note] == notes
    named = choose_output(film, with_codec(codec), f"out{Path(chosen.name).suffix}", has_suffix=True)
    assert not [note for note in named.target.notes if "container" in note]


def test_ffv1_stays_in_mp4_where_that_is_named(films: Films) -> None:
    chosen = choose_output(probe(films(clips.plain, ".mp4")), with_codec("ffv1"), "out.mp4", has_suffix=True)
    assert (chosen.container, chosen.target.notes) == ("mp4", ())


def with_codec(codec: Codec) -> Settings:
    return Settings(encode=EncodeSettings(codec))


def test_a_suffix_that_is_named_chooses_the_container(films: Films) -> None:
    chosen = choose_output(probe(films(clips.plain, ".mp4")), Settings(), "a.b.MOV", has_suffix=True)
    assert (chosen.container, chosen.name) == ("mov", "a.b.MOV")
    assert possible_names("a.b.MOV", has_suffix=True) == ["a.b.MOV"]


@pytest.mark.parametrize(("name", "has_suffix"), [("out", False), ("out.mkv", True), ("out.webm", True)])
def test_a_film_is_opened_once_to_choose(
    films: Films, monkeypatch: pytest.MonkeyPatch, name: str, has_suffix: bool
) -> None:
    film, opened, really = probe(films(clips.everything, ".mkv")), list[object](), av.open

    def counted(file: Any, *args: Any, **options: Any) -> Any:
        opened.append(file)
        return really(file, *args, **options)

    monkeypatch.setattr(av, "open", counted)
    try:
        choose_output(film, Settings(), name, has_suffix)
    except OutputError:
        assert name == "out.webm"
    assert opened.count(film.path) == 1
    assert not [file for file in opened if isinstance(file, (str, Path)) and file != film.path]
