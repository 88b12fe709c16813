"""RealMedia and NSV cut short are done as far as they go, and in parts; NSV that is whole is done whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import DamagedError
from pipelines.film import restore
from pipelines.job.job import prepare
from pipelines.settings import Settings
from restore.api import restore_film
from tests.made import cut_readers
from tests.made.handmade import decoded
from tests.made.readers import packets, times, true_lumas

slow = pytest.mark.slow
each = pytest.mark.parametrize(
    ("draw", "ending", "seconds"),
    [
        pytest.param(cut_readers.real_media, ".rm", Fraction(4), marks=slow),
        (cut_readers.nsv, ".nsv", Fraction(2)),
    ],
)
Draw = Callable[[Path, float], Path]
CUT = 2 / 3


def test_nsv_is_read_to_its_end(tmp_path: Path) -> None:
    path = cut_readers.nsv(tmp_path / "film.nsv")
    assert [frame.pts for frame in decoded(path)] == list(range(cut_readers.FRAMES))


@each
def test_it_is_done_as_far_as_it_goes(
    lossless: Settings, tmp_path: Path, draw: Draw, ending: str, seconds: Fraction
) -> None:
    film, whole = draw(tmp_path / f"film{ending}", CUT), decoded(draw(tmp_path / f"whole{ending}", 1))
    job = prepare(film, tmp_path / "out.mkv", replace(lossless, skip_damaged=True))
    result = restore(job)
    assert seconds / 2 < result.end < seconds
    lumas = [luma for _, luma in true_lumas(job.out)]
    assert result.frames == len(lumas) > len(whole) / 2
    kept = [number for number, luma in enumerate(lumas) if np.array_equal(luma, whole[number].luma)]
    assert kept[:-1] == list(range(len(kept) - 1))
    assert len(kept) >= len(lumas) - 1  # the last may be half there


@each
def test_parts_before_the_cut_are_done(
    lossless: Settings, tmp_path: Path, draw: Draw, ending: str, seconds: Fraction
) -> None:
    film = draw(tmp_path / f"film{ending}", CUT)
    out = restore_film(film, tmp_path / "out.mkv", replace(lossless, start=seconds / 8, end=seconds / 4))
    frames = decoded(film, skip_damaged=True)
    rate = 25 if ending == ".rm" else cut_readers.RATE
    first = round(rate * seconds / 8 + Fraction(49, 100))
    assert all(np.array_equal(luma, frames[first + at].luma) for at, (_, luma) in enumerate(true_lumas(out)))
    assert len(times(out)) in (int(rate * seconds / 8), int(rate * seconds / 8) + 1)


def test_where_it_cannot_be_read_on_is_told(tmp_path: Path) -> None:
    film = cut_readers.real_media(tmp_path / "film.rm", CUT)
    with pytest.raises(DamagedError, match=r"cannot be read on .* --skip-damaged takes what comes before") as caught:
        decoded(film)
    assert 2 < (caught.value.at or 0) < 3


@slow
def test_sound_ends_with_the_picture(lossless: Settings, tmp_path: Path) -> None:
    film = cut_readers.real_media(tmp_path / "film.rm", CUT)
    out = restore_film(film, tmp_path / "out.mkv", replace(lossless, skip_damaged=True))
    assert len(packets(out, 1)) > 40  # of 1536 samples each, 1.4 s
