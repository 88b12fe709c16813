"""A look file is read strictly: what it says is heeded, and each fault is told by its line and key."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from pathlib import Path

import pytest

from pipelines.look import LookValues
from pipelines.ranges import Range, When
from pipelines.repair_settings import RepairSettings
from pipelines.settings import OF_ARCHIVES, Reference, Settings, Still
from restore.commands.preview import _ways
from restore.options.look import with_look
from restore.options.manifest import settings_of_row
from tests.made import clips
from tests.made.runs import Films

TEXT = """\
# a look
[[shot]]
number = 2
start = "00:00:01"
end = "00:00:02"
neutral = true
keep_colour = [[0, 0, 10, 10], [20, 20, 5, 5]]
hints = [{ x = 3, y = 4, colour = "#b04030" }]

[shot.repair]
dust = 2

[[range]]
at = ["shot 3-5", "not 10-20"]
temperature = 0.5
steady = 1.5
stills = ["a.tif", { file = "a.tif", time = "f12" }]
references = ["a.tif", "shot 2"]

[film]
saturation = 1.1
mark = "abc"
"""


def write(folder: Path, text: str) -> Path:
    (folder / "a.tif").touch()
    path = folder / "film.look.toml"
    path.write_text(text)
    return path


def test_a_look_is_read_and_the_later_entry_stands_last(tmp_path: Path) -> None:
    settings = with_look(Settings(), write(tmp_path, TEXT))
    look, picture = settings.look, tmp_path / "a.tif"
    assert look is not None
    film, shot, ranges = look.entries
    assert (look.film, film.where, film.values) == ("abc", (), LookValues(saturation=1.1))
    assert (shot.shot, shot.where) == (2, (Range(Fraction(1), Fraction(2)),))
    areas = ((0, 0, 10, 10), (20, 20, 5, 5))
    assert shot.values == LookValues(neutral=True, keep_colour=areas, repair=RepairSettings(dust=2))
    assert ranges.where == (Range(When("shot 3"), When("shot 5")), Range(Fraction(10), Fraction(20), is_outside=True))
    assert ranges.values == LookValues(sharpen=0.5, steady=Fraction(3, 2))
    assert [hint.time for hint in settings.hints] == [Fraction(1)]
    assert settings.stills == (Still(picture), Still(picture, When("f12")))
    assert settings.references == (Reference(picture, ranges.where), Reference(When("shot 2"), ranges.where))


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("saturation = 1.1", 'saturation = "x"', "line 21: saturation must be a number, got 'x'"),
        ("saturation = 1.1", "saturation = 9", "line 21: saturation must be 0 to 4, got 9.0"),
        ("saturation", "satturation", "line 21: satturation is no key of a look; did you mean saturation?"),
        ("steady = 1.5", "warmth = 101", "line 16: warmth must be -100 to 100, got 101.0"),
        ("neutral = true", "neutral = 1", "line 6: neutral must be true or false, got 1"),
        ("number = 2", "number = 0", "line 3: number must be a number from 1, got 0"),
        ("number = 2", "", "line 2: number is missing"),
        ('end = "00:00:02"', "", "line 4: start says where the shot is only with both, start and end"),
        ('end = "00:00:02"', 'end = "00:00:01"', "line 5: end: a range must end after it begins"),
        ("[20, 20, 5, 5]", "[20, 20, 5]", "line 7: keep_colour must be [left, top, width, height]"),
        ("#b04030", "red", "line 8: hints: hint 1: colour must be like #b04030, or none, got 'red'"),
        ("dust = 2", "dust = 9", "line 10: repair: strength of dust must be 1 to 5, got 9"),
        ('"shot 3-5"', '"shot x"', "line 14: at: 'shot x' is not a range"),
        ('["a.tif", "shot 2"]', '["b.tif"]', "line 18: references: no such file: "),
        ("[[range]]", "[[ranges]]", "line 13: no table 'ranges'; known: [film], [[shot]], [[range]]"),
        ("[[range]]", "[range]", "line 13: is written [[range]]"),
        ("# a look", "x = 1", "line 1: x stands in no table; write it under [film]"),
        ("steady = 1.5", "steady =", "is not TOML (Invalid value (at line 16, column 9))"),
        ("[film]", "['film']", "write each [film], [[shot]] and [[range]] on a line of its own"),
    ],
)
def test_a_fault_is_told_by_its_line_and_key(tmp_path: Path, old: str, new: str, what: str) -> None:
    path = write(tmp_path, TEXT.replace(old, new, 1))
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the whole message is compared
        with_look(Settings(), path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert what in message
    assert "\n" not in message


def test_a_manifest_names_a_look_by_its_own_folder(tmp_path: Path) -> None:
    write(tmp_path, "[film]\nsharpen = 0.5\n")
    settings = settings_of_row({"look": "film.look.toml"}, OF_ARCHIVES, str(tmp_path))
    assert settings.look is not None
    assert settings.look.entries[0].values == LookValues(sharpen=0.5)


def test_several_looks_are_compared_and_other_options_with_variants() -> None:
    options = dict.fromkeys(("network", "saturation", "warmth", "temperature", "steady"), ())
    looks = {"look": (Path("a.look.toml"), Path("b.look.toml"))}
    ways = _ways(options | looks, are_wanted=False, layout=None)
    assert [(label, way["look"].name) for label, way in ways] == [
        ("look a", "a.look.toml"),
        ("look b", "b.look.toml"),
    ]
    ways = _ways(options | {"warmth": (-30.0, 30.0), "look": ()}, are_wanted=True, layout=None)
    assert [(label, way["warmth"], way["look"]) for label, way in ways] == [
        ("warmth -30", -30, None),
        ("warmth 30", 30, None),
    ]


def test_the_shots_of_a_film_are_written_as_a_look_that_sets_nothing(films: Films, tmp_path: Path) -> None:
    from restore.api import shots

    film, path = films(clips.with_cuts, ".mp4"), tmp_path / "film.look.toml"
    found = shots(film, path)
    listed = tomllib.loads(path.read_text())["shot"]
    assert [(each["start"], each["end"]) for each in listed] == [
        ("00:00:00", "00:00:00.5"),
        ("00:00:00.5", "00:00:01"),
        ("00:00:01", "00:00:01.5"),
    ]
    settings = with_look(Settings(), path)
    assert settings.look is not None
    assert [entry.where[0].start for entry in settings.look.entries if entry.shot] == [shot.start for shot in found]


def test_an_archive_knows_a_look_by_what_it_says_and_by_the_files_that_it_names(tmp_path: Path) -> None:
    from pipelines.archive.named import ArchiveFilm
    from pipelines.archive.plan import asked_of
    from pipelines.archive.storage import open_store

    def asked(text: str) -> dict[str, str]:
        settings = settings_of_row({"look": write(tmp_path, text).name}, OF_ARCHIVES, str(tmp_path))
        return asked_of(ArchiveFilm(open_store(str(tmp_path)), "film.mp4", "film.mp4", settings)).settings

    text = '[film]\nsaturation = 0.5\nstills = "a.tif"\n'
    before = asked(text)
    assert asked(f"# a remark\n\n{text}") == before
    assert asked(text.replace("0.5", "0.6")) != before
    (tmp_path / "a.tif").write_bytes(b"painted over")
    assert asked(text) != before
