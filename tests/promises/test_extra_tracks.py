"""The other streams of the drawn films are there, and are what their names claim."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from av.error import InvalidDataError
from av.stream import Discard, Disposition

from tests.made import clips
from tests.made.readers import packets, pts_list


def kinds(path: Path) -> list[str]:
    """What each stream is: its codec, or its type where PyAV has none."""
    with av.open(path) as film:
        return [stream.codec_context.name if stream.codec_context else stream.type for stream in film.streams]


def decode_errors(path: Path, stream_index: int) -> int:
    """Packets of a stream that the decoder refuses."""
    errors = 0
    with av.open(path) as film:
        for packet in film.demux(film.streams[stream_index]):
            try:
                packet.decode()
            except InvalidDataError:
                errors += 1
    return errors


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".ts"])
def test_plain_has_no_sound_and_with_audio_has(tmp_path: Path, ending: str) -> None:
    assert len(kinds(clips.plain(tmp_path / f"silent{ending}"))) == 1
    path = clips.with_audio(tmp_path / f"film{ending}")
    with av.open(path) as film:
        assert [stream.type for stream in film.streams] == ["video", "audio"]
    assert decode_errors(path, 1) == 0


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv", ".ts"])
def test_three_languages_of_which_one_is_damaged(tmp_path: Path, ending: str) -> None:
    path = clips.with_audio(tmp_path / f"film{ending}", ("eng", "fra", "ger"), damaged=("fra",))
    with av.open(path) as film:
        assert [stream.language for stream in film.streams.audio] == ["eng", "fra", "ger"]
    assert len({len(packets(path, index)) for index in (1, 2, 3)}) == 1
    errors = [decode_errors(path, index) for index in (1, 2, 3)]
    assert errors[0] == errors[2] == 0
    assert errors[1] > 0


@pytest.mark.parametrize(("ending", "codec"), [(".mp4", "mov_text"), (".mkv", "srt"), (".webm", "webvtt")])
def test_subtitles_hold_their_lines(tmp_path: Path, ending: str, codec: str) -> None:
    path = clips.with_subtitles(tmp_path / f"film{ending}")
    assert kinds(path)[1] == codec
    with av.open(path) as film:
        assert film.streams.subtitles[0].language == "ger"
    lines = [content[2:] if codec == "mov_text" else content for content in packets(path, 1)]
    assert [line.decode() for line in lines if line] == ["Guten Tag", "Auf Wiedersehen"]


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv"])
def test_chapters_and_title_are_read_back(tmp_path: Path, ending: str) -> None:
    with av.open(clips.with_chapters(tmp_path / f"film{ending}")) as film:
        assert film.metadata["title"] == "Street"
        chapters = [
            (chapter["metadata"]["title"], chapter["start"] * (chapter["time_base"] or 0))
            for chapter in film.chapters()
        ]
        assert chapters == [("One", 0), ("Two", pytest.approx(0.4))]
        helpers = [stream.type for stream in film.streams if stream.discard == Discard.all]
        assert helpers == ([] if ending == ".mkv" else ["data"])


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_cover_is_an_attached_picture(tmp_path: Path, ending: str) -> None:
    path = clips.with_cover(tmp_path / f"film{ending}")
    with av.open(path) as film:
        assert film.streams[1].disposition == Disposition.attached_pic
    (jpeg,) = packets(path, 1)
    assert jpeg.startswith(b"\xff\xd8")
    assert len(pts_list(path)) == 24


def test_font_is_an_attachment(tmp_path: Path) -> None:
    path = clips.with_font(tmp_path / "film.mkv")
    with av.open(path) as film:
        attachment = film.streams[1]
        assert (attachment.type, attachment.metadata["filename"]) == ("attachment", "street.ttf")
    assert packets(path, 1) == [b"\0\1\0\0" + bytes(range(200))]


@pytest.mark.parametrize("ending", [".mov", ".mp4"])
def test_timecode_is_a_data_stream(tmp_path: Path, ending: str) -> None:
    path = clips.with_timecode(tmp_path / f"film{ending}")
    assert kinds(path)[1] == "data"
    assert packets(path, 1) == [(((1 * 60 + 2) * 60 + 3) * 24 + 4).to_bytes(4, "big")]  # frames since midnight


def test_data_is_a_data_stream(tmp_path: Path) -> None:
    path = clips.with_data(tmp_path / "film.ts")
    assert kinds(path)[1] == "data"
    assert [content[-1] for content in packets(path, 1)] == list(range(10))


@pytest.mark.parametrize(
    ("ending", "streams"),
    [
        (".mp4", ["h264", "aac", "aac", "aac", "mov_text", "data", "mjpeg"]),
        (".mov", ["h264", "aac", "aac", "aac", "mov_text", "data"]),
        (".mkv", ["h264", "aac", "aac", "aac", "srt", "mjpeg", "attachment"]),
    ],
)
def test_everything_holds_all_that_its_container_can(tmp_path: Path, ending: str, streams: list[str]) -> None:
    path = clips.everything(tmp_path / f"film{ending}")
    assert kinds(path) == streams
    with av.open(path) as film:
        assert len(film.chapters()) == 2
    assert decode_errors(path, 2) > 0
