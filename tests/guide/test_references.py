"""Things that look like those of a reference take its colours; what looks like nothing in it takes none."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from pipelines.colour.steady import single_anchors
from pipelines.errors import SettingsError
from pipelines.frames import AbBatch, AnchorBatch, Layer
from pipelines.guide.given import given_for
from pipelines.guide.layers import with_share
from pipelines.guide.likeness import Likeness
from pipelines.job.job import prepare
from pipelines.media.image import png
from pipelines.media.probe import probe
from pipelines.painting.choice import choose_network
from pipelines.ranges import Range, When
from pipelines.settings import Reference, Settings, Still
from restore.cli import main
from tests.made.pictures import Picture
from tests.made.runs import Films
from tests.made.tracks import PictureTrack, write

SIDE = 128


def patches(seed: int) -> NDArray[np.uint8]:
    """Lightness (SIDE, SIDE) of a checkered ground with a smooth disc on it."""
    drawn = np.random.default_rng(seed).integers(90, 160, (SIDE // 4, SIDE // 4)).astype(np.uint8)
    ground = cv2.resize(drawn, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.circle(ground, (40, 64), 28, 230, -1), np.uint8)


def film_of(path: Path) -> Path:
    """Two frames of the patches, two of a flat gray."""
    return write(path, PictureTrack(_drawn(), codec="ffv1", pix_fmt="gray"))


def _drawn() -> Iterator[Picture]:
    for light in (patches(0) / 255, patches(0) / 255, np.full((SIDE, SIDE), 0.5), np.full((SIDE, SIDE), 0.5)):
        yield np.dstack([light, *np.zeros((2, SIDE, SIDE))]).astype(np.float32)


@pytest.fixture
def film(films: Films) -> Path:
    return films(film_of, ".mkv")


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    """The patches mirrored, the disc red and the ground green."""
    light = patches(0)[:, ::-1].astype(np.float32)
    is_disc = (light == 230)[..., None]
    tint = np.where(is_disc, np.array([30, -20, -20]), np.array([-25, 12, -25]))
    path = tmp_path / "photo.png"
    path.write_bytes(png((light[..., None] + tint).clip(0, 255).astype(np.uint8)))
    return path


def test_places_take_the_colours_of_those_that_look_like_them() -> None:
    light = patches(0)
    colours = np.dstack([np.where(light == 230, 50, -30)] * 2).astype(np.float32)
    brought, trust = Likeness(light, colours).brought(np.ascontiguousarray(light[:, ::-1]))
    assert brought[56:72, 80:96].mean() > 40
    assert brought[:24].mean() < -20
    assert trust[56:72, 80:96].mean() > 0.8


def test_anchors_take_the_colours_of_a_reference_before_they_agree(
    film: Path, settings: Settings, photograph: Path
) -> None:
    opened, with_it = probe(film), replace(settings, references=(Reference(photograph),))
    given = given_for(opened, with_it, choose_network(film, with_it))
    anchors = given(AnchorBatch((0,), (0,), cv2.resize(patches(0), (64, 64), interpolation=cv2.INTER_AREA)[None]))
    (layer,) = anchors.references
    assert layer is not None
    assert layer.ab[30:34, 16:24, 0].mean() > 10
    assert layer.ab[:10, :, 0].mean() < -10
    ab = np.zeros((1, 64, 64, 2), np.float32)
    (anchor,) = single_anchors([AbBatch(anchors, ab)])
    assert np.abs(anchor.ab - layer.ab * layer.share[..., None]).max() < 1e-4


def test_how_much_was_found_is_said_before_the_run(
    film: Path, settings: Settings, photograph: Path, tmp_path: Path
) -> None:
    alike = prepare(film, None, replace(settings, references=(Reference(photograph),))).ways.notes
    assert any("photo.png gives colours to" in note for note in alike)
    plain = tmp_path / "plain.png"
    slope = np.broadcast_to(2 * np.arange(SIDE)[None, :, None], (SIDE, SIDE, 3))
    plain.write_bytes(png(slope.astype(np.uint8)))
    where = (Range(Fraction(0), Fraction(1, 12)),)
    none = prepare(film, None, replace(settings, references=(Reference(plain, where),))).ways.notes
    assert any("plain.png has nothing like the film's pictures: it changes no colour" in note for note in none)


def test_reference_holds_in_its_ranges_and_is_in_the_identity_there(
    film: Path, settings: Settings, photograph: Path
) -> None:
    opened = probe(film)
    with_it = replace(settings, references=(Reference(photograph, (Range(Fraction(0), Fraction(1, 12)),)),))
    given = given_for(opened, with_it, choose_network(film, with_it))
    size = np.zeros((2, 64, 64), np.uint8)
    first, second = given(AnchorBatch((0, opened.pts(Fraction(1, 10))), (0, 0), size)).references
    assert (first is None, second is None) == (False, True)
    assert given.digest(0, 10)
    assert not given.digest(opened.pts(Fraction(1, 10)), None)


def test_a_shot_with_a_still_may_be_a_reference_and_one_without_is_refused(
    film: Path, settings: Settings, photograph: Path
) -> None:
    still = Still(photograph, Fraction(0))
    own = (Reference(When("shot 1")),)
    ready = prepare(film, None, replace(settings, stills=(still,), references=own)).settings
    assert ready.references[0].source == photograph
    with pytest.raises(SettingsError, match="the reference shot 1 has no still; give it one with --still"):
        prepare(film, None, replace(settings, references=own))


@pytest.mark.slow
def test_a_look_at_the_film_says_what_was_found_too(
    film: Path, photograph: Path, small: list[str], tmp_path: Path
) -> None:
    words = ["still", str(film), "--at", "0", "--reference", str(photograph), "-o", str(tmp_path / "a.png"), *small]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert result.output.count("note: photo.png gives colours to") == 1


def test_missing_reference_is_refused_in_one_line(film: Path) -> None:
    result = CliRunner().invoke(main, [str(film), "--reference", "nowhere.jpg", "--device", "cpu"])
    assert result.exit_code == 2
    assert "'--reference': File 'nowhere.jpg' does not exist." in result.stderr


def test_anchors_without_references_stay_as_they_were_painted() -> None:
    def batches() -> Iterable[AbBatch]:
        yield AbBatch(AnchorBatch((0,), (0,), np.zeros((1, 4, 4), np.uint8), references=(None,)), ab)

    ab = np.ones((1, 4, 4, 2), np.float32)
    (anchor,) = single_anchors(batches())
    assert np.array_equal(anchor.ab, ab[0])
    half = Layer(np.full((2, 2, 2), 3, np.float32), np.full((2, 2), 0.5, np.float32))
    (mixed,) = single_anchors([AbBatch(AnchorBatch((0,), (0,), np.zeros((1, 4, 4), np.uint8), references=(half,)), ab)])
    assert np.allclose(mixed.ab, 2)


def test_all_that_is_given_travels_to_other_processes(film: Path, settings: Settings, photograph: Path) -> None:
    opened = probe(film)
    with_it = replace(settings, stills=(Still(photograph, Fraction(0)),), references=(Reference(photograph),))
    given = given_for(opened, with_it, choose_network(film, with_it))
    anchors = AnchorBatch((0,), (0,), cv2.resize(patches(0), (64, 64), interpolation=cv2.INTER_AREA)[None])
    one, other = (each(anchors) for each in (given, pickle.loads(pickle.dumps(given))))
    for name in ("layers", "references"):
        here, there = getattr(one, name)[0], getattr(other, name)[0]
        assert np.array_equal(here.ab, there.ab)
        assert np.array_equal(here.share, there.share)
    assert given.digest(None, None) == pickle.loads(pickle.dumps(given)).digest(None, None)


def test_places_that_look_alike_and_differ_in_colour_are_trusted_less() -> None:
    half = cv2.resize(np.random.default_rng(3).integers(30, 220, (16, 16), np.uint8), (64, 64))
    light = np.hstack([half, half])
    share = np.ones((64, 128), np.float32)
    trusts = []
    for right in (40, -40):
        ab = np.full((64, 128, 2), 40, np.float32)
        ab[:, 64:] = right
        trusts.append(Likeness(light, with_share(ab, share)).brought(light)[1].mean())
    assert trusts[1] < 0.8 * trusts[0]
