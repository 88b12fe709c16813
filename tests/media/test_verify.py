"""A result is read back before it gets its name; what is missing, or refused, is told in one line."""

from __future__ import annotations

import errno
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest

from pipelines.errors import OutputError
from pipelines.media.verify import Muxing, Tally, check_written
from pipelines.settings import Settings
from restore.api import restore_film
from tests.made import clips
from tests.made.readers import packets
from tests.made.runs import Films
from tests.made.sounds import with_sound

RESULT = Path("film.mp4")


def tallied(path: Path) -> dict[int, Tally]:
    """The packets of a film, counted as its writer would have."""
    with av.open(path) as film:
        tallies = {stream.index: Tally(f"{stream.type} stream") for stream in film.streams}
        for packet in film.demux():
            if packet.size:
                tallies[packet.stream_index].add(packet)
    return tallies


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv", ".ts"])
def test_a_whole_result_is_taken(films: Films, ending: str) -> None:
    film = films(clips.with_audio, ending)
    check_written(film, RESULT, tallied(film), 0)


@pytest.mark.parametrize(
    ("stream", "changes", "message"),
    [
        (0, {"packets": 25}, r"film\.mp4: 25 packets of video stream were written, and 24 are in it; "),
        (0, {"packets": 23}, r"film\.mp4: 23 packets of video stream were written, and 24 are in it; "),
        (
            0,
            {"first": Fraction(1, 24)},
            r"the first packet of video stream is shown at 00:00:00\.000, and belongs to 00:00:00\.042; ",
        ),
        (
            0,
            {"last": Fraction(1)},
            r"the last packet of video stream is shown at 00:00:00\.958, and belongs to 00:00:01\.000; ",
        ),
        (1, {"packets": 999, "size": 10**6}, r"999 packets of audio stream were written, and 48 are in it; "),
        (2, {}, r"film\.mp4: 3 streams were written, and 2 are in it; name another container"),
    ],
)
def test_what_a_result_lacks_is_reported(films: Films, stream: int, changes: dict[str, object], message: str) -> None:
    film = films(clips.with_audio, ".mp4")
    written = tallied(film)
    written[stream] = replace(written.get(stream, written[1]), **changes)  # type: ignore[arg-type]
    with pytest.raises(OutputError, match=message):
        check_written(film, RESULT, written, 0)


def earlier(tally: Tally, by: Fraction) -> Tally:
    """The packets at earlier times."""
    assert tally.first is not None
    assert tally.last is not None
    return replace(tally, first=tally.first - by, last=tally.last - by)


def test_all_streams_may_be_moved_by_what_lies_before_zero(films: Films) -> None:
    film, by = films(clips.with_audio, ".mkv"), Fraction(1, 50)
    written = {index: earlier(tally, by) for index, tally in tallied(film).items()}
    check_written(film, RESULT, written, 0)
    with pytest.raises(OutputError, match=r"the first packet of audio stream is shown at "):
        check_written(film, RESULT, written | {1: earlier(written[1], -by)}, 0)


def test_a_result_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    part = tmp_path / "part"
    part.write_bytes(bytes(1000))
    with pytest.raises(OutputError, match=r"film\.mp4: cannot be read back \(Invalid data"):
        check_written(part, RESULT, {0: Tally("the picture", 1)}, 0)


def jumping_back(path: Path) -> Path:
    """A Matroska film whose 30th packet of sound has the time of the first of its cluster."""
    clips.with_audio(path)
    content, packet = path.read_bytes(), packets(path, 1)[30]
    at = content.index(packet) - 3  # of a block's time, before its flags and its packet
    path.write_bytes(content[:at] + bytes(2) + content[at + 2 :])
    return path


@pytest.mark.parametrize(("ending", "container"), [(".mkv", "matroska"), (".mp4", "mp4")])
def test_what_the_muxer_refuses_after_the_work_is_one_line_with_container_and_stream(
    films: Films, settings: Settings, ending: str, container: str
) -> None:
    film = films(jumping_back, ".mkv")
    with pytest.raises(OutputError) as caught:
        restore_film(film, film.with_name(f"refused{ending}"), settings)
    assert re.search(rf"refused{ending}: {container} refuses audio stream 1 \(aac\) \(.+\); ", str(caught.value))
    assert str(caught.value).splitlines() == [str(caught.value)]


def test_errors_of_the_disk_are_not_the_muxers() -> None:
    with pytest.raises(OSError, match="full"), Muxing(RESULT, "mp4"):
        raise av.error.OSError(errno.ENOSPC, "full")


def test_sound_that_a_reader_cuts_anew_counts_as_whole(films: Films, settings: Settings) -> None:
    film = films(with_sound, ".avi", codec="libmp3lame")
    assert b"".join(packets(films.restored(film, settings, ".ts"), 1)) == b"".join(packets(film, 1))
