"""A film opened for a look at one place of it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

import pipelines.preview.view as views
from pipelines.media.probe import picture_at, probe
from pipelines.preview.view import View
from pipelines.settings import Settings
from pipelines.source import Film, Picture
from tests.made import clips
from tests.made.runs import Films


def test_a_frame_of_the_films_own_size_is_decoded_once(films: Films, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Fraction] = []

    def counted(film: Film, seconds: Fraction) -> Picture:
        looked.append(seconds)
        return picture_at(film, seconds)

    monkeypatch.setattr(views, "picture_at", counted)
    film = probe(films(clips.plain, ".mp4"))
    view, frame = View(film, Path(), Settings()).at(Fraction(1, 2))
    assert (view.film, film.seconds(frame.pts), looked) == (film, Fraction(1, 2), [])
