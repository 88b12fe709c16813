"""Which films an archive run is about, and where their results go."""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

import pytest

from pipelines.archive.inputs import Gathered, Selection, gather
from pipelines.archive.named import ArchiveFilm
from pipelines.archive.storage import open_store
from pipelines.errors import EmptyError, SettingsError
from pipelines.ranges import When
from pipelines.settings import Reference, ScanSettings, Settings, Still
from restore.options.manifest import settings_of_row


@pytest.fixture
def reels(tmp_path: Path) -> Path:
    """Empty files under the names of films, and others."""
    for name in ("a.mp4", "b/c.MOV", "b/d/e [1].mkv", "notes.txt", ".hidden/f.mp4", "a.restored.mp4", "b/cover.jpg"):
        path = tmp_path / "reels" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * len(name))
    return tmp_path / "reels"


def gathered(*wanted: Path | str, out: Path, **chosen: tuple[str, ...]) -> Gathered:
    names = [str(each) for each in wanted]
    store, selection = open_store(str(out)), Selection(**chosen)
    return gather(names, store, lambda cells, folder: settings_of_row(cells, Settings(), folder), selection)


def films(*wanted: Path | str, out: Path) -> tuple[ArchiveFilm, ...]:
    return gathered(*wanted, out=out).films


def places(*wanted: Path | str, out: Path) -> list[str]:
    return [film.place for film in films(*wanted, out=out)]


def test_a_folder_gives_its_films_with_their_places_in_the_tree(reels: Path, tmp_path: Path) -> None:
    assert places(reels, out=tmp_path / "out") == ["a.mp4", "b/c.MOV", "b/d/e [1].mkv"]
    assert [film.size for film in films(reels, out=tmp_path / "out")] == [5, 7, 13]
    assert all(film.path is not None and film.path.exists() for film in films(reels, out=tmp_path / "out"))


def test_a_trailing_slash_and_a_relative_path_change_nothing(
    reels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert places("reels/", out=Path("out")) == places(reels, out=tmp_path / "out")
    monkeypatch.chdir(reels)
    assert places(".", out=Path("out")) == places(reels, out=tmp_path / "out")


def test_of_several_folders_each_stands_under_its_own_name(reels: Path, tmp_path: Path) -> None:
    assert places(reels / "b", reels / "b" / "d", out=tmp_path / "out") == ["b/c.MOV", "b/d/e [1].mkv", "d/e [1].mkv"]


def test_results_inside_the_folder_are_no_films(reels: Path) -> None:
    out = reels / "coloured"
    out.mkdir()
    (out / "z.mp4").write_bytes(b"z")
    assert places(reels, out=out) == ["a.mp4", "b/c.MOV", "b/d/e [1].mkv"]


def test_results_may_lie_beside_the_films_and_above_them(reels: Path) -> None:
    for out in (reels, reels.parent):
        assert places(reels, out=out) == ["a.mp4", "b/c.MOV", "b/d/e [1].mkv"]


def test_films_named_as_results_are_left_out_and_listed(reels: Path, tmp_path: Path) -> None:
    out = reels / "coloured"
    out.mkdir()
    (out / "z.restored.mp4").write_bytes(b"z")
    assert gathered(reels, out=out).left_out == (f"{reels}/a.restored.mp4",)
    with pytest.raises(SettingsError, match=r"no film in it but 1 named \*\.restored\.\* as results are; name such"):
        films(f"{reels}/*.restored.*", out=tmp_path)
    assert places(reels / "a.restored.mp4", out=tmp_path) == ["a.restored.mp4"]


def test_a_glob_gives_the_films_that_it_names(reels: Path, tmp_path: Path) -> None:
    assert places(f"{reels}/*.mp4", out=tmp_path) == ["a.mp4"]
    assert places(f"{reels}/**/*.m*", out=tmp_path) == ["a.mp4", "b/d/e [1].mkv"]
    assert places(f"{reels}/b/[c]*", out=tmp_path) == ["c.MOV"]


def test_a_film_whose_name_looks_like_a_glob_is_itself(reels: Path, tmp_path: Path) -> None:
    assert places(reels / "b" / "d" / "e [1].mkv", out=tmp_path) == ["e [1].mkv"]


def test_a_list_gives_its_films_below_the_folder_that_holds_them_all(reels: Path, tmp_path: Path) -> None:
    wanted = tmp_path / "wanted.txt"
    wanted.write_text("# the first reels\nreels/b/c.MOV\n\nreels/b/d/e [1].mkv\n")
    assert places(wanted, out=tmp_path / "out") == ["c.MOV", "d/e [1].mkv"]
    wanted.write_text(f"{reels / 'a.mp4'}\n{reels / 'lost.mp4'}\n")
    found = films(wanted, out=tmp_path / "out")
    assert [(film.place, film.size) for film in found] == [("a.mp4", 5), ("lost.mp4", 0)]


def test_a_manifest_gives_each_film_its_options(reels: Path, tmp_path: Path) -> None:
    manifest = tmp_path / "wanted.csv"
    manifest.write_text(
        "film,out,codec,crf,skip-damaged,start,anchors\n"
        "reels/a.mp4,first/A.mkv,h265,30,yes,00:00:01.5,every\n"
        "reels/b/c.MOV,,,,,,\n"
    )
    first, second = films(manifest, out=tmp_path / "out")
    assert (first.place, first.out, second.place, second.out) == ("a.mp4", "first/A.mkv", "b/c.MOV", "")
    assert (first.settings.encode.codec, first.settings.encode.crf) == ("h265", 30)
    assert (first.settings.skip_damaged, first.settings.start, first.settings.motion.anchors) == (True, 1.5, 0)
    assert second.settings == Settings()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("film,tint\na.mp4,red\n", "line 2: no option 'tint'"),
        ("name\na.mp4\n", "line 2: no film named"),
        ("film,crf\na.mp4,good\n", "line 2: crf: 'good' is not a valid integer"),
        ("film\na\rb.mp4\n", r"line 1: is not CSV \(new-line character seen in unquoted field\)"),
        ("film,crf\na.mp4,99\n", "line 2: crf of h264 must be 0 to 51"),
        ("film,out\na.mp4,../b.mp4\n", "line 2: out must lie under OUT"),
        ("film\n", "no film in it"),
    ],
)
def test_a_manifest_that_cannot_be_understood_is_refused_with_its_line(tmp_path: Path, text: str, what: str) -> None:
    manifest = tmp_path / "wanted.csv"
    manifest.write_text(text)
    with pytest.raises(SettingsError, match=what):
        films(manifest, out=tmp_path / "out")


@pytest.mark.parametrize("wanted", ["lost", "reels/lost.mp4", "reels/*.avi", "reels/.hidden/..*"])
def test_what_is_not_there_is_refused(reels: Path, tmp_path: Path, wanted: str) -> None:
    with pytest.raises(SettingsError, match=r"no such file|no film in it"):
        films(tmp_path / wanted, out=tmp_path / "out")


@pytest.mark.parametrize("name", ["wanted.csv", "wanted.txt"])
def test_a_list_with_zero_bytes_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("film,out\na.mp4,b\0.mkv\n")
    with pytest.raises(SettingsError, match="is not text: it holds zero bytes; save it as UTF-8"):
        films(tmp_path / name, out=tmp_path / "out")


def test_two_films_that_would_have_one_place_are_refused(reels: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"would both be a\.mp4 under .*give each an `out` of its own"):
        films(reels / "a.mp4", reels / "a.mp4", out=tmp_path / "out")


def test_one_film_twice_has_the_places_that_its_rows_name(reels: Path, tmp_path: Path) -> None:
    manifest = tmp_path / "wanted.csv"
    manifest.write_text(f"film,out,saturation\n{reels}/a.mp4,warm.mkv,1.2\n{reels}/a.mp4,cool.mkv,0.8\n")
    assert [film.place for film in films(manifest, out=tmp_path / "out")] == ["warm.mkv", "cool.mkv"]


def test_patterns_choose_films_by_path_name_and_folder(reels: Path, tmp_path: Path) -> None:
    def chosen(**how: tuple[str, ...]) -> list[str]:
        return [film.place for film in gathered(reels, out=tmp_path / "out", **how).films]

    assert chosen(include=("b/d",)) == ["b/d/e [1].mkv"]
    assert chosen(include=("*.MOV", "a.*")) == ["a.mp4", "b/c.MOV"]
    assert chosen(exclude=("b/",)) == ["a.mp4"]
    assert chosen(include=("b",), exclude=("e*",)) == ["b/c.MOV"]
    assert gathered(reels, out=tmp_path / "out", exclude=("b",)).notes == (
        "--include and --exclude leave out 2 of the films",
    )
    with pytest.raises(EmptyError, match="leave none of 3 films"):
        chosen(include=("*.ogv",))


def test_results_in_the_films_folder_are_noted(reels: Path, tmp_path: Path) -> None:
    for out in (reels, reels / "coloured"):
        (note,) = gathered(reels, out=out).notes
        assert note.startswith(f"results go to {out}, inside the films' folder {reels}: ")
    assert gathered(reels, out=tmp_path / "out").notes == gathered(reels / "b", out=reels / "c").notes == ()


@pytest.mark.parametrize("comma", [",", ";"])
def test_a_manifest_keeps_columns_of_its_own(reels: Path, tmp_path: Path, comma: str) -> None:
    manifest = tmp_path / "wanted.csv"
    rows = ("film", "x-box", "crf", "barcode"), ("reels/a.mp4", "7, left", "30", "0041"), ("reels/b/c.MOV", "", "", "")
    with manifest.open("w", newline="") as file:
        csv.writer(file, delimiter=comma).writerows(rows)
    first, second = gathered(manifest, out=tmp_path / "out", columns=("barcode",)).films
    assert dict(first.columns) == {"x-box": "7, left", "barcode": "0041"}
    assert first.settings.encode.crf == 30
    assert second.columns == ()
    with pytest.raises(SettingsError, match="no option 'barcode'; a column of your own is x-barcode, or named with"):
        films(manifest, out=tmp_path / "out")


def test_files_in_cells_lie_beside_the_manifest(reels: Path, tmp_path: Path) -> None:
    (reels / "hints.json").write_text('[{"time": 1, "x": 3, "y": 4, "colour": "#b04030"}]')
    (reels / "sound.wav").write_bytes(b"")
    manifest = reels / "wanted.csv"
    manifest.write_text("film,hints,sound,fps\na.mp4,hints.json,,\nb,,sound.wav,18\n")
    (reels / "b" / "scan_000001.tif").write_bytes(b"")
    one, scans = films(manifest, out=tmp_path / "out")
    assert [hint.x for hint in one.settings.hints] == [3]
    assert scans.settings.scans == ScanSettings(Fraction(18), reels / "sound.wav")


def test_stills_and_references_in_cells_are_those_of_each_film(reels: Path, tmp_path: Path) -> None:
    for name in ("first.tif", "second.tif", "photo.jpg"):
        (reels / name).write_bytes(b"")
    manifest = reels / "wanted.csv"
    manifest.write_text(
        "film,still,still-at,reference\na.mp4,first.tif | second.tif,1|00:00:02,photo.jpg|shot 3\n"
        f"b/c.mp4,{reels / 'first.tif'},,\n"
    )
    one, other = films(manifest, out=tmp_path / "out")
    assert one.settings.stills == (Still(reels / "first.tif", Fraction(1)), Still(reels / "second.tif", Fraction(2)))
    assert one.settings.references == (Reference(reels / "photo.jpg"), Reference(When("shot 3")))
    assert other.settings.stills == (Still(reels / "first.tif"),)
    assert other.settings.references == ()


@pytest.mark.parametrize(
    ("column", "cell", "what"),
    [("still", "lost.tif", "line 2: still: File 'lost.tif' does not exist"),
     ("reference", "photo.jpg", "line 2: reference: File 'photo.jpg' does not exist"),
     ("still-at", "1", "line 2: --still-at is given 1 times for 0 --still"),
     ("still-at", "noon", "line 2: still-at: ")],
)  # fmt: skip
def test_a_guide_in_a_cell_that_is_not_there_is_refused(
    reels: Path, tmp_path: Path, column: str, cell: str, what: str
) -> None:
    (reels / "wanted.csv").write_text(f"film,{column}\na.mp4,{cell}\n")
    with pytest.raises(SettingsError) as caught:
        films(reels / "wanted.csv", out=tmp_path / "out")
    assert what in str(caught.value)


def test_an_unknown_protocol_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="Protocol not known: tape"):
        films("tape://vault/reels", out=tmp_path)
