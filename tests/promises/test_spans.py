"""A span of a film is that part of it, and says so in timecode."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import pytest

from pipelines.errors import DamagedError, InputError, SettingsError
from pipelines.settings import Settings
from restore.api import restore_film
from tests.made import broken, clips
from tests.made.pictures import pan
from tests.made.previewed import done, restore
from tests.made.readers import true_lumas
from tests.made.runs import Films
from tests.made.tracks import PictureTrack, write

NTSC = Fraction(30_000, 1001)


def with_timecode(path: Path, rate: Fraction, timecode: str) -> Path:
    """Four seconds with this timecode at the first frame."""
    codec = "mpeg2video" if path.suffix == ".mxf" else "libx264"
    return write(path, PictureTrack(pan(4 * round(rate)), rate=rate, timecode=timecode, codec=codec))


def timecodes(path: Path) -> set[str]:
    """All timecode in the tags of a file and its streams."""
    with av.open(path) as film:
        every = [film.metadata, *(stream.metadata for stream in film.streams)]
        return {value for tags in every for name, value in tags.items() if name.lower() == "timecode"}


@pytest.mark.parametrize(
    ("rate", "own", "start", "moved"),
    [(Fraction(25), "01:00:00:00", Fraction(1), "01:00:01:00"), (NTSC, "00:00:58:00", Fraction(3), "00:01:01:00"),
     (NTSC, "00:00:58;00", Fraction(3), "00:01:01;02"), (Fraction(24), "23:59:59:12", Fraction(1), "00:00:00:12"),
     (Fraction(25), "01:00:00:00", Fraction(1, 100), "01:00:00:01")],
    ids=["25", "29.97", "29.97-drop", "midnight", "between-frames"],
)  # fmt: skip
def test_a_span_has_the_timecode_of_its_first_frame(
    films: Films, settings: Settings, rate: Fraction, own: str, start: Fraction, moved: str
) -> None:
    film = films(with_timecode, ".mov", rate=rate, timecode=own)
    assert timecodes(film) == {own}
    assert timecodes(films.restored(film, replace(settings, start=start))) == {moved}


@pytest.mark.parametrize(("ending", "out"), [(".mkv", ".mkv"), (".mov", ".mp4"), (".mxf", ".mov"), (".mxf", ".mkv")])
def test_every_container_says_it(films: Films, settings: Settings, ending: str, out: str) -> None:
    film = films(with_timecode, ending, rate=Fraction(25), timecode="10:00:00:00")
    assert "10:00:00:00" in timecodes(film)
    result = films.restored(film, replace(settings, start=Fraction(2)), out)
    assert timecodes(result) == {"10:00:02:00"}


def test_a_span_from_the_beginning_keeps_it(films: Films, settings: Settings) -> None:
    film = films(with_timecode, ".mov", rate=Fraction(25), timecode="10:00:00:00")
    assert timecodes(films.restored(film, replace(settings, end=Fraction(1)))) == {"10:00:00:00"}


def of_two_sizes(path: Path) -> Path:
    """Two seconds of 128x96, then two of 64x48, at 24 frames a second, in one stream."""
    how: Any = {"codec": "mpeg2video", "options": {"bf": "0"}}  # x264 would begin each part two frames late
    parts = [PictureTrack(pan(48), **how), PictureTrack(pan(48, width=64, height=48), pts=range(48, 96), **how)]
    names = [write(path.with_name(f"{number}{path.suffix}"), part) for number, part in enumerate(parts)]
    path.write_bytes(b"".join(name.read_bytes() for name in names))
    return path


def size_and_frames(path: Path) -> tuple[int, int, int]:
    with av.open(path) as film:
        frames = list(film.decode(video=0))
        return frames[0].width, frames[0].height, len(frames)


def test_a_film_whose_size_changes_is_done_in_two_spans(films: Films, settings: Settings, tmp_path: Path) -> None:
    film, short = films(of_two_sizes, ".ts"), replace(settings, segment=Fraction(1))
    with pytest.raises(InputError, match=r"the picture changes .*; --start and --end split the film there") as caught:
        restore_film(film, tmp_path / "out.ts", short)
    change = caught.value.at
    assert change == Fraction(47, 24)  # FFmpeg's decoder gives up the last frame before a change
    assert size_and_frames(films.restored(film, replace(short, end=change))) == (128, 96, 47)
    assert size_and_frames(films.restored(film, replace(short, start=change))) == (64, 48, 48)


@pytest.mark.parametrize(
    ("start", "end"), [(None, Fraction(18, 24)), (Fraction(1), None), (Fraction(3, 2), Fraction(2))]
)
def test_damage_outside_a_span_does_not_fail_it(
    films: Films, settings: Settings, start: Fraction | None, end: Fraction | None
) -> None:
    film = films(broken.damaged_packets, ".mp4", scrambled=(20, 21))
    with av.open(films.restored(film, replace(settings, start=start, end=end))) as result:
        frames = len(list(result.decode(video=0)))
    assert frames == 24 * ((end or 2) - (start or 0))


def test_what_is_built_on_damage_before_a_span_is_damaged(films: Films, settings: Settings, tmp_path: Path) -> None:
    film = films(broken.damaged_packets, ".mp4", scrambled=(14,))
    with pytest.raises(DamagedError):
        restore_film(film, tmp_path / "out.mp4", replace(settings, start=Fraction(20, 24)))


def test_a_shot_alone_has_its_very_frames(films: Films, settings: Settings, tmp_path: Path, small: list[str]) -> None:
    film, out = films(clips.with_cuts, ".mp4"), tmp_path / "out.mp4"
    lines = done(film, "-o", out, "--shot", "2", "--codec", "ffv1", *small)
    assert any("looks through the whole film for its shots first" in line for line in lines)
    events = done(film, "-o", tmp_path / "again.mp4", "--shot", "2", "--codec", "ffv1", "--json", *small)
    assert [event for event in map(json.loads, events) if event["event"] == "phase"] == [
        {"event": "phase", "phase": "finding shots", "seconds": 1.5}
    ]
    assert [luma.tobytes() for _, luma in true_lumas(out)] == [luma.tobytes() for _, luma in true_lumas(film)[12:24]]


@pytest.mark.parametrize(("at", "size"), [("1.9", (128, 96)), ("3", (64, 48))])
def test_a_look_shows_the_picture_at_the_size_it_has_there(
    films: Films, tmp_path: Path, small: list[str], at: str, size: tuple[int, int]
) -> None:
    film, out = films(of_two_sizes, ".ts"), tmp_path / "still.png"
    done("still", film, "--at", at, "-o", out, *small)
    width, height = size
    assert cv2.imread(str(out)).shape[:2] == (height, 2 * width)
    done("preview", film, "--at", at[:1], "--seconds", "0.5", "-o", tmp_path / "preview.mp4", *small)
    assert size_and_frames(tmp_path / "preview.mp4")[2] == 12


@pytest.mark.parametrize("other", [("--start", "0"), ("--end", "1")])
def test_a_shot_goes_with_no_other_span(other: tuple[str, str]) -> None:
    result = restore("film.mp4", "--shot", "2", *other)
    assert result.exit_code == 2
    assert "--shot is a span of its own; leave out --start and --end" in result.stderr


@pytest.mark.parametrize(
    ("rate", "own", "asked", "out"),
    [(NTSC, "00:00:58;00", "01:00:00;00", ".mov"), (Fraction(25), "", "01:00:00:00", ".mp4"),
     (NTSC, "", "10:00:00:00", ".mkv")],
)  # fmt: skip
def test_a_result_has_the_first_timecode_that_is_asked_for(
    films: Films, settings: Settings, tmp_path: Path, rate: Fraction, own: str, asked: str, out: str
) -> None:
    film = films(with_timecode, ".mov", rate=rate, timecode=own)
    without = restore_film(film, tmp_path / f"without{out}", replace(settings, start=Fraction(3)))
    assert timecodes(without) == ({"00:01:01;02"} if own else set())
    asking = replace(settings, start=Fraction(3), first_timecode=asked, verify=True)
    assert timecodes(restore_film(film, tmp_path / f"out{out}", asking)) == {asked}


@pytest.mark.parametrize(
    ("rate", "asked", "out", "what"),
    [(Fraction(25), "01:00:00:25", ".mov", "--first-timecode '01:00:00:25' is not valid at 25 frames a second"),
     (Fraction(25), "01:00:00;00", ".mov", "is not valid at 25"), (Fraction(25), "1 h", ".mov", "is not valid at 25"),
     (NTSC, "01:01:00;00", ".mov", "the next is 01:01:00;02"),
     (Fraction(18), "01:00:00:00", ".mov", "no timecode for 18"),
     (Fraction(25), "01:00:00:00", ".ts", "mpegts keeps no --first-timecode")],
)  # fmt: skip
def test_a_first_timecode_that_cannot_be_is_refused(
    films: Films, settings: Settings, tmp_path: Path, rate: Fraction, asked: str, out: str, what: str
) -> None:
    film = films(with_timecode, ".mov", rate=rate, timecode="")
    with pytest.raises(SettingsError) as caught:
        restore_film(film, tmp_path / f"out{out}", replace(settings, first_timecode=asked))
    assert what in caught.value.what
    assert list(tmp_path.iterdir()) == []
