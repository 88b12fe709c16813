"""Repair is measured on damage that is drawn, the same for the same seed."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pipelines.evaluate.damage import aged, dusty, flickering, flickering_locally, woven
from pipelines.evaluate.repair import RepairTrial, evaluate_dust
from pipelines.evaluate.repair_light import evaluate_light
from pipelines.media.probe import probe
from tests.made.clips import plain

SCENE = np.random.default_rng(0).integers(60, 190, (30, 40)).astype(np.uint8).repeat(8, axis=0).repeat(8, axis=1)


def test_dust_is_the_same_for_the_same_seed_and_only_where_it_is_drawn() -> None:
    one, again, other = (dusty(SCENE, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one.luma, again.luma)
    assert not np.array_equal(one.luma, other.luma)
    assert 0.0005 < (one.mask > 0).mean() < 0.02
    assert (one.luma[one.mask > 0] != SCENE[one.mask > 0]).all()
    difference = one.luma.astype(int) - SCENE
    assert set(np.unique(one.mask)) == {0, 1, 2}
    assert (difference[one.mask == 1] < 0).mean() > 0.8
    assert (difference[one.mask == 2] > 0).mean() > 0.8


@pytest.mark.parametrize("draw", [aged, flickering, flickering_locally, lambda frames, noise: woven(frames, noise)[1]])
def test_each_damage_keeps_size_and_type_and_repeats(draw: Callable[..., list[np.ndarray]]) -> None:
    drawn, again = (draw([SCENE] * 4, np.random.default_rng(3)) for _ in range(2))
    assert [(each.shape, each.dtype) for each in drawn] == [(SCENE.shape, SCENE.dtype)] * 4
    assert all(np.array_equal(one, other) for one, other in zip(drawn, again, strict=True))
    assert all((each != SCENE).any() for each in drawn)


@pytest.mark.slow
def test_a_film_is_measured(tmp_path: Path) -> None:
    film = probe(plain(tmp_path / "film.mkv", frames=14))
    counted = []
    trial = RepairTrial(seeds=range(2), frames=6)
    dust = evaluate_dust([film, film], Fraction(10), trial, lambda: counted.append(1))
    assert [section.pictures for section in dust.sections] == [8, 8, 16]
    assert len(counted) == 4
    assert 0 <= dust.sections[-1].figures["precision"]["mended"] <= 1
    light = evaluate_light([film], Fraction(10), trial, lambda: None)
    assert light.sections[0].figures["flicker: PSNR"]["mended"] > light.sections[0].figures["flicker: PSNR"]["damaged"]
    with pytest.raises(ValueError, match="no 99 frames without a cut"):
        evaluate_dust([film], Fraction(10), RepairTrial(frames=99), lambda: None)
