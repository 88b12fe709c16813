"""Results as bags."""

from __future__ import annotations

import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import bagit
import pytest

from pipelines.archive.packages import TAGS, Packaging, close_package, open_package
from pipelines.archive.records import Asked, Done, Records
from pipelines.archive.results import Look, Stills
from pipelines.archive.storage import open_store
from pipelines.errors import SettingsError
from pipelines.settings import EncodeSettings, ScanSettings, Settings
from restore.api import plan_archive, restore_archive
from tests.made.archives import small
from tests.made.runs import Films
from tests.made.scans import drawn, scans

BAG = Packaging(bag=True)
LOOK = Look(2, "", 64, 48, 24, (), (), 12.0, Stills("", ""))


def add(out: Path, result: str) -> Done:
    """A result of two bytes with its record and the file beside it, as a run leaves them."""
    path = out / result
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"ab")
    path.with_suffix(".json").write_text("{}")
    done = Done(Asked("reels/a.mp4", f"{path.stem}.mp4", 5, "1", "", {}), result, 1.0, 2.0, (), (), "cpu", LOOK)
    Records(open_store(str(out))).save(done)
    return done


def bag(out: Path, is_changed: bool) -> bagit.Bag:
    """OUT as a bag that has been checked, file by file."""
    store = open_store(str(out))
    open_package(store, BAG, is_changed)
    close_package(store, BAG)
    made = bagit.Bag(str(out))
    made.validate()
    return made


def test_results_are_the_payload_and_their_records_lie_apart(tmp_path: Path) -> None:
    add(tmp_path, "data/b/a.restored.mkv")
    (tmp_path / "report.html").write_text("a report")
    made = bag(tmp_path, True)
    assert set(made.payload_entries()) == {"data/b/a.restored.mkv"}
    assert (tmp_path / "metadata" / "b" / "a.restored.json").exists()
    assert not (tmp_path / "data" / "b" / "a.restored.json").exists()
    assert {"report.html", "metadata/b/a.restored.json", "bag-info.txt"} <= set(made.tagfile_entries())
    assert made.info["Payload-Oxum"] == "2.1"
    shutil.rmtree(tmp_path / ".restore")  # which a delivery leaves out
    bagit.Bag(str(tmp_path)).validate()


def test_results_of_earlier_runs_move_into_the_payload(tmp_path: Path) -> None:
    add(tmp_path, "a.restored.mkv")
    made = bag(tmp_path, False)
    assert set(made.payload_entries()) == {"data/a.restored.mkv"}
    (record,) = Records(open_store(str(tmp_path))).load()
    assert isinstance(record, Done)
    assert record.out == "data/a.restored.mkv"
    assert (tmp_path / "metadata" / "a.restored.json").exists()


def test_a_bag_is_none_while_a_run_changes_it_and_one_again_after_it(tmp_path: Path) -> None:
    add(tmp_path, "data/a.restored.mkv")
    bag(tmp_path, True)
    store = open_store(str(tmp_path))
    open_package(store, Packaging(), is_changed=True)  # what is a bag stays one
    assert not (tmp_path / TAGS).exists()
    add(tmp_path, "data/b.restored.mkv")
    (tmp_path / "data" / "c.restored.mkv.restore").mkdir()  # of a film that failed
    (tmp_path / "data" / "c.restored.mkv.restore" / "00000.mp4").write_bytes(b"c")
    close_package(store, Packaging())
    made = bagit.Bag(str(tmp_path))
    made.validate()
    assert set(made.payload_entries()) == {"data/a.restored.mkv", "data/b.restored.mkv"}


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    add(tmp_path, "data/a.restored.mkv")
    bag(tmp_path, True)
    (tmp_path / "data" / "a.restored.mkv").write_bytes(b"ax")
    with pytest.raises(bagit.BagValidationError, match=r"a\.restored\.mkv"):
        bagit.Bag(str(tmp_path)).validate()
    with pytest.raises(bagit.BagValidationError):  # and not forgiven by a run with nothing to do
        bag(tmp_path, False)


def test_what_no_bag_can_be_is_refused(films: Films, settings: Settings, tmp_path: Path) -> None:
    film = films(small, ".mp4")
    with pytest.raises(SettingsError, match="--bag: needs OUT on this machine"):
        plan_archive([film], "memory://out", settings, packaging=BAG)
    with pytest.raises(SettingsError, match="--bag: is for films that are all there"):
        restore_archive([film], tmp_path / "out", settings, packaging=BAG, watch=True)
    with pytest.raises(SettingsError, match="--checksum: is not for a bag"):
        restore_archive([film], tmp_path / "out", replace(settings, checksum="md5"), packaging=BAG)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_run_makes_a_bag_with_premis_and_goes_on_with_it(settings: Settings, tmp_path: Path) -> None:
    source, out, both = tmp_path / "reels", tmp_path / "out", Packaging(bag=True, premis=True)
    keeping = replace(settings, encode=EncodeSettings("keep"), scans=ScanSettings(Fraction(18)))
    (source / "b").mkdir(parents=True)
    small(source / "b" / "a.mp4")
    records = restore_archive([source], out, keeping, packaging=both)
    assert [record.out for record in records if isinstance(record, Done)] == ["data/b/a.restored.mp4"]
    scans(source / "1912", drawn(10))
    restore_archive([source], out, keeping, packaging=both)
    made = bagit.Bag(str(out))
    made.validate()
    assert {path.split("/")[1] for path in made.payload_entries()} == {"b", "1912.restored"}
    for name in ("b/a.restored", "1912.restored"):
        for suffix in (".json", ".framemd5", ".premis.xml"):
            assert (out / "metadata" / f"{name}{suffix}").exists()
    assert plan_archive([source], out, keeping, packaging=both)[0].todo == ()
