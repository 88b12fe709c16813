"""Shot lists say what the library that reads them says, to the frame."""

from __future__ import annotations

import csv
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import opentimelineio as otio
import pytest

from pipelines.errors import OutputError
from pipelines.film import restore
from pipelines.job.job import prepare
from pipelines.job.shots import Shot, find_shots
from pipelines.media.timecode import Clock
from pipelines.preview import edit
from pipelines.preview.edit import edit_of
from pipelines.preview.shot_list import write_shots
from pipelines.preview.view import SHOTS, View, open_view
from pipelines.settings import Settings
from tests.made import clips
from tests.made.handmade import FILM, picture
from tests.made.labelled_cuts import TEARS_OF_STEEL, TEARS_OF_STEEL_FRAMES
from tests.made.pictures import cuts
from tests.made.runs import Films
from tests.made.tracks import PictureTrack, write

NTSC = Fraction(30_000, 1001)
ROWS = 192
LENGTH = 12
"""Frames of a shot of `clips.with_cuts`."""


def listed(film: Path, out: Path) -> list[Shot]:
    """The shots of a film, written to `out`."""
    view = open_view(film, out, SHOTS, Settings())
    shots = find_shots(view.film, view.settings, ROWS)
    write_shots(edit_of(view), shots)
    return shots


def spans(path: Path, rate: float) -> list[tuple[int, int]]:
    """First frame and length of each clip of a list, as the library reads it."""
    known = {"rate": rate} if path.suffix == ".edl" else {}
    timeline = otio.adapters.read_from_file(str(path), **known)
    (track,) = timeline.video_tracks()
    assert track[0].source_range.duration.rate == pytest.approx(rate)
    return [(round(clip.source_range.start_time.value), round(clip.source_range.duration.value)) for clip in track]


def made(tmp_path: Path, shots: int, rate: Fraction, suffix: str, clock: Clock | None = None) -> View:
    film = replace(FILM, path=tmp_path / "reel 12-b.mp4", picture=picture(frame_rate=rate))
    return View(film, tmp_path / f"list{suffix}", Settings())


def of_frames(firsts: list[int], rate: Fraction) -> list[Shot]:
    """Shots that begin at these frames; the last number is where the last one ends."""
    return [Shot(i, a / rate, b / rate, b - a, a / rate) for i, (a, b) in enumerate(pairwise(firsts), start=1)]


def test_shots_are_the_runs_own(films: Films, settings: Settings, tmp_path: Path) -> None:
    film = films(clips.with_cuts, ".mp4")
    job = prepare(film, tmp_path / "out.mp4", settings)
    shots = find_shots(job.film, settings, job.chosen.motion_rows)
    assert tuple(shot.start for shot in shots[1:]) == restore(job).cuts
    assert [shot.frames for shot in shots] == 3 * [LENGTH]


def test_shots_cover_the_film_without_gap(films: Films) -> None:
    view = open_view(films(clips.with_cuts, ".mp4"), None, SHOTS, Settings())
    shots = find_shots(view.film, view.settings, ROWS)
    assert shots[0].start == 0
    assert [shot.end for shot in shots[:-1]] == [shot.start for shot in shots[1:]]
    assert shots[-1].end == view.film.duration
    assert all(shot.start <= shot.middle < shot.end for shot in shots)


@pytest.mark.parametrize("suffix", [".edl", ".otio"])
def test_a_list_reads_back_to_the_frame(films: Films, tmp_path: Path, suffix: str) -> None:
    listed(films(clips.with_cuts, ".mp4"), tmp_path / f"list{suffix}")
    assert spans(tmp_path / f"list{suffix}", 24) == [(0, 12), (12, 12), (24, 12)]


@pytest.mark.parametrize("suffix", [".edl", ".otio"])
def test_a_list_of_labelled_shots_reads_back_to_the_frame(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setattr(edit, "clock_of", lambda film: Clock(Fraction(24), 0, False, ""))
    bounds = [0, *TEARS_OF_STEEL, TEARS_OF_STEEL_FRAMES]
    view = made(tmp_path, len(bounds) - 1, Fraction(24), suffix)
    write_shots(edit_of(view), of_frames(bounds, Fraction(24)))
    assert spans(view.out, 24) == [(first, end - first) for first, end in pairwise(bounds)]


def test_csv_has_a_line_for_each_shot(films: Films, tmp_path: Path) -> None:
    film = films(clips.with_cuts, ".mp4")
    listed(film, tmp_path / "list.csv")
    with (tmp_path / "list.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["start"] for row in rows] == ["00:00:00:00", "00:00:00:12", "00:00:01:00"]
    assert [(row["frames"], row["seconds"], row["source"]) for row in rows] == 3 * [("12", "0.500", film.name)]


@pytest.mark.parametrize("suffix", [".edl", ".otio"])
def test_drop_frame_lists_keep_their_frames_over_a_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setattr(edit, "clock_of", lambda film: Clock(NTSC, 0, True, ""))
    view = made(tmp_path, 3, NTSC, suffix)
    write_shots(edit_of(view), of_frames([0, 1799, 1800, 17_982], NTSC))
    assert spans(view.out, float(NTSC)) == [(0, 1799), (1799, 1), (1800, 16_182)]
    if suffix == ".edl":
        text = view.out.read_text()
        assert "FCM: DROP FRAME" in text
        assert "00:00:59;29 00:01:00;02" in text


def test_an_edl_of_2997_that_drops_nothing_counts_every_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edit, "clock_of", lambda film: Clock(NTSC, 0, False, ""))
    view = made(tmp_path, 2, NTSC, ".edl")
    write_shots(edit_of(view), of_frames([0, 1800, 1830], NTSC))
    text = view.out.read_text()
    assert "FCM: NON-DROP FRAME" in text
    assert "00:01:00:00 00:01:01:00" in text
    assert spans(view.out, 30) == [(0, 1800), (1800, 30)]


def test_a_list_counts_from_the_films_own_timecode(tmp_path: Path) -> None:
    film = write(tmp_path / "film.mov", PictureTrack(cuts(), timecode="01:00:00:00"))
    listed(film, tmp_path / "list.edl")
    hour = 24 * 3600
    assert spans(tmp_path / "list.edl", 24) == [(hour, 12), (hour + 12, 12), (hour + 24, 12)]


def test_reel_and_source_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    view = made(tmp_path, 1, Fraction(24), ".edl")
    monkeypatch.setattr(edit, "clock_of", lambda film: Clock(Fraction(24), 0, False, "A 001_C2-long"))
    write_shots(edit_of(view), of_frames([0, 24], Fraction(24)))
    (clip,) = otio.adapters.read_from_file(str(view.out), rate=24).video_tracks()[0]
    assert clip.metadata["cmx_3600"]["reel"] == "A001C2LO"
    assert clip.name == "reel 12-b.mp4"
    assert clip.media_reference.target_url == view.film.path.resolve().as_uri()


def test_a_film_without_a_reel_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    view = made(tmp_path, 1, Fraction(24), ".edl")
    monkeypatch.setattr(edit, "clock_of", lambda film: Clock(Fraction(24), 0, False, ""))
    write_shots(edit_of(view), of_frames([0, 24], Fraction(24)))
    assert "001  REEL12B " in view.out.read_text()


@pytest.mark.parametrize(
    ("rate", "count", "what"),
    [(Fraction(18), 2, "no timecode for 18 frames a second"), (Fraction(24), 1000, "holds 999 shots")],
)
def test_what_an_edl_cannot_hold_is_refused_and_otio_holds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rate: Fraction, count: int, what: str
) -> None:
    monkeypatch.setattr(edit, "clock_of", lambda film: Clock(rate, 0, False, ""))
    shots = of_frames(list(range(count + 1)), rate)
    with pytest.raises(OutputError, match=what):
        write_shots(edit_of(made(tmp_path, count, rate, ".edl")), shots)
    assert list(tmp_path.iterdir()) == []
    view = made(tmp_path, count, rate, ".otio")
    write_shots(edit_of(view), shots)
    assert spans(view.out, float(rate)) == [(i, 1) for i in range(count)]
