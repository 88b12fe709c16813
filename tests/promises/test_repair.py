"""A mended film: damage is gone, and outside the mask no sample differs from the film's own."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from pipelines.film import restore
from pipelines.job.job import prepare
from pipelines.repair_settings import RepairSettings
from pipelines.settings import EncodeSettings, Settings
from tests.made import damaged
from tests.made.mended import DUST, alone, in_frames
from tests.made.readers import true_chromas, true_lumas


def lumas(path: Path) -> np.ndarray:
    return np.stack([luma for _, luma in true_lumas(path)])


def mended(film: Path, out: Path, settings: Settings) -> Any:
    return restore(prepare(film, out, settings))


def worst(path: Path, clean: Path) -> np.ndarray:
    """The largest error of each frame, as a share of the largest of all that a film can have."""
    one, other = lumas(path).astype(int), lumas(clean).astype(int)
    return np.abs(one - other).max(axis=(1, 2)) / other.max()


@pytest.mark.parametrize(
    ("pix_fmt", "encode"),
    [
        ("yuv420p", EncodeSettings("ffv1")),
        pytest.param("yuv420p10le", EncodeSettings("ffv1"), marks=pytest.mark.slow),
        pytest.param("yuv420p", EncodeSettings("h264", crf=0), marks=pytest.mark.slow),
        pytest.param("gray12le", EncodeSettings("ffv1"), marks=pytest.mark.slow),
    ],
)
def test_outside_the_mask_every_sample_is_the_films_own(
    tmp_path: Path, lossless: Settings, pix_fmt: str, encode: EncodeSettings
) -> None:
    film, clean = (damaged.dusty(tmp_path / f"{n}.mkv", is_clean=bool(n), pix_fmt=pix_fmt) for n in (0, 1))
    mask_out, out = tmp_path / "mask.mkv", tmp_path / "out.mkv"
    result = mended(film, out, alone(lossless, replace(DUST, mask_out=mask_out), encode=encode))
    before, after, mask = lumas(film), lumas(out), lumas(mask_out)
    assert set(np.unique(mask)) == {0, 160, 255}
    assert np.array_equal(before[mask == 0], after[mask == 0])
    assert np.mean(worst(film, clean) > 0.3) > 0.8
    assert np.mean(worst(out, clean) > 0.3) < 0.4
    assert sum(each["dark"] + each["bright"] for each in result.repairs) > 1.6 * len(before)
    assert [each["start"] for each in result.repairs] == [0, round(damaged.SHOT / 24, 3)]


@pytest.mark.slow
def test_the_colour_of_a_run_sees_the_mended_luma(tmp_path: Path, lossless: Settings) -> None:
    film, clean = (damaged.dusty(tmp_path / f"{n}.mkv", is_clean=bool(n)) for n in (0, 1))
    black_and_white, coloured, mask = (tmp_path / f"{name}.mkv" for name in ("gray", "coloured", "mask"))
    mended(film, black_and_white, alone(lossless, DUST))
    mended(film, coloured, replace(lossless, repair=replace(DUST, mask_out=mask)))
    assert np.array_equal(lumas(coloured), lumas(black_and_white))
    assert all(np.all(plane == 128) for planes in true_chromas(black_and_white) for plane in planes)
    assert lumas(mask).any()
    as_clean, as_dirty = (tmp_path / f"{name}.mkv" for name in ("clean", "dirty"))
    mended(clean, as_clean, lossless)
    mended(film, as_dirty, lossless)
    now, was = (_difference(as_clean, each) for each in (coloured, as_dirty))
    assert now < 0.75 * was


def _difference(one: Path, other: Path) -> float:
    """Mean difference of chroma."""
    pairs = zip(true_chromas(one), true_chromas(other), strict=True)
    return float(np.mean([np.abs(a.astype(int) - b).mean() for pair in pairs for a, b in zip(*pair, strict=True)]))


@pytest.mark.slow
@examples(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    frames=st.integers(5, 23),
    repeats=st.sampled_from([(1,), (2, 3), (2,), (1, 1, 2), (1, 1, 1, 9)]),
    repair=st.sampled_from(["dust", "flicker:1,dust:5", "weave:1", "weave-fine:1,flicker:1", "flicker-local,dust"]),
)
def test_segments_give_the_bytes_of_one_pass(
    tmp_path: Path, lossless: Settings, frames: int, repeats: tuple[int, ...], repair: str
) -> None:
    film = damaged.worn(tmp_path / f"{repeats}.mkv", 24 // min(2, max(repeats)), repeats=repeats)
    mask_out = tmp_path / "mask.mkv" if "dust" in repair else None
    settings = alone(lossless, RepairSettings(mask_out=mask_out).with_strengths(repair))
    whole, parts = tmp_path / "whole.mkv", tmp_path / "parts.mkv"
    one = restore(prepare(film, whole, settings, overwrite=True))
    mask = mask_out.read_bytes() if mask_out else b""
    other = restore(prepare(film, parts, in_frames(settings, frames), overwrite=True))
    assert parts.read_bytes() == whole.read_bytes()
    assert (mask_out.read_bytes() if mask_out else b"") == mask
    assert _figures(other) == _figures(one)


def _figures(result: Any) -> Any:
    """What was mended, by shot."""
    return [{name: value for name, value in each.items() if name != "pixels"} for each in result.repairs]


@pytest.mark.slow
def test_interlaced_film_is_mended_field_by_field(tmp_path: Path, lossless: Settings) -> None:
    film, clean = (damaged.woven(tmp_path / f"{n}.mkv", is_clean=bool(n)) for n in (0, 1))
    out, mask = tmp_path / "out.mkv", tmp_path / "mask.mkv"
    mended(film, out, alone(lossless, replace(DUST, mask_out=mask)))
    assert np.array_equal(lumas(film)[lumas(mask) == 0], lumas(out)[lumas(mask) == 0])
    for first in (0, 1):
        was, now, right = (lumas(each)[:, first::2].astype(int) for each in (film, out, clean))
        assert np.abs(now - right).sum() < np.abs(was - right).sum() / 2


@pytest.mark.slow
def test_twins_are_mended_alike(tmp_path: Path, lossless: Settings) -> None:
    film = damaged.dusty(tmp_path / "film.mkv", 12, repeats=(2, 3))
    mended(film, tmp_path / "out.mkv", alone(lossless, DUST))
    before, after = lumas(film), lumas(tmp_path / "out.mkv")
    assert not np.array_equal(before, after)
    twins = [n for n in range(1, len(before)) if np.array_equal(before[n], before[n - 1])]
    assert len(twins) == 18
    assert all(np.array_equal(after[n], after[n - 1]) for n in twins)


@pytest.mark.slow
def test_a_mask_that_was_written_mends_alike_when_it_is_read(tmp_path: Path, lossless: Settings) -> None:
    film, mask = damaged.dusty(tmp_path / "film.mkv", damaged.SHOT), tmp_path / "mask.mkv"
    mended(film, tmp_path / "out.mkv", alone(lossless, replace(DUST, mask_out=mask)))
    again = RepairSettings(mask_in=mask)
    mended(film, tmp_path / "again.mkv", in_frames(alone(lossless, again), 7))
    assert np.array_equal(lumas(tmp_path / "again.mkv"), lumas(tmp_path / "out.mkv"))
    mended(film, tmp_path / "part.mkv", alone(lossless, again, start=Fraction(1, 5), end=Fraction(9, 25)))
    assert np.array_equal(lumas(tmp_path / "part.mkv"), lumas(tmp_path / "out.mkv")[5:9])


def test_a_protected_rectangle_and_a_polarity_are_heeded(tmp_path: Path, lossless: Settings) -> None:
    film = damaged.dusty(tmp_path / "film.mkv", damaged.SHOT)
    half = (0, 0, damaged.WIDTH // 2, damaged.HEIGHT)
    mended(film, tmp_path / "out.mkv", alone(lossless, replace(DUST, protect=(half,), polarity="dark")))
    before, after = lumas(film).astype(int), lumas(tmp_path / "out.mkv").astype(int)
    assert np.array_equal(after[..., : half[2]], before[..., : half[2]])
    assert (after - before).max() > 40
    assert (after - before).min() > -40


@pytest.mark.slow
@pytest.mark.parametrize("repair", ["flicker:5", "flicker-local"])
def test_light_that_breathes_is_evened(tmp_path: Path, lossless: Settings, repair: str) -> None:
    film = damaged.worn(tmp_path / "film.mkv", damaged.SHOT, is_clean=True, gate=0)
    result = mended(film, tmp_path / "out.mkv", alone(lossless, RepairSettings().with_strengths(repair)))
    before, after = (lumas(path).mean(axis=(1, 2)) for path in (film, tmp_path / "out.mkv"))
    assert np.abs(np.diff(after)).mean() < np.abs(np.diff(before)).mean() / 2
    (shot,) = result.repairs
    assert shot["touched"] > damaged.SHOT / 2
    assert shot["light"] == pytest.approx(np.abs(after - before).max(), abs=0.01)
    assert any("light moved by up to" in note for note in result.notes)


@pytest.mark.slow
@pytest.mark.parametrize("repair", ["weave:5", "weave-fine:5"])
def test_a_gate_that_weaves_is_steadied(tmp_path: Path, lossless: Settings, repair: str) -> None:
    film = damaged.worn(tmp_path / "film.mkv", damaged.SHOT, is_clean=True, light=0)
    result = mended(film, tmp_path / "out.mkv", alone(lossless, RepairSettings().with_strengths(repair)))
    before, after = (lumas(path)[:, 16:-16, 16:-16].astype(int) for path in (film, tmp_path / "out.mkv"))
    assert np.abs(np.diff(after, axis=0)).mean() < 0.8 * np.abs(np.diff(before, axis=0)).mean()
    assert result.repairs[0]["shift"] > 1
    assert any("the picture by up to" in note for note in result.notes)


@pytest.mark.slow
def test_a_mask_is_written_where_dust_was_before_its_frame_was_moved(tmp_path: Path, lossless: Settings) -> None:
    film, mask_out = damaged.worn(tmp_path / "film.mkv", damaged.SHOT, light=0), tmp_path / "mask.mkv"
    chosen = RepairSettings(mask_out=mask_out).with_strengths("weave:5,dust")
    mended(film, tmp_path / "out.mkv", alone(lossless, chosen))
    mended(film, tmp_path / "plain.mkv", alone(lossless, replace(DUST, mask_out=tmp_path / "plain mask.mkv")))
    moved, plain = (lumas(each) > 0 for each in (mask_out, tmp_path / "plain mask.mkv"))
    assert (moved & plain).sum() > 0.75 * moved.sum() > 0.2 * plain.sum(), (moved.sum(), plain.sum())


@pytest.mark.slow
def test_scratches_are_taken_off_and_nothing_else(tmp_path: Path, lossless: Settings) -> None:
    film, clean, mask_out = damaged.scratched(tmp_path / "film.mkv"), tmp_path / "clean.mkv", tmp_path / "mask.mkv"
    damaged.dusty(clean, damaged.SHOT, is_clean=True)
    chosen = RepairSettings(scratches=3, mask_out=mask_out)
    result = mended(film, tmp_path / "out.mkv", alone(lossless, chosen))
    mended(film, tmp_path / "parts.mkv", in_frames(alone(lossless, RepairSettings(scratches=3)), 5))
    before, after, right, mask = (lumas(path).astype(int) for path in (film, tmp_path / "out.mkv", clean, mask_out))
    assert np.array_equal(before[mask == 0], after[mask == 0])
    assert np.array_equal(lumas(tmp_path / "parts.mkv"), after)
    inner = slice(3, -3)
    assert np.abs(after - right)[inner].sum() < np.abs(before - right)[inner].sum() / 2
    assert result.repairs[0]["lines"] > damaged.SHOT
