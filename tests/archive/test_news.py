"""What a run tells while it goes on."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from pipelines.archive import news
from pipelines.archive.arrivals import SETTLED, Arrivals
from pipelines.archive.inputs import gather
from pipelines.archive.news import Telling, news_of
from pipelines.archive.plan import make_plan
from pipelines.archive.records import Asked, Done, Failed, Records, Run
from pipelines.archive.results import Look, Stills
from pipelines.archive.storage import open_store
from pipelines.settings import Settings
from restore.api import restore_archive
from restore.reporting import events
from restore.show.events import ArchiveFinished, Note
from tests.made.archives import results, small
from tests.made.runs import Films

LOOK = Look(7000, "c0ffee", 64, 48, 24, (), (), 12.0, Stills("", ""))


def asked(place: str) -> Asked:
    return Asked(f"reels/{place}", place, 5, "1", "", {})


DONE = Done(asked("a.mp4"), "a.restored.mp4", 1.0, 2.0, (), (), "cpu", LOOK)
FAILED = Failed(asked("b.mp4"), "InputError", "the file is empty", "copy it again", None)


def note_nothing(note: str) -> None:
    raise AssertionError(note)


@contextmanager
def taking_posts(answers: list[int]) -> Iterator[tuple[str, list[Any]]]:
    """A server that answers so, in turn: its URL, and what it was sent."""
    taken: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the library's name
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answers[len(taken) - 1])
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/secret", taken
        finally:
            server.shutdown()
            thread.join()


def test_the_report_is_written_while_the_run_goes_on(tmp_path: Path) -> None:
    out = open_store(str(tmp_path))
    with news_of(out, 3, Telling("restore archive reels", rate=7200.0), lambda: 2, note_nothing) as told:
        told.film(DONE)
        told.write(is_live=True)
        page = (tmp_path / "report.html").read_text()
        for words in ("1 restored", "2 left to do", "written anew while the run goes on"):
            assert words in page
        told.film(FAILED)
    page = (tmp_path / "report.html").read_text()
    for words in ("1 failed", "1 left to do", "<code>restore archive reels</code>"):
        assert words in page
    assert "written anew" not in page
    assert Records(out).run() == told.run


def test_machine_hours_add_up_over_runs_and_machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 1800.0])
    monkeypatch.setattr(news.time, "monotonic", lambda: next(clock))
    out = open_store(str(tmp_path))
    Records(out).save_run(Run("", "", "", "", 3600.0, 2.0))
    told = news.News(out, 1, Telling(), lambda: 4, note_nothing)
    told.write()
    assert told.run.seconds == 3600 + 4 * 1800
    assert "3.00 machine hours, 6.00 at 2 an hour" in (tmp_path / "report.html").read_text()


def test_metrics_are_prometheus_text(tmp_path: Path) -> None:
    path = tmp_path / "restore.prom"
    with news_of(open_store(str(tmp_path)), 3, Telling(metrics_file=path), lambda: 1, note_nothing) as told:
        told.film(DONE)
        told.film(FAILED)
    held = dict(line.rsplit(" ", 1) for line in path.read_text().splitlines() if not line.startswith("#"))
    assert [held[f'restore_films{{status="{each}"}}'] for each in ("done", "failed", "left")] == ["1", "1", "1"]
    assert (held["restore_frames_total"], held["restore_result_bytes_total"]) == ("24", "7000")


@pytest.mark.parametrize(("answers", "is_noted"), [([500, 200], False), ([500] * 4, True)])
def test_a_webhook_hears_of_each_film_and_may_be_slow_to_listen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: list[int], is_noted: bool
) -> None:
    monkeypatch.setattr(news, "WAITS", (0.0, 0.0, 0.0))
    notes: list[str] = []
    with taking_posts(answers) as (url, taken):
        with news_of(open_store(str(tmp_path)), 2, Telling(webhook=url), lambda: 1, notes.append) as told:
            told.film(DONE)
        assert len(taken) == len(answers)
        assert {key: taken[0][key] for key in ("event", "status", "place", "left")} == {
            "event": "ended", "status": "done", "place": "a.mp4", "left": 1,
        }  # fmt: skip
    refused = "the webhook at 127.0.0.1 did not take word of a.mp4 (HTTPError)"
    assert notes == ([refused] if is_noted else [])


def test_a_webhook_is_a_url() -> None:
    with pytest.raises(ValueError, match="--webhook takes a URL of http or https"):
        Telling(webhook="example.org/hook")


def test_films_that_grow_are_not_taken_before_they_have_settled(tmp_path: Path) -> None:
    film, now = tmp_path / "reels" / "a.mp4", 0.0
    film.parent.mkdir()
    out, arrivals = open_store(str(tmp_path / "out")), Arrivals(clock=lambda: now)

    def settled() -> int:
        named = gather([str(film.parent)], out, lambda cells, folder: Settings())
        return len(arrivals.settled(make_plan(named, out)).todo)

    film.write_bytes(b"a")
    assert settled() == 0
    now = SETTLED - 1
    film.write_bytes(b"ab")  # it still grows
    assert settled() == 0
    now = 2 * SETTLED - 2
    assert settled() == 0
    now = 2 * SETTLED - 1
    assert settled() == 1


@pytest.mark.slow
def test_a_watched_folder_gives_its_films_as_they_arrive(
    films: Films, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.archive.arrivals.SETTLED", 0.0)
    monkeypatch.setattr("restore.archives.POLL", 0.01)
    source, out = tmp_path / "reels", tmp_path / "out"
    source.mkdir()
    run = events(restore_archive, [source], out, settings, watch=True)
    for event in run:
        if isinstance(event, Note):
            assert event.text == "watches for films, until it is stopped"
            small(tmp_path / "a.mp4").rename(source / "a.mp4")
        if isinstance(event, ArchiveFinished):
            if len(event.records) == 2:
                break
            small(tmp_path / "b.mp4").rename(source / "b.mp4")
    run.close()
    assert results(out) == ["a.restored.mp4", "b.restored.mp4"]
