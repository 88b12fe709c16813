"""An archive takes folders of scans for films."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from pipelines.archive.inputs import gather
from pipelines.archive.named import ArchiveFilm
from pipelines.archive.records import Done, Failed
from pipelines.archive.storage import open_store
from pipelines.errors import SettingsError
from pipelines.places import size_of
from pipelines.settings import EncodeSettings, ScanSettings, Settings
from restore.api import estimate_archive, plan_archive, restore_archive
from restore.options.manifest import settings_of_row
from tests.made import clips
from tests.made.readers import times
from tests.made.scans import drawn, scans

AT_18 = ScanSettings(Fraction(18))


@pytest.fixture
def reels(tmp_path: Path) -> Path:
    """A film, two folders of scans, one of them with two sequences, and a few stills."""
    folder = tmp_path / "reels"
    scans(folder / "a" / "scans", drawn(10), first=700)
    scans(folder / "b", drawn(10), ".dpx", prefix="left_")
    scans(folder / "b", drawn(11), ".dpx", prefix="right_")
    scans(folder / "stills", drawn(3))
    scans(folder / "done.restored", drawn(10))
    scans(folder / "open.restore" / "00000.segment", drawn(10))
    clips.plain(folder / "film.mp4")
    return folder


def films(*wanted: Path, out: Path, settings: Settings | None = None) -> tuple[ArchiveFilm, ...]:
    chosen = settings or Settings(scans=AT_18)
    named = [str(each) for each in wanted]
    return gather(named, open_store(str(out)), lambda cells, folder: settings_of_row(cells, chosen, folder)).films


def test_sequences_in_folders_are_films(reels: Path, tmp_path: Path) -> None:
    found = {film.place: film for film in films(reels, out=tmp_path / "out")}
    assert set(found) == {"film.mp4", "a/scans", "b/left.dpx", "b/right.dpx"}
    assert found["a/scans"].path == reels / "a" / "scans"
    assert found["b/left.dpx"].path == reels / "b" / "left_%06d.dpx"
    assert found["a/scans"].size == sum(path.stat().st_size for path in (reels / "a" / "scans").iterdir())
    assert found["a/scans"].settings.scans == AT_18
    assert found["film.mp4"].settings.scans == ScanSettings()


def test_a_folder_of_scans_may_be_named_itself(reels: Path, tmp_path: Path) -> None:
    (alone,) = films(reels / "a" / "scans", out=tmp_path / "out")
    assert (alone.place, alone.path) == ("scans", reels / "a" / "scans")
    two = films(reels / "a" / "scans", reels / "b", out=tmp_path / "out")
    assert [film.place for film in two] == ["scans", "b/left.dpx", "b/right.dpx"]
    with pytest.raises(SettingsError, match=r"no film in it; .* at least ten in a folder"):
        films(reels / "stills", out=tmp_path / "out")


def test_a_picture_that_changes_changes_the_film(reels: Path, tmp_path: Path) -> None:
    before = films(reels / "a", out=tmp_path / "out")[0].version
    (reels / "a" / "scans" / "scan_000700.tif").touch()
    assert films(reels / "a", out=tmp_path / "out")[0].version != before


def test_lists_and_manifests_name_scans(reels: Path, tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text("reels/a/scans/\nreels/b/left_%06d.dpx\nreels/film.mp4\n")
    assert [film.place for film in films(listed, out=tmp_path / "out")] == ["a/scans", "b/left_%06d.dpx", "film.mp4"]
    manifest = tmp_path / "list.csv"
    manifest.write_text("film,fps\nreels/a/scans,16\n")
    assert films(manifest, out=tmp_path / "out")[0].settings.scans.fps == 16
    manifest.write_text("film,out\nreels/a/scans,x/f_%06d.tif\n")
    with pytest.raises(SettingsError, match="an archive's results are films"):
        films(manifest, out=tmp_path / "out")


@pytest.mark.slow
def test_an_archive_colours_scans_beside_films(reels: Path, tmp_path: Path, settings: Settings) -> None:
    out, chosen = tmp_path / "out", replace(settings, scans=AT_18)
    planned = estimate_archive([reels], out, chosen)
    assert sorted(extent.seconds for extent in planned.extents) == pytest.approx([10 / 18, 10 / 18, 11 / 18, 1])
    records = {record.asked.place: record for record in restore_archive([reels], out, chosen)}
    assert all(isinstance(record, Done) for record in records.values()), records
    assert len(times(out / "a" / "scans.restored.mp4")) == 10
    assert (out / "b" / "left.restored.mp4").exists()
    scanned = records["a/scans"]
    assert isinstance(scanned, Done)
    assert scanned.look.colourfulness > 0
    assert scanned.look.stills.before


@pytest.mark.slow
def test_scans_without_a_rate_fail_alone(reels: Path, tmp_path: Path, settings: Settings) -> None:
    records = {record.asked.place: record for record in restore_archive([reels], tmp_path / "out", settings)}
    failed = records["a/scans"]
    assert isinstance(failed, Failed)
    assert "do not say how many are shown in a second" in failed.what
    assert isinstance(records["film.mp4"], Done)


@pytest.mark.slow
def test_a_folder_of_scans_gives_one_where_the_codec_follows_the_film(settings: Settings, tmp_path: Path) -> None:
    source, out = scans(tmp_path / "reels" / "1912", drawn(10)), tmp_path / "out"
    keeping = replace(settings, scans=AT_18, encode=EncodeSettings("keep"))
    (foretold,) = estimate_archive([source.parent], out, keeping).extents
    assert (foretold.out, foretold.written) == ("1912.restored", "tiff pictures of 16 bits")
    (record,) = restore_archive([source.parent], out, keeping)
    assert isinstance(record, Done)
    assert sorted(path.name for path in (out / record.out).iterdir()) == sorted(path.name for path in source.iterdir())
    assert (record.out, record.look.frames, record.look.bytes) == ("1912.restored", 10, size_of(out / record.out))
    assert record.look.colourfulness > 5
    assert plan_archive([source.parent], out, keeping)[0].done == (record,)
    (out / record.out / "scan_000004.tif").unlink()
    assert len(plan_archive([source.parent], out, keeping)[0].todo) == 1
