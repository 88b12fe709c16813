"""What the commands that look at a film cannot do, they say in one line, and early."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from tests.made import broken, clips
from tests.made.pictures import pan
from tests.made.previewed import done, restore
from tests.made.runs import Films, listing
from tests.made.tracks import PictureTrack, write


@pytest.mark.parametrize(
    ("args", "code", "what"),
    [
        (["preview", "FILM", "--at", "99"], 2, "--at 00:01:39.000 lies after the film's end (00:00:01.000); choose"),
        (["preview", "FILM", "--at", "0", "--seconds", "0"], 2, "'--seconds': must be above 0 seconds"),
        (["still", "FILM", "--at", "99"], 2, "--at 00:01:39.000 lies after the film's end"),
        (["still", "FILM", "--at", "0.99"], 2, "at 00:00:00.990: no frame begins from there on; choose an earlier"),
        (["preview", "FILM", "--at", "0.99"], 2, "at 00:00:00.990: no frame begins from there on"),
        (["preview", "FILM", "--at", "0.02", "--seconds", "0.01"], 2, "no frame lies in the span; choose another --at"),
        (["preview", "FILM", "-o", "OUT.avi"], 1, "a preview cannot be written as .avi; known: .mp4, .m4v, .mov"),
        (["sheet", "FILM", "-o", "OUT.jpg"], 1, "a contact sheet cannot be written as .jpg"),
        (["shots", "FILM", "-o", "OUT"], 1, "a shot list cannot be written as a file without suffix"),
        (["preview", "lost.mp4"], 2, "no such file"),
        (["preview", "FILM", "--at", "0", "--network", "none"], 2, "no network"),
        (["preview", "FILM", "--saturation", "1", "--saturation", "2"], 2, "--variants shows all its values"),
        (["preview", "FILM", "--variants", "--saturation", "1"], 2, "--variants compares values"),
        (["preview", "FILM", "--variants", "--steady", "0", "--steady", "1", "--layout", "side"], 2, "leave out"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_in_one_line(
    films: Films, tmp_path: Path, args: list[str], code: int, what: str
) -> None:
    film = films(clips.plain, ".mp4")
    before = listing(film.parent)
    result = restore(*(arg.replace("FILM", str(film)).replace("OUT", str(tmp_path / "out")) for arg in args))
    assert result.exit_code == code, result.output
    assert what in result.stderr.splitlines()[-1]
    assert result.stdout == "" or "no frame lies" in what
    assert listing(film.parent) == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("args", [["shots"], ["sheet"], ["preview", "--timecode"]], ids=lambda args: args[0])
def test_a_timecode_that_is_none_is_reported_before_the_film_is_looked_at(films: Films, args: list[str]) -> None:
    def draw(path: Path) -> Path:
        return write(path, PictureTrack(pan(2)), metadata={"timecode": "00:00:00:99"})

    command, *options = args
    result = restore(command, films(draw, ".avi"), *options)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "its timecode '00:00:00:99' is not valid at 24 frames a second" in result.stderr


def test_an_edl_of_a_rate_without_timecode_is_refused_before_the_film_is_looked_at(
    films: Films, tmp_path: Path
) -> None:
    def draw(path: Path) -> Path:
        return write(path, PictureTrack(pan(2), rate=Fraction(18)))

    result = restore("shots", films(draw, ".mp4"), "-o", tmp_path / "list.edl")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "an EDL has no timecode for 18 frames a second; write .otio or .csv" in result.stderr


def test_a_film_with_colours_is_refused_unless_asked_for(films: Films, small: list[str], tmp_path: Path) -> None:
    film = films(broken.in_colour, ".mp4")
    result = restore("preview", film, "-o", tmp_path / "out.mp4", "--at", "0", *small)
    assert result.exit_code == 1
    assert "--recolour colours it anew" in result.stderr
    done("preview", film, "-o", tmp_path / "out.mp4", "--at", "0", "--recolour", *small)


def test_a_result_that_exists_stays(films: Films, small: list[str], tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    out.write_text("mine")
    result = restore("preview", films(clips.plain, ".mp4"), "-o", out, "--at", "0", *small)
    assert (result.exit_code, out.read_text()) == (1, "mine")
    assert "exists already; --overwrite replaces it" in result.stderr


def test_a_preview_larger_than_players_take_is_refused(films: Films, small: list[str], tmp_path: Path) -> None:
    def draw(path: Path) -> Path:
        return write(
            path, PictureTrack(pan(2, width=2400, height=64), codec="libx264", options={"preset": "ultrafast"})
        )

    result = restore("preview", films(draw, ".mp4"), "-o", tmp_path / "out.mp4", "--at", "0", *small)
    assert result.exit_code == 2
    assert "4800x64, players take 4096x2304 at most; choose a smaller --height" in result.stderr
