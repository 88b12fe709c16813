"""Films that have ended take no more memory as their pictures grow in number; sums are those of all records."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.archive import ended, records, report, results
from pipelines.archive.ended import Ended
from pipelines.archive.records import Asked, Done, Failed, Record, Records
from pipelines.archive.results import Look, Stills
from pipelines.archive.storage import open_store
from pipelines.media.probe import probe
from pipelines.source import Span
from tests.made.archives import small


def asked(place: str) -> Asked:
    return Asked(f"reels/{place}", place, 5, "1", "", {})


def done(place: str, *notes: str, frames: int = 24) -> Done:
    look = Look(7000, "c0ffee", 64, 48, frames, (), (), 12.0, Stills(f"before {place}", f"after {place}"))
    return Done(asked(place), f"{place}.mp4", 1.0, 2.0, (), notes, "cpu", look)


def failed(place: str) -> Failed:
    return Failed(asked(place), "InputError", "the file is empty", "copy it again", None)


def with_stills(found: list[Record]) -> list[str]:
    return sorted(one.asked.place for one in found if isinstance(one, Done) and one.look.stills.after)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    """Films whose stills are kept."""
    for module in (ended, report):
        monkeypatch.setattr(module, "STILLS", 3)
    return 3


def test_stills_of_films_with_notes_are_kept_and_of_some_others_in_whatever_order_they_end(few: int) -> None:
    films = [done(f"{n:02d}", *(["it stayed gray"] if n in (7, 9) else [])) for n in range(12)]
    random.Random(0).shuffle(films)
    held = Ended(films)
    assert with_stills(held.all()) == ["00", "07", "09"]
    assert {one.asked.place for one in held.all()} == {one.asked.place for one in films}
    assert len(with_stills([one for n in range(12) if (one := held.get(f"{n:02d}"))])) <= 2 * few


def test_sums_are_those_of_the_last_record_of_each_film() -> None:
    held = Ended([failed("a"), done("b"), done("b", frames=30), failed("c"), done("c")])
    assert (held.done, held.failed, held.frames, held.bytes, held.seconds) == (2, 1, 54, 14000, 2.0)


def test_the_page_says_that_it_does_not_show_all_stills(few: int) -> None:
    films, sentence = [done(f"{n}") for n in range(few + 1)], "Stills of 3 films are shown, those with notes first."
    assert [sentence in report.page(Ended(films[:count]).all()) for count in (few, few + 1)] == [False, True]


def test_records_are_read_some_at_a_time_and_relabelled_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "AT_ONCE", 2)
    kept = Records(open_store(str(tmp_path)))
    for n in range(5):
        kept.save(done(f"{n}"))
    assert sorted(one.asked.place for one in kept.load()) == ["0", "1", "2", "3", "4"]
    bare = replace(done("3"), look=replace(done("3").look, stills=Stills("", "")))
    kept.relabel(replace(bare, asked=replace(bare.asked, columns={"shelf": "4"})))
    (told,) = (one for one in kept.load() if one.asked.place == "3")
    assert told == replace(done("3"), asked=replace(asked("3"), columns={"shelf": "4"}))


def test_memory_that_a_look_at_a_result_left_free_goes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film, given_back = small(tmp_path / "film.mp4"), list[int]()
    monkeypatch.setattr(results, "give_back_freed_memory", lambda: given_back.append(1))
    results.look(probe(film), film, Span(None, None))
    assert given_back == [1]
