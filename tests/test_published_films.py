"""Whole films through the published networks, with weights by rule: the colours mean nothing, the way is tried."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import clips
import numpy as np
import pytest
from numpy.typing import NDArray
from published import save_by_rule
from readers import true_chromas
from runs import Films

from pipelines.settings import Hint, PaintSettings, Settings
from restore.api import restore_film


def chroma_of(film: Path) -> NDArray[np.int16]:
    """(N, 2, h, w), Cb and Cr of every frame."""
    return np.array(true_chromas(film), np.int16)


@pytest.fixture
def settings_of(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Small pictures, and weights in a folder of one's own."""
    monkeypatch.setattr("models.paint.SIDE", 64)
    return replace(settings, paint=PaintSettings(weights_dir=tmp_path, rows=64, device="cpu", batch=1))


def test_film_is_coloured_with_the_hints_that_a_person_gives(
    films: Films, settings_of: Settings, tmp_path: Path
) -> None:
    save_by_rule("siggraph17", tmp_path)
    film = films(clips.plain, ".mp4")
    plain = replace(settings_of, paint=replace(settings_of.paint, network="siggraph17"))
    hint = Hint(Fraction(1, 24), 64, 48, (70.0, -60.0))
    without, with_hint = (
        restore_film(film, tmp_path / f"{name}.mp4", chosen)
        for name, chosen in (("without", plain), ("with", replace(plain, hints=(hint,))))
    )
    change = np.abs(chroma_of(with_hint) - chroma_of(without)).mean(axis=(0, 1))  # (48, 64)
    assert change[20:28, 16:40].mean() > 2 * change.mean() > 0


@pytest.mark.slow
def test_film_is_coloured_by_its_instances(films: Films, settings_of: Settings, tmp_path: Path) -> None:
    save_by_rule("instcolor", tmp_path)
    film = films(clips.plain, ".mp4")
    some, none = (
        replace(settings_of, paint=replace(settings_of.paint, network="instcolor", instances=count, least_score=0.001))
        for count in (3, 0)
    )
    with_instances, without = (
        restore_film(film, tmp_path / f"{name}.mp4", chosen) for name, chosen in (("some", some), ("none", none))
    )
    assert np.abs(chroma_of(with_instances) - chroma_of(without)).max() > 4
