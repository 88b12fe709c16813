"""Pictures given on the studio's page, archives of its films, and results that it plays."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
import requests

from pipelines.ranges import When
from pipelines.settings import PaintSettings, Reference, Settings, Still
from restore.api import still
from restore.commands.archive import archive
from restore.commands.studio import studio
from restore.options.look import with_look_text
from restore.options.manifest import settings_of_row
from restore.studio.archive import OF_FILMS, archive_words, manifest_path, write_manifest
from restore.studio.given import keep_painted, keep_photograph
from restore.studio.jobs import JobError
from restore.studio.runs import archive_facts
from tests.made import clips, damaged
from tests.made.runs import Films
from tests.made.studios import SECONDS, Page, ended, open_studio

JPEG = b"\xff\xd8\xff and more"
DUST = {"film": {"repair": "dust:3"}}


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a garden.jpg", "a-garden"),
        ("../../etc/passwd.jpg", "etc-passwd"),
        ("<b>ü</b>.jpg", "b-b"),
        ("", "photograph"),
        ("x" * 300 + ".jpg", "x" * 40),
    ],
)
def test_a_photograph_is_kept_beside_the_film_under_letters_of_its_name(tmp_path: Path, name: str, kept: str) -> None:
    named = keep_photograph(JPEG, tmp_path / "film.mp4", name)
    (only,) = (tmp_path / "film.stills").iterdir()
    assert named == f"film.stills/{only.name}"
    assert (only.name.startswith(f"{kept}-"), only.suffix, only.read_bytes()) == (True, ".jpg", JPEG)


def test_pictures_that_are_none_are_refused(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    with pytest.raises(JobError, match="PNG or TIFF"):
        keep_painted(JPEG, film, 3)
    with pytest.raises(JobError, match="a photograph is"):
        keep_photograph(b"GIF89a", film, "a.gif")
    assert not film.with_suffix(".stills").exists()


def test_an_archive_gets_the_films_with_the_looks_that_there_are(tmp_path: Path) -> None:
    films = [tmp_path / 'a "b", c.mp4', tmp_path / "d.mp4"]
    (tmp_path / "d.look.toml").write_text("[film]\nsaturation = 0.5\n")
    write_manifest(films, "coloured", ["--crf", "20"])
    path = manifest_path(films, "coloured")
    assert path == tmp_path / "coloured.archive.csv"
    with path.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["film", "look"],
            [str(films[0]), ""],
            [str(films[1]), str(tmp_path / "d.look.toml")],
        ]


def test_what_a_studio_was_given_is_given_to_each_film_of_an_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "b.png", "c.jpg"):
        Path(name).write_bytes(b"")
    Path("h.json").write_text("[]")
    films = [tmp_path / "films" / name for name in ("one.mp4", "two.mp4")]
    films[0].parent.mkdir()
    given = ["--still", "a.png", "--weights-dir", "still", "--still", "b.png", "--still-at", "2.5", "--still-at", "f7"]
    given += ["--reference", "shot 2", "--reference", "c.jpg", "--hints", "h.json"]
    assert archive_words(films, "out", given, is_overwriting=False)[4:] == ["--weights-dir", "still"]
    write_manifest(films, "out", given)
    with manifest_path(films, "out").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row.pop("film") for row in rows] == [str(film) for film in films]
    for row in rows:
        assert row.pop("look") == ""
        settings = settings_of_row(row, Settings(), str(films[0].parent))
        stills = (Still(tmp_path / "a.png", Fraction(5, 2)), Still(tmp_path / "b.png", When("f7")))
        assert settings.stills == stills
        assert settings.references == (Reference(When("shot 2")), Reference(tmp_path / "c.jpg"))
        assert row["hints"] == str(tmp_path / "h.json")


def test_all_else_that_a_studio_is_given_is_an_option_of_archives() -> None:
    own, theirs = (
        {opt for param in command.params for opt in param.opts if "-" in opt} for command in (studio, archive)
    )
    assert own - theirs == {*OF_FILMS, "--port", "--open"}


def test_a_name_that_a_manifest_would_part_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="rename"):
        archive_words([tmp_path / "a.mp4"], "out", ["--still", "a|b.png"], is_overwriting=False)


@pytest.mark.parametrize(
    ("out", "place"),
    [
        ("coloured", "{here}/coloured"),
        ("/elsewhere", "/elsewhere"),
        ("s3://b/c", "s3://b/c"),
        ("--help", "{here}/--help"),
    ],
)
def test_results_of_an_archive_have_a_place_beside_the_first_film(tmp_path: Path, out: str, place: str) -> None:
    words = archive_words([tmp_path / "a.mp4"], out, ["--crf", "20"], is_overwriting=True)
    assert words[0] == "archive"
    assert words[2:] == ["--out", place.format(here=tmp_path), "--crf", "20", "--overwrite"]


@pytest.mark.parametrize("out", ["", "  ", "a\0b"])
def test_an_archive_without_a_place_is_refused(tmp_path: Path, out: str) -> None:
    with pytest.raises(JobError, match="folder"):
        archive_words([tmp_path / "a.mp4"], out, [], is_overwriting=False)


def test_the_share_of_an_archive_grows_to_its_end() -> None:
    events = [
        ("start", {"todo": [{}, {}], "done": 1, "failed_before": 1, "changed": 0}),
        ("film", {"place": "a", "seconds": 10.0}),
        ("progress", {"place": "a", "seconds": 5.0, "fps": 12.0}),
        ("ended", {"place": "a"}),
        ("film", {"place": "b", "seconds": 4.0}),
        ("ended", {"place": "b"}),
        ("done", {"restored": 2, "failed": 0, "report": "r"}),
    ]
    state: dict[str, object] = {}
    shares = []
    for name, event in events:
        state |= archive_facts(state, name, event)
        shares.append(state["share"])
    assert shares == [0.5, 0.5, 0.625, 0.75, 0.75, 1, 1]
    assert (state["films"], state["ended"], state["restored"], state["begun"]) == (4, 4, 2, {})


@pytest.fixture(scope="module")
def settings(network: Path) -> Settings:
    return Settings(PaintSettings(network=str(network), rows=64, device="cpu"))


@pytest.fixture(scope="module")
def page(films: Films, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("studio")
    dusty, cuts = folder / "dusty.mkv", folder / "cuts.mp4"
    dusty.write_bytes(films(damaged.dusty, ".mkv").read_bytes())
    cuts.write_bytes(films(clips.with_cuts, ".mp4").read_bytes())
    (folder / "made").mkdir()
    with open_studio([dusty, cuts], settings, folder / "made") as opened:
        yield opened


def picture(page: Page, kind: str, look: object) -> np.ndarray:
    answer = page.post("/api/films/0/picture", {"kind": kind, "at": "1/5", "look": look})
    assert answer.status_code == 200, answer.text
    found = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert found is not None
    return found


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["still", "tile"])
def test_before_is_the_film_as_it_is_where_it_is_mended(page: Page, kind: str) -> None:
    plain, mended = picture(page, kind, {}), picture(page, kind, DUST)
    width = plain.shape[1] // 2
    assert np.array_equal(plain[:, :width], mended[:, :width])
    assert not np.array_equal(plain[:, width:], mended[:, width:])


@pytest.mark.slow
def test_the_mask_is_that_of_restore_still(page: Page, settings: Settings, tmp_path: Path) -> None:
    answer = page.post("/api/films/0/picture", {"kind": "mask", "at": "1/5"})
    assert (answer.status_code, "nothing is to be mended" in answer.text) == (422, True)
    found = picture(page, "mask", DUST)
    directed = with_look_text(settings, '[film]\nrepair = "dust:3"\n', tmp_path / "a.look.toml")
    path = still(page.studio.films[0].path, Fraction(1, 5), tmp_path / "mask.png", directed, bits=8, show=("mask",))
    assert found.any()
    assert np.array_equal(found, cv2.imread(str(path), cv2.IMREAD_UNCHANGED))


@pytest.mark.slow
def test_a_photograph_changes_the_colours(page: Page) -> None:
    photograph = np.zeros((64, 64, 3), np.uint8)
    photograph[..., 2] = np.arange(64, dtype=np.uint8) * 4
    file = cv2.imencode(".jpg", photograph)[1].tobytes()
    answer = requests.post(
        f"{page.root}/api/films/1/references?name=red.jpg", file, cookies=page.cookies, timeout=SECONDS
    )
    named = answer.json()["file"]
    look = {"film": {"references": [named]}}
    asked = [page.post("/api/films/1/picture", {"kind": "still", "at": "0", "look": each}) for each in ({}, look)]
    assert [each.status_code for each in asked] == [200, 200], asked[1].text
    assert asked[0].content != asked[1].content


@pytest.mark.slow
def test_a_finished_result_is_played_in_parts(page: Page) -> None:
    assert page.get("/api/films/1/result").status_code == 404
    command = page.get("/api/films/1/run").json()["command"]
    assert page.post("/api/films/1/run", {}).json()["command"] == command
    state = ended(page, 1)
    assert state["state"] == "done", state
    whole = Path(state["out"]).read_bytes()
    status, part = page.raw("/api/films/1/result", Range="bytes=4-7")
    assert (status, part) == (206, whole[4:8])
    assert page.raw("/api/films/1/result", Cookie="")[0] == 403


@pytest.mark.slow
@pytest.mark.ray
def test_an_archive_renders_all_films_with_their_looks(page: Page) -> None:
    folder = page.studio.films[1].path.parent
    (folder / "cuts.look.toml").write_text("[film]\nneutral = true\n")
    command = page.get("/api/archive?out=coloured").json()["command"]
    answer = page.post("/api/archive", {"out": "coloured"})
    assert (answer.status_code, answer.json()["command"]) == (200, command), answer.text
    state = ended(page, 0, "archive")
    assert (state["state"], state["restored"], state["share"]) == ("done", 2, 1), state
    results = {path.name for path in (folder / "coloured").glob("*.restored.m*")}
    assert results == {"dusty.restored.mkv", "cuts.restored.mp4"}
