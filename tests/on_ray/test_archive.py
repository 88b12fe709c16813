"""An archive whose films share a pool on Ray: the same results, films side by side."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.archive.records import Done, Failed
from pipelines.places import sha256_of
from pipelines.settings import Settings
from restore.api import Devices, restore_archive
from tests.made.archives import BAD, GOOD, Heard, lines, reels, results
from tests.made.on_cluster import PATIENCE, Nodes
from tests.made.resumed import near
from tests.made.runs import Films, archive_heard

pytestmark = pytest.mark.filterwarnings("default")  # Ray's own
POOL = Devices(workers=2)


def finished(out: Path) -> list[str]:
    """All results but segments of films that failed: on Ray, those after the fault may be done before it is found."""
    return [name for name in results(out) if ".restore/" not in name]


def test_films_that_share_a_pool_give_the_results_of_one_process(
    nodes: Nodes, films: Films, settings: Settings, tmp_path: Path
) -> None:
    source, heard = reels(films, tmp_path / "reels", bad=True), Heard()
    records = archive_heard([source], tmp_path / "pool", near(settings), devices=POOL, listener=heard.listener)
    restore_archive([source], tmp_path / "alone", near(settings))
    assert finished(tmp_path / "pool") == finished(tmp_path / "alone")
    for name in finished(tmp_path / "alone"):
        assert (tmp_path / "pool" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()
    assert {record.asked.place for record in records if isinstance(record, Failed)} == BAD.keys()
    found = [{**row, "seconds": 0, "fps": 0, "ended": ""} for row in lines(tmp_path / "pool")]
    assert found == [{**row, "seconds": 0, "fps": 0, "ended": ""} for row in lines(tmp_path / "alone")]
    assert heard.frames.items() >= GOOD.items()


def test_films_and_results_are_read_where_there_are_cores_and_not_by_the_driver(
    nodes: Nodes, films: Films, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_here(_: Path) -> str:
        raise AssertionError("the driver reads a film or a result")

    for reader in ("pipelines.archive.results.sha256_of", "pipelines.media.coloured.open_film"):
        monkeypatch.setattr(reader, read_here)
    (record,) = restore_archive([reels(films, tmp_path / "reels") / "a.mp4"], tmp_path / "out", settings, devices=POOL)
    assert isinstance(record, Done)
    assert record.look.sha256 == sha256_of(tmp_path / "out" / record.out)


def test_a_film_begins_before_the_last_one_ends(nodes: Nodes, films: Films, settings: Settings, tmp_path: Path) -> None:
    both = threading.Barrier(2, timeout=PATIENCE)  # broken where one film waits for the other to end
    heard = Heard()
    listener = replace(heard.listener, on_start=lambda task, job: both.wait() and None)
    source = reels(films, tmp_path / "reels")
    wanted = [source / "a.mp4", source / "b" / "c.mkv"]
    records = archive_heard(wanted, tmp_path / "out", settings, devices=POOL, listener=listener)
    assert [record for record in records if isinstance(record, Failed)] == []


def test_a_run_that_is_interrupted_stops_its_tasks_and_goes_on_later(
    nodes: Nodes, films: Films, settings: Settings, tmp_path: Path
) -> None:
    source, chosen, heard = reels(films, tmp_path / "reels"), near(settings), Heard()

    def stop(record: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        archive_heard([source], tmp_path / "out", chosen, devices=POOL, listener=replace(heard.listener, on_end=stop))
    restore_archive([source], tmp_path / "out", chosen, devices=POOL)
    restore_archive([source], tmp_path / "alone", chosen)
    for name in results(tmp_path / "alone"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()


def test_a_run_that_finds_all_done_does_not_start_ray(
    films: Films, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = reels(films, tmp_path / "reels")
    restore_archive([source / "a.mp4"], tmp_path / "out", settings)
    monkeypatch.setattr("pipelines.on_ray.cluster.cluster", None)
    (record,) = restore_archive([source / "a.mp4"], tmp_path / "out", settings, devices=POOL)
    assert record.asked.place == "a.mp4"
