"""Runs that mend: stopped and gone on with, in an archive, and refused in one line."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.errors import FilmError
from pipelines.film import restore
from pipelines.job.job import prepare
from pipelines.repair_settings import RepairSettings, RepairSpan
from pipelines.settings import Settings
from restore.api import restore_archive
from restore.cli import main
from tests.made import clips, damaged
from tests.made.archives import lines
from tests.made.mended import DUST, alone, in_frames
from tests.made.readers import true_lumas
from tests.made.resumed import Heard, run_and_kill
from tests.made.runs import restore_heard


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return damaged.dusty(tmp_path_factory.mktemp("film") / "film.mkv")


@pytest.mark.slow
def test_a_run_that_was_killed_ends_with_the_same_film_and_mask(film: Path, lossless: Settings, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    chosen = in_frames(alone(lossless, replace(DUST, mask_out=here / "mask.mkv")), 4)
    restore(prepare(film, here / "out.mkv", chosen))
    again = replace(chosen, repair=replace(DUST, mask_out=there / "mask.mkv"))
    finished = run_and_kill(film, there / "out.mkv", again, 2)
    assert not (there / "mask.mkv").exists()
    heard = Heard()
    restore_heard(film, there / "out.mkv", again, listener=heard.listener)
    assert len(heard.resumed) == finished
    assert (there / "out.mkv").read_bytes() == (here / "out.mkv").read_bytes()
    assert (there / "mask.mkv").read_bytes() == (here / "mask.mkv").read_bytes()
    assert sorted(path.name for path in there.iterdir()) == ["mask.mkv", "out.mkv"]


@pytest.mark.ray
@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # Ray's own
def test_segments_on_ray_give_the_bytes_of_one_pass(film: Path, lossless: Settings, tmp_path: Path) -> None:
    from pipelines.on_ray.cluster import cluster
    from pipelines.on_ray.films import open_pool, restore_on_ray

    chosen = alone(lossless, replace(DUST, mask_out=tmp_path / "mask.mkv"))
    result = restore(prepare(film, tmp_path / "here.mkv", chosen))
    mask = (tmp_path / "mask.mkv").read_bytes()
    job = prepare(film, tmp_path / "there.mkv", in_frames(chosen, 9), overwrite=True)
    with cluster(""):
        there = restore_on_ray(job, None, open_pool(workers=1))
    assert (tmp_path / "there.mkv").read_bytes() == (tmp_path / "here.mkv").read_bytes()
    assert (tmp_path / "mask.mkv").read_bytes() == mask
    assert [each["dark"] for each in there.repairs] == [each["dark"] for each in result.repairs]


def test_a_stretch_with_repairs_of_its_own_is_mended_alone(film: Path, lossless: Settings, tmp_path: Path) -> None:
    span = RepairSpan(Fraction(1, 5), Fraction(3, 10), DUST)
    chosen = alone(lossless, RepairSettings(), repairs=(span,))
    result = restore(prepare(film, tmp_path / "out.mkv", chosen))
    pairs = zip(true_lumas(film), true_lumas(tmp_path / "out.mkv"), strict=True)
    touched = [n for n, ((_, was), (_, now)) in enumerate(pairs) if (was != now).any()]
    assert set(touched) <= {5, 6, 7}
    assert len(touched) == sum(each["touched"] for each in result.repairs) > 0


def test_an_archives_report_says_what_was_mended(film: Path, lossless: Settings, tmp_path: Path) -> None:
    restore_archive([film], tmp_path / "out", alone(lossless))
    (row,) = lines(tmp_path / "out")
    assert row["status"] == "done"
    assert [each["shot"] for each in row["repairs"]] == [1, 2]
    assert all(each["touched"] and each["dark"] and 0 < each["pixels"] < 0.02 for each in row["repairs"])
    assert any(warning.startswith("mended ") for warning in row["warnings"])
    assert not any("no colour" in warning for warning in row["warnings"])


def test_the_command_says_what_it_will_do_and_what_it_did(film: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mkv"
    typed = ["film", str(film), "-o", str(out), "--repair", "dust:2", "--no-colour", "--json"]
    result = CliRunner().invoke(main, typed)
    assert result.exit_code == 0, result.output
    events = [json.loads(line) for line in result.stdout.splitlines()]
    start, done = (next(each for each in events if each["event"] == name) for name in ("start", "done"))
    assert start["network"] is None
    assert done["repairs"][0]["frames"] == damaged.SHOT
    assert any(note.startswith("mended ") and "specks" in note for note in done["notes"])


@pytest.mark.parametrize(
    ("repair", "named"),
    [
        (RepairSettings(), "nothing is to be mended"),
        (replace(DUST, mask_out=Path("mask.mp4")), "mask.mkv"),
        (replace(DUST, mask_in=Path("small.mkv")), "is 101x77"),
        (RepairSettings(flicker=3, mask_out=Path("mask.mkv")), "would be empty"),
        (replace(DUST, mask_out=Path("out.mkv")), "--mask-out"),
    ],
)
def test_what_cannot_be_mended_so_is_refused_in_one_line(
    film: Path, lossless: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repair: RepairSettings, named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    clips.odd_size(Path("small.mkv"), codec="ffv1", pix_fmt="gray")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(FilmError, match=named):
        prepare(film, Path("out.mkv"), alone(lossless, repair))
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.slow
def test_auto_measures_the_film_and_says_why(film: Path, lossless: Settings, tmp_path: Path) -> None:
    worn = damaged.worn(tmp_path / "worn.mkv", damaged.SHOT, is_clean=True, gate=0, light=0.2)
    clean = damaged.dusty(tmp_path / "clean.mkv", is_clean=True)
    auto = alone(lossless, RepairSettings(is_auto=True))
    jobs = {path: prepare(path, tmp_path / "out.mkv", auto) for path in (film, worn, clean)}
    found = {path: (job.settings.repair.dust > 0, job.settings.repair.flicker) for path, job in jobs.items()}
    assert found == {film: (True, 0), worn: (False, 3), clean: (False, 0)}
    assert not any(job.settings.repair.is_auto for job in jobs.values())
    notes = " ".join(jobs[film].target.notes)
    assert "mends dust:" in notes
    assert "specks a frame, from 0.4 on" in notes
    assert "no flicker (light jumps by 0." in notes
    named = prepare(film, tmp_path / "out.mkv", alone(lossless, RepairSettings(dust=5, is_auto=True)))
    assert named.settings.repair.dust == 5


def test_weave_of_interlaced_film_is_left_alone_with_a_note(lossless: Settings, tmp_path: Path) -> None:
    film, chosen = damaged.woven(tmp_path / "film.mkv"), alone(lossless, RepairSettings(weave=3, dust=3))
    job = prepare(film, tmp_path / "out.mkv", chosen)
    assert (job.settings.repair.weave, job.settings.repair.dust) == (0, 3)
    assert any("interlaced film is not steadied" in note for note in job.target.notes)
    whole = prepare(film, tmp_path / "out.mkv", replace(chosen, deinterlace=True))
    assert whole.settings.repair.weave == 3
    assert any("each value stays, at another place" in note for note in whole.target.notes)
