"""A run that was killed goes on where it was, and ends with the bytes of one that was not."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pipelines.settings import Settings
from restore.api import restore_film
from tests.made.resumed import (
    FRAMES,
    SEGMENTS,
    Heard,
    assert_whole,
    done,
    four_seconds,
    near,
    run_and_kill,
    work_folder,
)
from tests.made.runs import Films, restore_heard


@pytest.fixture
def film(films: Films) -> Path:
    return films(four_seconds, ".mp4")


def segment_files(out: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of writing of each finished segment."""
    found = ((path.name, path.stat()) for path in work_folder(out).glob("*.segment"))
    return {name: (about.st_ino, about.st_mtime_ns) for name, about in found}


@pytest.mark.slow
def test_a_run_killed_three_times_ends_with_the_same_bytes(
    films: Films, film: Path, settings: Settings, tmp_path: Path
) -> None:
    chosen = near(settings)
    out, moments = tmp_path / "out.mp4", random.Random(1)
    kept: dict[str, tuple[int, int]] = {}
    for segments in (1, 3, 5):
        finished = run_and_kill(film, out, chosen, segments, moments.uniform(0, 0.1))
        assert segments <= finished < SEGMENTS
        assert kept.items() <= segment_files(out).items()  # none was written again
        kept = segment_files(out)
        assert not out.exists()
    heard = Heard()
    restore_heard(film, out, chosen, listener=heard.listener)
    assert heard.resumed == finished * [FRAMES]
    assert len(heard.frames) == (SEGMENTS - finished) * FRAMES
    assert heard.notes == []
    assert_whole(out, films.restored(film, chosen, ".mp4"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_run_killed_ten_times_ends_with_the_same_bytes(
    films: Films, film: Path, lossless: Settings, tmp_path: Path, seed: int
) -> None:
    chosen = near(lossless)
    out, moments = tmp_path / "out.mp4", random.Random(seed)
    for kill in range(10):
        run_and_kill(film, out, chosen, min(done(out) + kill % 2, SEGMENTS - 2), moments.uniform(0, 0.15))
    restore_film(film, out, chosen)
    assert_whole(out, films.restored(film, chosen, ".mp4"))


@pytest.mark.slow
def test_a_run_killed_before_its_first_segment_is_done_starts_over(
    films: Films, film: Path, lossless: Settings, tmp_path: Path
) -> None:
    chosen = near(lossless)
    out = tmp_path / "out.mp4"
    for seconds in (0.0, 0.5, 1.0, 1.5):
        run_and_kill(film, out, chosen, 0, seconds)
    restore_film(film, out, chosen)
    assert_whole(out, films.restored(film, chosen, ".mp4"))
