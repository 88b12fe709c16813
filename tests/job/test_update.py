"""A changed look renders the segments that it touches, and the result has the bytes of a whole run."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from models.compact.network import Compact, CompactConfig
from models.weights.files import save_network
from pipelines.look import LookValues
from pipelines.settings import Hint, Settings
from restore.api import restore_film
from restore.reporting import Reporter
from restore.show.events import Event, Note
from tests.job.test_ways import looked
from tests.made import clips
from tests.made.resumed import near, work_folder
from tests.made.runs import Films

NEUTRAL = LookValues(neutral=True)
pytestmark = pytest.mark.slow


@pytest.fixture
def film(films: Films) -> Path:
    """Eight shots of half a second, a segment each."""
    return films(clips.with_cuts, ".mp4", shots=8)


def entries(out: Path) -> dict[str, str]:
    """The entries of finished segments by their names."""
    return {path.name: path.read_text() for path in sorted(work_folder(out).glob("[0-9]*.json"))}


def written(out: Path) -> dict[str, int]:
    return {path.stem: path.stat().st_mtime_ns for path in work_folder(out).glob("*.segment")}


def changed(before: dict[str, int], out: Path) -> list[int]:
    """Numbers of the segments that have been written since."""
    return sorted(int(name) for name, time in written(out).items() if before.get(name) != time)


def test_only_changed_segments_are_rendered_and_the_bytes_are_those_of_a_whole_run(
    film: Path, settings: Settings, tmp_path: Path
) -> None:
    plain, out = near(settings), tmp_path / "out.mp4"
    restore_film(film, out, plain, keep_work=True)
    assert not any("about" in entry for entry in entries(out).values())
    before, first = written(out), out.read_bytes()
    look = looked(plain, ("shot 3", NEUTRAL), ("f62-f66", LookValues(sharpen=0.3)))
    restore_film(film, out, look, update=True)
    assert changed(before, out) == [2, 5]
    assert out.read_bytes() == restore_film(film, tmp_path / "whole.mp4", look).read_bytes() != first
    restore_film(film, out, plain, update=True)
    assert out.read_bytes() == first


def test_one_shot_is_rendered_and_others_are_taken_as_they_are(film: Path, settings: Settings, tmp_path: Path) -> None:
    plain, out = near(settings), tmp_path / "out.mp4"
    restore_film(film, out, plain, keep_work=True)
    before = written(out)
    restore_film(film, out, looked(plain, ("shot 3-4", NEUTRAL)), update=True, only_shot=4)
    assert changed(before, out) == [3]
    alone = restore_film(film, tmp_path / "alone.mp4", looked(plain, ("shot 4", NEUTRAL)))
    assert out.read_bytes() == alone.read_bytes()


def test_a_hint_is_in_the_identity_of_the_segments_that_it_reaches(
    film: Path, settings: Settings, tmp_path: Path
) -> None:
    network = tmp_path / "hinted.safetensors"
    save_network(Compact(CompactConfig(widths=(32, 24, 16, 16), hints=True)), network, {})
    plain, out = near(replace(settings, paint=replace(settings.paint, network=str(network)))), tmp_path / "out.mp4"
    restore_film(film, out, plain, keep_work=True)
    before = written(out)
    hinted = replace(plain, hints=(Hint(Fraction(15, 4), 20, 20, (60.0, 30.0)),))
    restore_film(film, out, hinted, update=True)
    assert 7 in changed(before, out)
    assert not {0, 1, 2} & set(changed(before, out))
    assert out.read_bytes() == restore_film(film, tmp_path / "whole.mp4", hinted).read_bytes()


def test_a_run_that_finds_nothing_kept_says_so_and_renders_all(film: Path, settings: Settings, tmp_path: Path) -> None:
    notes, out = list[str](), tmp_path / "out.mp4"

    def hear(event: Event) -> None:
        notes.extend([event.text] if isinstance(event, Note) else [])

    restore_film(film, out, near(settings), update=True, reporter=Reporter(hear))
    assert "no segments were kept by an earlier run: all are rendered, and the next --update finds them" in notes
    assert "its segments stay in out.mp4.restore, for --update" in notes
    assert out.exists()
