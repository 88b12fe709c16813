"""The studio's server: who may speak with it, and that it shows what the commands write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from pipelines.settings import PaintSettings, Settings
from restore.api import restore_film, shots, still
from restore.options.look import with_look
from tests.made import broken, clips
from tests.made.previewed import restore
from tests.made.runs import Films
from tests.made.studios import TOKEN, Page, ended, open_studio

MARKUP = "<img src=x onerror=alert(1)>.mp4"


@pytest.fixture(scope="module")
def settings(network: Path) -> Settings:
    """Those that words of the command can say."""
    return Settings(PaintSettings(network=str(network), rows=64, device="cpu"))


@pytest.fixture(scope="module")
def film(films: Films) -> Path:
    return films(clips.with_cuts, ".mp4")


@pytest.fixture(scope="module")
def page(film: Path, films: Films, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("studio")
    named = folder / MARKUP
    named.symlink_to(film)
    own = folder / "film.mp4"
    own.write_bytes(film.read_bytes())
    made = folder / "made"
    made.mkdir()
    with open_studio([own, named, films(broken.text, ".avi")], settings, made) as opened:
        yield opened


def test_the_token_opens_the_page_and_its_cookie_the_rest(page: Page) -> None:
    status, answer = page.raw(f"/?token={TOKEN.replace(' ', '+')}", Cookie="")
    assert (status, b"<!doctype html>" in answer) == (200, True)
    assert page.get("/api/studio").status_code == 200
    assert page.get("/").headers["Content-Security-Policy"].startswith("default-src 'self';")


@pytest.mark.parametrize(
    "headers",
    [
        {"Cookie": ""},
        {"Cookie": "restore-studio-1=wrong"},
        {"Host": "films.example"},
        {"Host": "127.0.0.1:1"},
        {"Origin": "http://films.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
    ids=str,
)
def test_other_pages_hosts_and_origins_are_refused(page: Page, headers: dict[str, str]) -> None:
    assert page.raw("/api/studio", **headers)[0] == 403


@pytest.mark.parametrize("path", ["/?token=wrong", "/?token=", "/api/studio?token=of+the+tests", "/page/studio.js"])
def test_a_wrong_token_opens_nothing(page: Page, path: str) -> None:
    assert page.raw(path, Cookie="")[0] == 403


@pytest.mark.parametrize(
    "path",
    [
        "/page/../server.py",
        "/page/%2e%2e/server.py",
        "/page/..%2fserver.py",
        "/page//etc/passwd",
        "/page/%2fetc%2fpasswd",
        "/api/films/0/../../../etc/passwd",
        "/api/films/3",
        "/api/films/-1",
        "/film.mp4",
    ],
)
def test_paths_lead_nowhere_but_to_the_page_and_its_films(page: Page, path: str) -> None:
    status, answer = page.raw(path)
    assert status == 404
    assert b"root:" not in answer
    assert b"import" not in answer


def test_names_of_films_come_as_data(page: Page) -> None:
    answer = page.get("/api/studio")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["films"][:2] == ["film.mp4", MARKUP]


@pytest.mark.slow  # the worker is started, and loads torch
def test_a_frame_is_the_very_file_of_restore_still(page: Page, settings: Settings, tmp_path: Path) -> None:
    answer = page.post("/api/films/0/picture", {"kind": "still", "at": "1/2"})
    assert answer.status_code == 200, answer.text
    at = float(answer.headers["Frame-Time"])
    written = still(page.studio.films[0].path, Fraction(1, 2), tmp_path / "still.png", settings)
    assert at == pytest.approx(0.5, abs=0.04)
    assert answer.content == written.read_bytes()


@pytest.mark.slow
def test_a_direction_changes_the_frame(page: Page) -> None:
    asked = [{}, {"film": {"saturation": 0}}, {}]
    each = [page.post("/api/films/0/picture", {"kind": "still", "at": "0.5", "look": look}).content for look in asked]
    assert each[0] == each[2] != each[1]


@pytest.mark.slow
def test_shots_come_as_they_are_found_and_are_those_of_the_command(
    page: Page, settings: Settings, tmp_path: Path
) -> None:
    found: list[dict[str, Any]] = []
    for name, data in page.events():
        if name == "shot":
            found.append(data)
        if name == "found":
            break
    expected = shots(page.studio.films[0].path, tmp_path / "shots.csv", settings)
    times = [(shot.number, str(shot.start), str(shot.end)) for shot in expected]
    assert [(shot["number"], shot["start"], shot["end"]) for shot in found] == times


@pytest.mark.slow
def test_a_stretch_is_played_before_and_after(page: Page) -> None:
    answer = page.post("/api/films/0/span", {"at": "0", "seconds": "0.25"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "video/mp4")
    assert answer.content[4:8] == b"ftyp"
    rendered = next(data for name, data in page.events() if name == "rendered")
    assert (rendered["at"], 50 < rendered["percent"] <= 100) == ("0", True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "body", "what"),
    [
        ("/api/films/2/picture", {"kind": "still", "at": "0"}, "not a film"),
        ("/api/films/0/picture", {"kind": "still", "at": "9999"}, "after the film's end"),
        ("/api/films/0/picture", {"kind": "still", "at": "0", "look": {"film": {"network": "nothing"}}}, "no network"),
        ("/api/films/0/picture", {"kind": "still", "at": "0", "look": {"film": {"saturatoin": 1}}}, "did you mean"),
        ("/api/films/0/picture", {"kind": "still", "at": "0", "look": {"film": {"saturation": 5}}}, "0 to 4"),
    ],
)
def test_what_cannot_be_done_is_told(page: Page, path: str, body: Any, what: str) -> None:
    answer = page.post(path, body)
    assert answer.status_code == 422
    assert what in answer.json()["what"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("picture", {"kind": "/etc/passwd", "at": "0"}),
        ("picture", {"kind": "still", "at": "-1"}),
        ("picture", {"kind": "still", "at": "1e99999999"}),
        ("picture", {"kind": "still", "at": 3}),
        ("picture", {"kind": "still", "at": "0", "look": []}),
        ("picture", [1]),
        ("span", {"at": "0", "seconds": "3600"}),
        ("span", {"at": "0", "seconds": "1", "layout": "-i /etc/passwd"}),
    ],
    ids=str,
)
def test_requests_without_sense_are_refused(page: Page, path: str, body: Any) -> None:
    assert page.post(f"/api/films/0/{path}", body).status_code == 400


def test_a_request_has_a_bound(page: Page) -> None:
    assert (
        page.post("/api/films/0/picture", {"kind": "still", "at": "0", "look": {"x": "y" * (1 << 20)}}).status_code
        == 413
    )


@pytest.mark.slow
def test_a_look_of_the_page_gives_the_same_bytes_from_the_page_and_the_command(
    page: Page, settings: Settings, tmp_path: Path
) -> None:
    film = page.studio.films[0].path
    shot = next(data for name, data in page.events() if name == "shot" and data["number"] == 2)
    entry = {
        "number": 2,
        "start": shot["from"],
        "end": shot["to"],
        "saturation": 0.25,
        "state": "approved",
        "note": "ü",
    }
    look = {"film": {"warmth": 20}, "shot": [entry]}
    shown = page.post("/api/films/0/picture", {"kind": "still", "at": shot["start"], "look": look})
    assert shown.status_code == 200, shown.text
    answer = page.put("/api/films/0/look", {"look": look, "stamp": ""})
    assert answer.status_code == 200, answer.text
    assert page.post("/api/films/0/run", {}).json()["state"] == "running"
    state = ended(page)
    assert state["state"] == "done", state
    written = film.with_name("film.look.toml")
    assert state["command"].startswith(f"restore {film} --network ")
    assert state["command"].endswith(f"--look {written} --update")
    directed = with_look(settings, written)
    theirs = restore_film(film, tmp_path / "film.restored.mp4", directed)
    assert Path(state["out"]).read_bytes() == theirs.read_bytes()
    picture = still(film, Fraction(shot["start"]), tmp_path / "still.png", directed)
    assert picture.read_bytes() == shown.content


@pytest.mark.slow
def test_a_look_that_was_changed_elsewhere_is_not_lost(page: Page) -> None:
    path = page.studio.films[1].path.with_suffix(".look.toml")
    stamp = page.put("/api/films/1/look", {"look": {"film": {"saturation": 0.5}}, "stamp": ""}).json()["stamp"]
    path.write_text("[film]\nsaturation = 0.75\n")
    again = {"look": {"film": {"saturation": 1}}, "stamp": stamp}
    assert page.put("/api/films/1/look", again).status_code == 409
    assert page.get("/api/films/1/look").json()["look"] == {"film": {"saturation": 0.75}}
    assert page.put("/api/films/1/look", again | {"replace": True}).status_code == 200
    held = page.get("/api/films/1/look").json()["look"]["film"]
    assert (held["name"], held["saturation"], len(held["mark"])) == (MARKUP, 1, 12)


def test_a_film_that_is_not_there_is_told_before_anything_is_opened(tmp_path: Path) -> None:
    result = restore("studio", tmp_path / "lost.mp4", "--no-open")
    assert result.exit_code == 2
    assert "no such file" in result.stderr


def test_the_port_that_is_taken_is_told(page: Page, film: Path) -> None:
    result = restore("studio", film, "--no-open", "--port", page.port)
    assert (result.exit_code, "choose another" in result.stderr) == (2, True)


def test_words_for_a_run_are_those_that_were_typed(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []
    monkeypatch.setattr("restore.studio.serve.serve", lambda *args: given.append(args))
    result = restore(
        "studio", film, "--no-open", "--steady", "0.5", "--anchors", "1/3", "--recolour", "--codec", "hevc"
    )
    assert result.exit_code == 0, result.output
    assert given[0][2] == ["--anchors", "1/3", "--steady", "0.5", "--codec", "h265", "--recolour"]
    assert json.dumps(given[0][2])
