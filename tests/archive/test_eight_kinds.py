"""An archive of eight films in eight kinds: foretold, restored, verified, bagged."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import bagit
import pytest

from pipelines.archive.packages import METADATA, PAYLOAD, Packaging
from pipelines.archive.records import Done
from pipelines.settings import EncodeSettings, ScanSettings, Settings
from restore.api import estimate_archive, restore_archive
from restore.verification import verify
from tests.made.kinds import BROKEN, RESULTS, eight_kinds


@pytest.mark.slow
def test_eight_kinds_are_foretold_restored_verified_and_bagged(settings: Settings, tmp_path: Path) -> None:
    source, out, both = eight_kinds(tmp_path / "reels"), tmp_path / "out", Packaging(bag=True, premis=True)
    keeping = replace(settings, encode=EncodeSettings("keep"), scans=ScanSettings(Fraction(18)))
    foretold = {each.task.film.place: each for each in estimate_archive([source], out, keeping, packaging=both).extents}
    assert {place: (each.out, each.written) for place, each in foretold.items() if not each.problem} == {
        place: (PAYLOAD + result, written) for place, (result, written) in RESULTS.items()
    }
    assert "its index is missing" in foretold[BROKEN].problem
    records = restore_archive([source], out, keeping, packaging=both)
    done = {record.asked.place: record for record in records if isinstance(record, Done)}
    assert {place: (record.out, record.written) for place, record in done.items()} == {
        place: (each.out, each.written) for place, each in foretold.items() if not each.problem
    }
    for place, (result, _) in RESULTS.items():
        record = out / METADATA / f"{result.rpartition('.restored')[0]}.restored.json"
        verify(source / place, out / PAYLOAD / result, record=record)
    bagit.Bag(str(out)).validate()
    assert len(list(out.glob(f"{METADATA}**/*.premis.xml"))) == len(RESULTS)
