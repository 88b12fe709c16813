"""Each shot has one class, whatever part of the film is asked for, and travels with the anchors."""

from __future__ import annotations

import pickle
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.errors import SettingsError
from pipelines.frames import AnchorBatch
from pipelines.guide import classes
from pipelines.guide.classes import ShotClasses
from pipelines.guide.given import Given, given_for
from pipelines.job.shots import find_shots
from pipelines.media.probe import probe
from pipelines.painting.choice import Chosen, WeightsFile, choose, choose_network
from pipelines.settings import PaintSettings, Settings
from pipelines.source import Span
from tests.made import clips
from tests.made.published import save_about
from tests.made.runs import Films


@pytest.fixture(autouse=True)
def by_brightness(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A network that tells how bright a picture is, and the list of all it was shown."""
    shown = list[int]()

    def shares(_network: None, lightness: NDArray[np.uint8]) -> NDArray[np.float32]:
        shown.append(int(lightness.mean()))
        one: NDArray[np.float32] = np.zeros(1000, np.float32)
        one[shown[-1]] = 1
        return one

    monkeypatch.setattr(classes, "shares_in", shares)
    monkeypatch.setattr(classes, "load", lambda _path: None)
    return shown


@pytest.fixture
def chosen(settings: Settings) -> Chosen:
    own = choose(settings.paint)
    return replace(own, files=(*own.files, WeightsFile("class", Path("none"), "")))


def opened(films: Films, settings: Settings, chosen: Chosen) -> ShotClasses:
    return ShotClasses(probe(films(clips.with_cuts, ".mp4")), settings, chosen)


def test_a_shot_has_one_class_and_others_have_theirs(films: Films, settings: Settings, chosen: Chosen) -> None:
    every = opened(films, settings, chosen).look_over(Span(None, None))
    shots = find_shots(every.film, settings, chosen.motion_rows)
    assert len(every.known) == len(shots) == 3
    assert [every.film.seconds(first) for first, _ in every.known] == [shot.start for shot in shots]
    assert len(set(every.known.values())) > 1
    first, until = list(every.known)[1]
    assert every(first) == every(until - 1) == every.known[first, until]


@pytest.mark.parametrize("read_at_once", [Fraction(1, 4), Fraction(10)])
def test_a_part_of_the_film_has_the_classes_of_the_whole(
    films: Films, settings: Settings, chosen: Chosen, monkeypatch: pytest.MonkeyPatch, read_at_once: Fraction
) -> None:
    every = opened(films, settings, chosen).look_over(Span(None, None))
    monkeypatch.setattr(classes, "READ_AT_ONCE", read_at_once)
    assert opened(films, settings, chosen).look_over(Span(None, None)).known == every.known
    for first, until in every.known:
        for pts in (first, first + 512):
            alone = opened(films, settings, chosen)
            assert alone(pts) == every.known[first, until]
            assert list(alone.known) == [(first, until)]


def test_what_was_looked_over_is_not_looked_at_again_elsewhere(
    films: Films, settings: Settings, chosen: Chosen, by_brightness: list[int]
) -> None:
    found = opened(films, settings, chosen).look_over(Span(None, None))
    sent: ShotClasses = pickle.loads(pickle.dumps(found))
    by_brightness.clear()
    anchors = AnchorBatch((0, 1), (0, 0), np.zeros((2, 64, 96), np.uint8))
    assert Given(classes=sent)(anchors).classes == (found(0), found(1))
    assert not by_brightness


def test_only_the_shots_of_a_span_are_looked_at(films: Films, settings: Settings, chosen: Chosen) -> None:
    short = replace(settings, motion=replace(settings.motion, steady=Fraction(0), anchors=Fraction(1, 24)))
    part = opened(films, short, chosen).look_over(Span(Fraction(0), Fraction(1, 24)))
    assert len(part.known) < 3


def test_missing_or_wrong_weights_are_one_line(films: Films, settings: Settings, tmp_path: Path) -> None:
    save_about("bigcolor", tmp_path)
    paint = PaintSettings("bigcolor", tmp_path, device="cpu")
    what = "weights of efficientnet-lite0 are not in .*; fetch them: restore weights pull efficientnet-lite0"
    film = probe(films(clips.with_cuts, ".mp4"))
    with pytest.raises(SettingsError, match=what):
        choose_network(film.path, replace(settings, paint=paint))
    other = replace(settings, paint=replace(paint, class_network=str(save_about("scgan", tmp_path))))
    chosen = choose_network(film.path, other)
    assert set(chosen.digests) == {"weights", "class"}
    assert chosen.settings.class_network == "efficientnet-lite0"  # the digest tells files apart
    with pytest.raises(
        SettingsError, match=r"not weights of a network that tells classes .*name another --class-network"
    ):
        given_for(film, other, chosen)
    with pytest.raises(ValueError, match="scgan takes no class; leave out --class-network"):
        choose(replace(other.paint, network="scgan"))
