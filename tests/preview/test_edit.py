"""Lists of film and result, in FCPXML too, and the saturation of shots as ASC CDL."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import opentimelineio as otio
import pytest

from pipelines.errors import FilmError
from pipelines.job.shots import Shot
from pipelines.look import Look, LookEntry, LookValues
from pipelines.preview.edit import edit_of, look_notes, saturations
from pipelines.preview.shot_list import write_shots
from pipelines.preview.view import SHOTS, View, open_view
from pipelines.ranges import Range
from pipelines.settings import Settings
from restore.api import shots
from tests.made.extra_tracks import AudioTrack
from tests.made.pictures import cuts
from tests.made.tracks import PictureTrack, write

NTSC, FILM = Fraction(30_000, 1001), Fraction(24_000, 1001)
CDL = "{urn:ASC:CDL:v1.2}"
LENGTH = 12
"""Frames of each of three shots."""


def drawn(path: Path, rate: Fraction = Fraction(24), timecode: str = "") -> Path:
    return write(path, PictureTrack(cuts(), rate=rate, timecode=timecode), AudioTrack())


def three(rate: Fraction) -> list[Shot]:
    at = [i * LENGTH / rate for i in range(4)]
    return [Shot(i + 1, at[i], at[i + 1], LENGTH, at[i]) for i in range(3)]


def look_of(*entries: tuple[tuple[Range, ...], LookValues]) -> Look:
    return Look(Path("film.look.toml"), tuple(LookEntry(where, values) for where, values in entries))


def second(values: LookValues) -> Look:
    """Half the saturation, and in the second shot of 24 frames a second what the values say."""
    half = Fraction(1, 2)
    return look_of(((), LookValues(saturation=0.5)), ((Range(half, 2 * half),), values))


def listed(film: Path, out: Path, look: Look | None = None, result: Path | None = None) -> Path:
    view = open_view(film, out, SHOTS, Settings(look=look))
    write_shots(edit_of(view, result), three(view.film.picture.rate), look)
    return out


def frames(time: str | None, rate: Fraction) -> int:
    """The whole number of frames of an FCPXML's time."""
    assert time
    assert time.endswith("s")
    count = Fraction(time[:-1]) * rate
    assert count.denominator == 1
    return int(count)


@pytest.mark.parametrize(
    ("rate", "timecode", "first", "counting"),
    [(FILM, "", 0, "NDF"), (NTSC, "01:00:00;00", 107_892, "DF"), (NTSC, "01:00:00:00", 108_000, "NDF"),
     (Fraction(25), "10:00:00:05", 900_005, "NDF")],
)  # fmt: skip
def test_an_fcpxml_has_every_frame_once_in_whole_frames(
    tmp_path: Path, rate: Fraction, timecode: str, first: int, counting: str
) -> None:
    film = drawn(tmp_path / "film.mov", rate, timecode)
    root = ElementTree.parse(listed(film, tmp_path / "cut.fcpxml")).getroot()
    assert (root.tag, root.get("version")) == ("fcpxml", "1.10")
    assert [each.tag for each in root] == ["resources", "library"]
    form, asset = root[0]
    assert Fraction(str(form.get("frameDuration"))[:-1]) == 1 / rate
    assert (asset.get("hasAudio"), asset.get("audioSources"), asset.get("audioRate")) == ("1", "1", "48000")
    assert (frames(asset.get("start"), rate), frames(asset.get("duration"), rate)) == (first, 3 * LENGTH)
    sequence = root.find("library/event/project/sequence")
    assert sequence is not None
    assert (frames(sequence.get("tcStart"), rate), sequence.get("tcFormat")) == (first, counting)
    clips = list(sequence[0])
    at = [tuple(frames(clip.get(name), rate) for name in ("offset", "start", "duration")) for clip in clips]
    assert at == [(first + i * LENGTH, first + i * LENGTH, LENGTH) for i in range(3)]
    assert [len(clip) for clip in clips] == [0, 0, 0]
    ids = {each.get("id") for each in root[0]}
    assert {clip.get("ref") for clip in clips} | {clip.get("format") for clip in clips} <= ids


def test_an_fcpxml_connects_each_clip_of_the_result_to_that_of_the_film(tmp_path: Path) -> None:
    film, result = drawn(tmp_path / "film.mov"), drawn(tmp_path / "result.mov", timecode="01:00:00:00")
    root = ElementTree.parse(listed(film, tmp_path / "cut.fcpxml", second(LookValues(neutral=True)), result)).getroot()
    spine = root.find("library/event/project/sequence/spine")
    assert spine is not None
    sats = []
    for clip in spine:
        (above,) = clip
        assert (above.get("lane"), above.get("srcEnable"), above.get("offset")) == ("1", "video", clip.get("start"))
        assert frames(above.get("start"), Fraction(24)) == 24 * 3600 + frames(clip.get("start"), Fraction(24))
        assert above.get("duration") == clip.get("duration")
        sats.append({each.get("key"): each.get("value") for each in above[0]})
    assert [each["ASC_SAT"] for each in sats] == ["0.5", "0", "0.5"]
    assert {each["ASC_SOP"] for each in sats} == {"(1 1 1) (0 0 0) (1 1 1)"}
    assert len(list(root[0])) == 4


def test_otio_has_the_result_on_the_track_above(tmp_path: Path) -> None:
    film, result = drawn(tmp_path / "film.mov", timecode="00:59:00:00"), drawn(tmp_path / "result.mov")
    listed(film, tmp_path / "cut.otio", second(LookValues(saturation=1.5)), result)
    made = otio.adapters.read_from_file(str(tmp_path / "cut.otio"))
    below, above = made.video_tracks()
    for track, path, first in ((below, film, 24 * 59 * 60), (above, result, 0)):
        assert [round(clip.source_range.start_time.value) - first for clip in track] == [0, 12, 24]
        assert {clip.media_reference.target_url for clip in track} == {path.as_uri()}
        assert {round(clip.media_reference.available_range.start_time.value) for clip in track} == {first}
    assert made.duration() == otio.opentime.RationalTime(36, 24)
    assert [clip.metadata["cdl"]["asc_sat"] for clip in above] == [0.5, 1.5, 0.5]
    assert not any("cdl" in clip.metadata for clip in below)


def test_a_result_is_counted_at_the_films_rate(tmp_path: Path) -> None:
    film, result = drawn(tmp_path / "film.mov"), drawn(tmp_path / "result.mov", Fraction(25))  # as of uneven film
    made = otio.adapters.read_from_file(str(listed(film, tmp_path / "cut.otio", result=result)))
    spans = [[(clip.source_range.start_time, clip.duration()) for clip in track] for track in made.video_tracks()]
    assert spans[0] == spans[1]


def test_an_edl_of_the_result_is_recorded_at_the_films_timecode(tmp_path: Path) -> None:
    film, result = drawn(tmp_path / "film.mov", timecode="00:59:00:00"), drawn(tmp_path / "result.mov")
    listed(film, tmp_path / "cut.edl", second(LookValues(neutral=True)), result)
    text = (tmp_path / "cut.edl").read_text()
    assert "002  RESULT   V     C        00:00:00:12 00:00:01:00 00:59:00:12 00:59:01:00" in text
    assert "* ASC_SOP (1 1 1) (0 0 0) (1 1 1)\n* ASC_SAT 0\n" in text
    (track,) = otio.adapters.read_from_file(str(tmp_path / "cut.edl"), rate=24).video_tracks()
    assert [clip.metadata["cdl"]["asc_sat"] for clip in track] == [0.5, 0, 0.5]
    assert list(track[0].metadata["cdl"]["asc_sop"]["slope"]) == [1, 1, 1]


@pytest.mark.parametrize("suffix", [".ccc", ".cdl"])
def test_colour_decisions_name_each_shot(tmp_path: Path, suffix: str) -> None:
    film = drawn(tmp_path / "film.mov", timecode="01:00:00:00")
    root = ElementTree.parse(listed(film, tmp_path / f"film{suffix}", second(LookValues(saturation=1.25)))).getroot()
    assert root.tag == CDL + ("ColorCorrectionCollection" if suffix == ".ccc" else "ColorDecisionList")
    if suffix == ".cdl":
        assert [each.get("ref") for each in root.iter(f"{CDL}MediaRef")] == 3 * [film.as_uri()]
    made = list(root.iter(f"{CDL}ColorCorrection"))
    assert [each.get("id") for each in made] == ["shot_1", "shot_2", "shot_3"]
    assert [each.tag.removeprefix(CDL) for each in made[1]] == ["Description", "SOPNode", "SatNode"]
    assert "01:00:00:12" in str(made[1][0].text)
    assert [[part.text for part in node] for node in made[1][1:]] == [["1 1 1", "0 0 0", "1 1 1"], ["1.25"]]


def test_a_change_within_a_shot_and_what_a_list_does_not_say_are_told() -> None:
    rate = Fraction(24)
    look = look_of(((Range(Fraction(1, 4), Fraction(3, 2)),), LookValues(saturation=2.0, warmth=10.0)))
    assert saturations(look, three(rate)) == (1.0, 2.0, 2.0)
    assert list(look_notes(look, three(rate), 1 / rate / 2)) == [
        "saturation changes within shot 1: the list has that of its first frame",
        "the list says saturation alone, and not warmth",
    ]


@pytest.mark.parametrize(
    ("suffix", "has_look", "has_result", "what"),
    [(".csv", True, False, "no place for a look's saturation"), (".toml", False, True, "no place for a result"),
     (".ccc", True, True, "no place for a result"), (".cdl", False, False, "holds the saturation that a look sets"),
     (".otio", False, True, "lasts 00:00:01.440, and film.mov 00:00:01.500: it is no")],
)  # fmt: skip
def test_what_a_list_has_no_place_for_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, has_look: bool, has_result: bool, what: str
) -> None:
    film, other = drawn(tmp_path / "film.mov"), drawn(tmp_path / "other.mov", Fraction(25))
    monkeypatch.setattr("pipelines.preview.edit.MAX_DIFFERENCE", Fraction(1, 100))
    view = open_view(film, tmp_path / f"cut{suffix}", SHOTS, Settings(look=look_of() if has_look else None))
    with pytest.raises(FilmError) as caught:
        edit_of(view, other if has_result else None)
    assert what in str(caught.value)


def test_an_fcpxml_of_a_rate_without_timecode_is_refused(tmp_path: Path) -> None:
    view: View = open_view(drawn(tmp_path / "film.mov", Fraction(18)), tmp_path / "cut.fcpxml", SHOTS, Settings())
    with pytest.raises(FilmError, match="an FCPXML has no timecode for 18 frames a second"):
        edit_of(view)


def test_a_looks_shots_are_found_and_listed(tmp_path: Path) -> None:
    film, path = drawn(tmp_path / "film.mov"), tmp_path / "film.look.toml"
    path.write_text("[film]\nsaturation = 0.5\n[[shot]]\nnumber = 2\nsaturation = 0.75\n")
    from restore.options.look import with_look

    shots(film, tmp_path / "cut.ccc", with_look(Settings(), path))
    root = ElementTree.parse(tmp_path / "cut.ccc").getroot()
    assert [each.text for each in root.iter(f"{CDL}Saturation")] == ["0.5", "0.75", "0.5"]
