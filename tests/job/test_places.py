"""Places in a film that people write as timecode, frames or shots are found to the frame."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from pipelines.errors import SettingsError
from pipelines.job.finder import Finder
from pipelines.job.identity import flattened
from pipelines.job.job import prepare
from pipelines.job.span import in_film
from pipelines.media.probe import probe
from pipelines.ranges import When, in_seconds
from pipelines.settings import Hint, Settings
from tests.made import clips
from tests.made.pictures import pan
from tests.made.readers import times
from tests.made.runs import Films
from tests.made.tracks import PictureTrack, write

NTSC, FILM_NTSC = Fraction(30_000, 1001), Fraction(24_000, 1001)
RATES = [
    pytest.param(rate, marks=[] if rate in (18, NTSC) else [pytest.mark.slow], id=str(float(rate)))
    for rate in (Fraction(16), Fraction(18), FILM_NTSC, Fraction(25), NTSC, Fraction(60))
]


def of_rate(path: Path, rate: Fraction, timecode: str = "", frames: int = 90) -> Path:
    """A shot at this rate."""
    return write(path, PictureTrack(pan(frames), rate=rate, timecode=timecode))


def found(film: Path, place: str, settings: Settings | None = None, is_end: bool = False) -> Fraction:
    return Finder(probe(film), settings or Settings())(When(place), "--start", is_end)


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".ts"])
@pytest.mark.parametrize("rate", RATES)
def test_a_frame_is_found_whatever_its_container_rounds(films: Films, rate: Fraction, ending: str) -> None:
    film = films(of_rate, ending, rate=rate)
    shown = [time - times(film)[0] for time in times(film)]
    for number in (0, 1, 2, 7, 40, 89):
        assert found(film, f"f{number}") == shown[number]


@pytest.mark.parametrize(
    ("rate", "written", "frame"),
    [(Fraction(25), "00:00:02:10", 60), (Fraction(18), "00:00:01:05", 23), (NTSC, "00:00:02:03", 63),
     (NTSC, "00:00:02;03", 63)],
)  # fmt: skip
def test_timecode_counts_from_the_films_first_frame(films: Films, rate: Fraction, written: str, frame: int) -> None:
    film = films(of_rate, ".mkv", rate=rate)
    assert found(film, written) == times(film)[frame] - times(film)[0]


@pytest.mark.parametrize(
    ("own", "written", "frame"),
    [("00:00:58:00", "00:00:59:10", 40), ("00:00:58;00", "00:01:00;02", 60), ("00:00:58;00", "00:01:00:02", 60),
     ("23:59:59:00", "00:00:00:05", 35)],
)  # fmt: skip
def test_or_from_its_own_timecode(films: Films, own: str, written: str, frame: int) -> None:
    film = films(of_rate, ".mov", rate=NTSC, timecode=own)
    assert found(film, written, Settings(timecode_start=True)) == times(film)[frame]


@pytest.mark.parametrize(
    ("own", "written", "is_own", "what"),
    [("01:00:00:00", "01:00:01:00", False, "lies after the film's end (00:00:03.600); --timecode-start counts from its "
      "own timecode, 01:00:00:00 at its first frame"),
     ("01:00:00:00", "01:00:09:00", True, "--start 01:00:09:00 lies after the film's end (00:00:03.600); choose"),
     ("01:00:00:00", "00:59:59:24", True, "lies before the film's first frame, 01:00:00:00; choose a later time"),
     ("01:00:00:00", "01:00:00:25", True, "--start '01:00:00:25' is not valid at 25 frames a second; write"),
     ("01:00:00:00", "01:00:00;05", True, "--start '01:00:00;05' is not valid at 25 frames a second"),
     ("", "00:00:01:00", True, "cannot be counted from its timecode: it has none; leave out --timecode-start"),
     ("", "f90", False, "--start f90 lies after the film's end (00:00:03.600); choose an earlier time"),
     ("", "shot 2", False, "shot 2 is not in the film, which has 1 shot; restore shots lists them")],
)  # fmt: skip
def test_a_place_that_is_not_in_the_film_is_refused(
    films: Films, own: str, written: str, is_own: bool, what: str
) -> None:
    film = films(of_rate, ".mov", rate=Fraction(25), timecode=own)
    with pytest.raises(SettingsError) as caught:
        found(film, written, Settings(timecode_start=is_own))
    assert what in str(caught.value)


def test_a_shot_is_found_from_its_first_frame_to_its_last(films: Films, settings: Settings, tmp_path: Path) -> None:
    film = films(clips.with_cuts, ".mp4")
    job = prepare(film, tmp_path / "out.mp4", replace(settings, start=When("shot 2"), end=When("shot2")))
    assert (job.span.start, job.span.end) == (Fraction(12, 24), Fraction(24, 24))


def test_places_of_hints_are_found_too(films: Films, settings: Settings) -> None:
    film = probe(films(of_rate, ".mp4", rate=Fraction(25)))
    hinted = replace(settings, hints=(Hint(When("00:00:01:05"), 1, 2, (3.0, 4.0)),))
    (hint,) = in_film(hinted, Finder(film, hinted)).hints
    assert hint.time == Fraction(30, 25)


def test_an_end_before_the_start_is_refused_as_it_was_written(films: Films) -> None:
    film, settings = films(of_rate, ".mp4", rate=Fraction(25)), Settings(start=When("f30"), end=When("00:00:01:05"))
    with pytest.raises(SettingsError, match="--end 00:00:01:05 must lie after --start f30"):
        in_film(settings, Finder(probe(film), settings))


@pytest.mark.parametrize("written", ["", "f", "shot 0", "12", "1:00", "00:00:00:1", "f-1"])
def test_other_words_are_no_place(written: str) -> None:
    with pytest.raises(ValueError, match="is no place in a film"):
        When(written)


def test_a_place_that_was_not_looked_for_is_no_time() -> None:
    with pytest.raises(TypeError, match="f12 was not looked for"):
        in_seconds(When("f12"))


def test_records_name_the_count_of_timecode_only_where_it_is_asked_for() -> None:
    assert "timecode_start" not in flattened(Settings(start=Fraction(1)))
    assert flattened(Settings(timecode_start=True))["timecode_start"] == "True"
