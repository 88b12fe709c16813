"""A span of a film is that part of it, and says so in timecode."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest

from pipelines.settings import Settings
from tests.made.pictures import pan
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
