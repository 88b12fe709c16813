"""Many films in one run: each restored as it would be alone, none that fails stops the others, done ones are kept."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from pipelines.archive.records import Done, Failed, Record, Records, Whole
from pipelines.settings import EncodeSettings, Settings
from restore.api import plan_archive, restore_archive, restore_film
from tests.made import clips
from tests.made.archives import BAD, GOOD, Heard, kept, lines, reels, results, small
from tests.made.readers import times
from tests.made.runs import Films, archive_heard, in_segments

RESULTS = ["a.restored.mp4", "b/c.restored.mkv", "b/d.restored.mov"]

REASONS = {
    "b/empty.mp4": ": the file is empty; copy it again",
    "colour.mp4": ": has colours already .*; --recolour",
    "damaged.mkv": r" at 00:00:0\d\.\d{3}: packet damaged; --skip-damaged",
    "gone.mov": ": no such file; check its name",
    "half.mov": ": not a film that can be read .*; its index is missing",
    "head.mp4": ": not one frame of it can be decoded",
    "noise.mkv": ": not a film that can be read",
    "short.mpg": r" at 00:00:0\d\.\d{3}: packet damaged; --skip-damaged",
    "sound.m4v": ": no picture in it, only audio; give a file with a video stream",
    "text.avi": ": not a film that can be read",
}


def test_the_results_have_the_tree_and_the_bytes_of_films_restored_alone(
    films: Films, settings: Settings, tmp_path: Path
) -> None:
    source = reels(films, tmp_path / "reels")
    records = restore_archive([source], tmp_path / "out", settings)
    assert results(tmp_path / "out") == RESULTS
    for record in records:
        assert isinstance(record, Done)
        alone = restore_film(source / record.asked.place, None, settings)
        assert alone.read_bytes() == (tmp_path / "out" / record.out).read_bytes()
        assert times(alone) == times(source / record.asked.place)


def test_the_largest_film_comes_first(films: Films, settings: Settings, tmp_path: Path) -> None:
    source, heard = reels(films, tmp_path / "reels"), Heard()
    archive_heard([source], tmp_path / "out", settings, listener=heard.listener)
    assert heard.started == sorted(GOOD, key=lambda place: -(source / place).stat().st_size)
    assert heard.frames == GOOD


def test_films_that_fail_are_reported_with_their_reasons_and_stop_no_other(
    films: Films, settings: Settings, tmp_path: Path
) -> None:
    records = restore_archive([reels(films, tmp_path / "reels", bad=True)], tmp_path / "out", settings)
    assert results(tmp_path / "out") == RESULTS
    failed = {record.asked.place: record.reason for record in records if isinstance(record, Failed)}
    assert failed.keys() == REASONS.keys()
    for place, reason in failed.items():
        assert re.match(re.escape(place) + REASONS[place], reason), reason


def test_a_second_run_changes_nothing_and_says_the_same(films: Films, settings: Settings, tmp_path: Path) -> None:
    source, out = reels(films, tmp_path / "reels", bad=True), tmp_path / "out"
    first = restore_archive([source], out, settings)
    before, heard = kept(out), Heard()
    second = archive_heard([source], out, settings, listener=heard.listener)
    assert kept(out) == before
    assert (heard.started, heard.ended) == ([], [])
    assert sorted(second, key=str) == sorted(first, key=str)


def test_failed_films_are_tried_again_when_asked_or_when_the_file_has_changed(
    films: Films, settings: Settings, tmp_path: Path
) -> None:
    source, out = reels(films, tmp_path / "reels", bad=True), tmp_path / "out"
    restore_archive([source], out, settings)
    heard = Heard()
    archive_heard([source], out, settings, listener=heard.listener, retry_failed=True)
    assert sorted(record.asked.place for record in heard.ended) == sorted(BAD)
    small(source / "b" / "empty.mp4")
    heard = Heard()
    archive_heard([source], out, settings, listener=heard.listener)
    assert heard.started == ["b/empty.mp4"]
    assert "b/empty.restored.mp4" in results(out)


def test_a_film_added_later_is_the_only_one_restored(films: Films, settings: Settings, tmp_path: Path) -> None:
    source, out = reels(films, tmp_path / "reels"), tmp_path / "out"
    restore_archive([source], out, settings)
    small(source / "late.mp4")
    heard = Heard()
    records = archive_heard([source], out, settings, listener=heard.listener)
    assert heard.started == ["late.mp4"]
    assert len(records) == len(lines(out)) == len(GOOD) + 1


def test_films_that_share_a_name_but_for_the_suffix_keep_it_in_their_results(
    films: Films, settings: Settings, tmp_path: Path
) -> None:
    source = tmp_path / "reels"
    source.mkdir()
    small(source / "reel.mkv")
    small(source / "reel.mp4")
    restore_archive([source], tmp_path / "out", settings)
    assert results(tmp_path / "out") == ["reel.mkv.restored.mkv", "reel.mp4.restored.mp4"]


def test_a_manifest_names_results_and_settings(films: Films, settings: Settings, tmp_path: Path) -> None:
    reels(films, tmp_path / "reels")
    manifest = tmp_path / "wanted.csv"
    manifest.write_text("film,out,codec,end\nreels/a.mp4,first/A.mp4,ffv1,0.5\nreels/b/d.mov,,,\n")
    restore_archive([manifest], tmp_path / "out", settings)
    assert results(tmp_path / "out") == ["b/d.restored.mov", "first/A.mp4"]
    assert len(times(tmp_path / "out" / "first" / "A.mp4")) == 12
    rows = {row["place"]: row["settings"] for row in lines(tmp_path / "out")}
    assert {place: row["encode.codec"] for place, row in rows.items()} == {"a.mp4": "ffv1", "b/d.mov": "h264"}


def test_another_name_for_a_result_is_another_result(films: Films, settings: Settings, tmp_path: Path) -> None:
    reels(films, tmp_path / "reels")
    manifest, out = tmp_path / "wanted.csv", tmp_path / "out"
    for name in ("one.mp4", "two.mp4", "three.none", "four.mp4"):
        manifest.write_text(f"film,out\nreels/a.mp4,{name}\n")
        (record,) = restore_archive([manifest], out, settings)
        assert isinstance(record, Failed) == (name == "three.none")
    assert results(out) == ["four.mp4", "one.mp4", "two.mp4"]
    assert len({(out / name).read_bytes() for name in results(out)}) == 1


def test_other_settings_leave_done_films_alone_until_they_may_be_replaced(
    films: Films, settings: Settings, tmp_path: Path
) -> None:
    source, out = reels(films, tmp_path / "reels"), tmp_path / "out"
    restore_archive([source], out, settings)
    before = kept(out)
    other = replace(settings, encode=EncodeSettings(crf=40))
    plan, _ = plan_archive([source], out, other)
    assert (len(plan.todo), len(plan.done), len(plan.changed)) == (0, 0, 3)
    restore_archive([source], out, other)
    assert kept(out) == before
    restore_archive([source], out, other, overwrite=True)
    assert {row["settings"]["encode.crf"] for row in lines(out)} == {"40"}
    plan, _ = plan_archive([source], out, other, overwrite=True)
    assert plan.todo == ()


def test_a_result_without_a_record_is_kept_and_fails_its_film(films: Films, settings: Settings, tmp_path: Path) -> None:
    source = reels(films, tmp_path / "reels")
    mine = films(small, ".mp4")
    (source / "a.restored.mp4").write_bytes(mine.read_bytes())
    by_place = {record.asked.place: record for record in restore_archive([source], source, settings)}
    failed = by_place.pop("a.mp4")
    assert isinstance(failed, Failed)
    assert failed.reason == (
        "a.mp4: a.restored.mp4 exists already, and no record tells how it was made; "
        "--overwrite replaces it, another `out` in a CSV manifest leaves it"
    )
    assert all(isinstance(record, Done) for record in by_place.values())
    assert (source / "a.restored.mp4").read_bytes() == mine.read_bytes()
    restore_archive([source], source, settings, overwrite=True)
    assert len(times(source / "a.restored.mp4")) == GOOD["a.mp4"]


def test_a_result_whose_run_was_killed_before_the_record_beside_it_gets_that(
    films: Films, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = reels(films, tmp_path / "reels") / "a.mp4", tmp_path / "out"

    def killed(result: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("pipelines.film.put_beside", killed)
        with pytest.raises(KeyboardInterrupt):
            restore_archive([source], out, settings)
    assert sorted(path.name for path in out.glob("a.*")) == ["a.restored.mp4", "a.restored.mp4.restore"]
    restore_archive([source], out, settings)
    names = ["a.restored.framemd5", "a.restored.json", "a.restored.mp4"]
    assert sorted(path.name for path in out.glob("a.*")) == names


def test_a_result_whose_run_was_killed_before_its_record_is_found(
    films: Films, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = reels(films, tmp_path / "reels") / "a.mp4", tmp_path / "out"
    save = Records.save

    def killed(records: Records, record: Record | Whole) -> None:
        if isinstance(record, Done):
            raise KeyboardInterrupt
        save(records, record)

    with monkeypatch.context() as patched:
        patched.setattr(Records, "save", killed)
        with pytest.raises(KeyboardInterrupt):
            restore_archive([source], out, settings)
    held, heard = kept(out)["a.restored.mp4"], Heard()
    archive_heard([source], out, settings, listener=heard.listener)
    assert (heard.started, len(heard.ended)) == ([], 1)
    assert kept(out)["a.restored.mp4"] == held
    (row,) = lines(out)
    assert (row["frames"], row["status"]) == (GOOD["a.mp4"], "done")
    assert row["warnings"] == ["the run that wrote it was stopped before it could tell more"]
    assert sorted(path.name for path in (out / ".restore").iterdir()) == ["a.mp4.json", "archive.run"]


def test_a_result_that_was_deleted_is_made_again(films: Films, settings: Settings, tmp_path: Path) -> None:
    source, out = reels(films, tmp_path / "reels"), tmp_path / "out"
    restore_archive([source], out, settings)
    before = (out / "a.restored.mp4").read_bytes()
    (out / "a.restored.mp4").unlink()
    restore_archive([source], out, settings)
    assert (out / "a.restored.mp4").read_bytes() == before


def test_a_run_that_is_interrupted_goes_on_from_its_finished_segments(
    films: Films, settings: Settings, tmp_path: Path
) -> None:
    source, out, chosen = reels(films, tmp_path / "reels"), tmp_path / "out", in_segments(settings, Fraction(1, 2))
    heard, largest = Heard(), max(GOOD, key=lambda place: (tmp_path / "reels" / place).stat().st_size)
    listener = heard.listener

    def stop_in_the_second_segment(task: object, pts: int) -> None:
        listener.on_frame(task, pts)  # type: ignore[arg-type]
        if sum(heard.frames.values()) == 18:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        archive_heard([source], out, chosen, listener=replace(listener, on_frame=stop_in_the_second_segment))
    assert (heard.frames, heard.ended) == ({largest: 18}, [])
    heard = Heard()
    archive_heard([source], out, chosen, listener=heard.listener)
    assert heard.resumed == {largest: 12}
    assert heard.frames == GOOD | {largest: GOOD[largest] - 12}
    assert results(out) == RESULTS


def test_a_fault_of_ours_fails_one_film(
    films: Films, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = reels(films, tmp_path / "reels")

    def broken_look(film: object, *args: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("pipelines.archive.results.look", broken_look)
    records = restore_archive([source / "a.mp4"], tmp_path / "out", settings)
    assert [record.reason for record in records if isinstance(record, Failed)] == [
        "a.mp4: unexpected ZeroDivisionError: division by zero (test_run.py:"
        f"{broken_look.__code__.co_firstlineno + 1}); this is a fault of restore; please report it"
    ]


def test_a_result_without_colour_has_a_warning(films: Films, settings: Settings, tmp_path: Path) -> None:
    gray = replace(settings, paint=replace(settings.paint, saturation=0.0))
    (record,) = restore_archive([films(clips.plain, ".mp4")], tmp_path / "out", gray)
    assert isinstance(record, Done)
    assert record.warnings == ("the result shows no colour at 25%, 50%, 75% of its length; look at it",)


def test_the_report_tells_of_each_film(films: Films, settings: Settings, tmp_path: Path) -> None:
    source = tmp_path / "reels"
    source.mkdir()
    clips.everything(source / "all.mkv")
    clips.with_cuts(source / "cuts.mp4")
    restore_archive([source], tmp_path / "out", settings)
    everything, cuts = lines(tmp_path / "out")
    assert [name.split()[0] for name in everything["copied"]].count("audio") == 3
    assert (everything["dropped"], everything["frames"], everything["status"]) == ([], 24, "done")
    assert cuts["cuts"] == [0.5, 1.0]
    assert (cuts["frames"], cuts["length"], cuts["device"]) == (36, 1.5, "cpu")
    assert cuts["fps"] == pytest.approx(36 / cuts["seconds"])
    assert cuts["colourfulness"] > 5
    result = tmp_path / "out" / cuts["out"]
    assert cuts["bytes"] == result.stat().st_size


def test_a_manifests_own_columns_go_into_the_report_and_change_no_result(
    films: Films, settings: Settings, tmp_path: Path
) -> None:
    out, manifest = tmp_path / "out", tmp_path / "wanted.csv"
    small(tmp_path / "a.mp4")
    seen = set()
    for title in ("The Kid", "The Kid (1921)"):
        manifest.write_text(f"film;x-title\na.mp4;{title}\n")
        restore_archive([manifest], out, settings)
        (row,) = lines(out)
        assert row["columns"] == {"x-title": title}
        seen.add((out / "a.restored.mp4").stat().st_mtime_ns)
    assert len(seen) == 1
