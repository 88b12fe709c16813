"""Colours that a person gives hold for their shot and follow their point."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from pipelines.errors import InputError, SettingsError
from pipelines.guide import hints, reading
from pipelines.guide.hints import HintTracker
from pipelines.media.probe import probe
from pipelines.motion.flow import Motion
from pipelines.settings import Hint, MotionSettings, Settings
from pipelines.source import Film
from restore.cli import main
from restore.options.hints import read_hints
from tests.made import clips, pictures
from tests.made.runs import Films, Refuse

RED = (60.0, 40.0)
RATE, SHOT = 24, 12
"""Frames a second, and of a shot of `clips.with_cuts`."""
ROWS = 64
EVERY = 3
"""Frames from one anchor to the next."""


def given(frame: int, x: float, y: float, ab: tuple[float, float] = RED) -> Hint:
    return Hint(Fraction(frame, RATE), x, y, ab)


def tracker(film: Film, settings: Settings) -> HintTracker:
    return HintTracker(reading.ShotReader(film, reading.of_frames(settings), ROWS), settings)


def followed(film: Path, settings: Settings, *given_hints: Hint) -> dict[int, Any]:
    """Where each anchor has hints: by the number of its frame, in pixels of the film."""
    probed = probe(film)
    motion = MotionSettings(anchors=Fraction(EVERY, RATE))
    tracks = tracker(probed, replace(settings, motion=motion, hints=given_hints))()
    size = np.array([probed.picture.width, probed.picture.height, 1, 1], np.float32)
    return {int(probed.seconds(pts) * RATE): table * size for pts, table in tracks.items()}


def test_hint_holds_for_its_shot_and_follows_its_point_both_ways(films: Films, settings: Settings) -> None:
    film = films(clips.with_cuts, ".mp4")
    found = followed(film, settings, given(SHOT + 5, 70, 20))
    assert sorted(found) == [12, 15, 18, 21]
    for frame, table in found.items():
        ((x, y, *ab),) = table
        assert x == pytest.approx(70.5 - pictures.PAN * (frame - SHOT - 5), abs=1.5)
        assert y == pytest.approx(20.5, abs=1.5)
        assert ab == pytest.approx(RED)


def test_hint_ends_where_its_point_leaves_the_picture(films: Films, settings: Settings) -> None:
    found = followed(films(clips.plain, ".mp4", frames=48), settings, given(0, 12, 20))
    assert min(found) == 0
    assert 3 < max(found) < 15  # its point is out of the picture after 8 frames


def test_hints_of_one_shot_stand_together_and_others_alone(films: Films, settings: Settings) -> None:
    film = films(clips.with_cuts, ".mp4")
    found = followed(film, settings, given(1, 60, 60), given(8, 70, 20), given(30, 80, 30, (0.0, -40.0)))
    assert {frame: len(table) for frame, table in found.items()} == {
        0: 2, 3: 2, 6: 2, 9: 2, 24: 1, 27: 1, 30: 1, 33: 1
    }  # fmt: skip


def test_a_film_is_read_once_for_one_hint_after_another_and_again_when_it_has_changed(
    films: Films, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film, read = tmp_path / "film.mp4", list[int]()
    film.write_bytes(films(clips.with_cuts, ".mp4").read_bytes())
    marked = reading.marked
    monkeypatch.setattr(reading, "marked", lambda *args: (read.append(1), marked(*args))[1])
    first = followed(film, settings, given(20, 70, 20))
    paler = replace(settings, paint=replace(settings.paint, saturation=0.5))
    assert followed(film, paler, given(20, 70, 20)).keys() == first.keys()
    assert len(read) == 1
    film.write_bytes(films(clips.plain, ".mp4", frames=48).read_bytes())
    followed(film, settings, given(20, 70, 20))
    assert len(read) == 2


def test_places_do_not_depend_on_how_the_film_is_read(
    films: Films, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = films(clips.with_cuts, ".mp4")
    whole = followed(film, settings, given(20, 70, 20), given(30, 40, 50))
    monkeypatch.setattr(reading, "READ_AT_ONCE", Fraction(1, 4))
    hints.places.cache_clear()
    parts = followed(film, settings, given(20, 70, 20), given(30, 40, 50))
    assert whole.keys() == parts.keys()
    assert all(np.array_equal(whole[frame], parts[frame]) for frame in whole)


@pytest.mark.parametrize(
    ("hint", "what"), [(given(5, 128, 10), "lies outside the picture"), (given(500, 1, 1), "outside the film")]
)
def test_hint_outside_of_the_film_is_refused(films: Films, settings: Settings, hint: Hint, what: str) -> None:
    with pytest.raises(InputError, match=what):
        followed(films(clips.with_cuts, ".mp4"), settings, hint)


def test_point_is_found_where_the_picture_has_moved() -> None:
    noise = np.random.default_rng(2).integers(0, 256, (16, 24), np.uint8)
    picture = np.kron(noise, np.ones((6, 6), np.uint8))
    moved = np.roll(picture, (2, -5), axis=(0, 1))
    assert Motion().follow((70.0, 40.0), picture, moved) == pytest.approx((65.0, 42.0), abs=0.7)


def test_network_that_takes_no_hints_refuses_them(films: Films, settings: Settings, refusal: Refuse) -> None:
    chosen = replace(settings, hints=(given(1, 2, 3),))
    message = refusal(SettingsError, films(clips.plain, ".mp4"), chosen=chosen)
    assert "compact takes no hints; --network siggraph17 does" in message


def written(folder: Path, content: Any) -> Path:
    path = folder / "hints.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_hints_are_read_with_their_colour_as_ab(tmp_path: Path) -> None:
    entries = [
        {"time": "00:01:02.5", "x": 310, "y": 12.5, "colour": "#ff0000"},
        {"time": 3, "x": 0, "y": 0, "colour": "#808080"},
    ]
    first, second = read_hints(written(tmp_path, entries))
    assert (first.time, first.x, first.y) == (Fraction(125, 2), 310, 12.5)
    assert first.ab == pytest.approx((80.1, 67.2), abs=0.2)
    assert (second.time, second.ab) == (3, pytest.approx((0, 0), abs=0.1))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("{", "no JSON"),
        ({}, "must be a list"),
        (
            [{"time": 1, "x": 1, "y": 1}],
            "hint 1: must have just colour, time, and x and y, or rectangle",
        ),
        ([{"time": 1, "x": 1, "y": 1, "colour": "red"}], "hint 1: colour must be like #b04030, or none, got 'red'"),
        ([{"time": "noon", "x": 1, "y": 1, "colour": "#123456"}], "hint 1: 'noon' is not a time"),
        ([{"time": 1, "x": -1, "y": 1, "colour": "#123456"}], "hint 1: x and y must be pixels"),
        ([{"time": 1, "x": "1", "y": 1, "colour": "#123456"}], "hint 1: x and y must be pixels"),
    ],
)
def test_what_is_wrong_with_hints_is_reported_with_their_number(tmp_path: Path, content: Any, what: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(ValueError, match=what):
        read_hints(path)
    result = CliRunner().invoke(main, ["film.mp4", "--hints", str(path)])
    assert result.exit_code == 2
    assert what in result.stderr
