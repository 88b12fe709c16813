"""All that a film holds besides its picture is in the result, packet for packet; the film itself stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from av.container import OutputContainer
from av.stream import Discard, Disposition

from pipelines.media.copy import NO_TEXT
from pipelines.settings import Settings
from tests.made import clips, pictures
from tests.made.extra_tracks import SAMPLE_RATE, AudioTrack, SubtitleTrack, cover, font
from tests.made.readers import times
from tests.made.runs import HALF_SECOND, Films
from tests.made.tracks import Packets, PictureTrack, Track, write

Draw = Callable[..., Path]
SHARED_TAGS = ("language", "title", "filename", "mimetype")
"""Tags of a stream that tell of what it holds; others tell of the file that it was in."""


@dataclass(frozen=True)
class Other:
    """A stream besides the picture, as a test sees it."""

    kind: str
    codec: str
    tags: dict[str, str]
    disposition: Disposition
    packets: list[tuple[bytes, Fraction | None]]
    """Bytes and seconds; None where the packet has no time."""


def is_helper(stream: Any) -> bool:
    """Whether mp4 and mov made the stream themselves, of chapters."""
    return bool(stream.discard == Discard.all)


def other_streams(path: Path) -> list[Other]:
    """All streams but the first of pictures and helpers, in order."""
    with av.open(path) as film:
        chosen = [stream.index for stream in film.streams if not is_helper(stream)]
        chosen.remove(film.streams.video[0].index)
    return [read_stream(path, index) for index in chosen]


def read_stream(path: Path, index: int) -> Other:
    with av.open(path) as film:
        stream: Any = film.streams[index]
        codec = stream.codec_context.name if stream.codec_context is not None else ""
        tags = {name: value for name, value in stream.metadata.items() if name in SHARED_TAGS}
        if stream.type == "attachment":
            return Other(stream.type, codec, tags, stream.disposition, [(stream.data, None)])
        found = [packet for packet in film.demux(stream) if packet.size]
        content = [(bytes(p), None if p.pts is None else p.pts * p.time_base) for p in found]
        return Other(stream.type, codec, tags, stream.disposition, content)


def chapters(path: Path) -> list[tuple[str, Fraction, Fraction]]:
    """Title, start and end in seconds."""
    with av.open(path) as film:
        found: list[Any] = film.chapters()
    return [(c["metadata"]["title"], c["start"] * c["time_base"], c["end"] * c["time_base"]) for c in found]


def title(path: Path) -> str:
    with av.open(path) as film:
        return film.metadata["title"]


def three_languages(path: Path) -> Path:
    """Three tracks of sound, that in the middle damaged."""
    return clips.with_audio(path, ("eng", "fra", "ger"), damaged=("fra",))


def disposed(track: Track, disposition: Disposition, title: str) -> Track:
    """A track with a disposition and a title."""

    def add(out: OutputContainer) -> Packets:
        found = track(out)
        out.streams[-1].disposition = disposition
        out.streams[-1].metadata["title"] = title
        return found

    return add


def commentary(path: Path) -> Path:
    """A second track of sound, and subtitles, that say what they are for."""
    comment = disposed(AudioTrack("fra", 440), Disposition.comment, "Commentary")
    forced = disposed(SubtitleTrack(), Disposition.forced | Disposition.hearing_impaired, "Signs")
    return write(path, PictureTrack(pictures.pan()), AudioTrack(), comment, forced)


def sound_first(path: Path) -> Path:
    """The picture is not the first stream."""
    return write(path, AudioTrack(), PictureTrack(pictures.pan()), AudioTrack("fra", 440))


def two_pictures(path: Path) -> Path:
    """A second stream of pictures, another view."""
    return write(path, PictureTrack(pictures.pan()), PictureTrack(pictures.pan(shot=1)), AudioTrack())


def cover_and_font(path: Path) -> Path:
    return write(path, PictureTrack(pictures.pan()), cover, font)


HOLDING: list[tuple[Draw, str]] = [
    *((three_languages, ending) for ending in (".mp4", ".mov", ".mkv", ".ts")),
    (clips.with_audio, ".webm"),
    *((clips.with_subtitles, ending) for ending in (".mp4", ".mov", ".mkv", ".webm")),
    *((clips.with_cover, ending) for ending in (".mp4", ".mkv")),
    *((clips.with_timecode, ending) for ending in (".mp4", ".mov")),
    *((commentary, ending) for ending in (".mp4", ".mkv")),
    *((sound_first, ending) for ending in (".mp4", ".mkv", ".ts")),
    *((two_pictures, ending) for ending in (".mp4", ".mkv")),
    *((clips.everything, ending) for ending in (".mp4", ".mov", ".mkv")),
    (clips.with_font, ".mkv"),
    (cover_and_font, ".mkv"),
    (clips.with_data, ".ts"),
    (clips.plain, ".mp4"),
]


@pytest.mark.parametrize(("draw", "ending"), HOLDING, ids=lambda part: getattr(part, "__name__", part))
def test_other_streams_are_copied_packet_for_packet(films: Films, settings: Settings, draw: Draw, ending: str) -> None:
    film = films(draw, ending)
    out = films.restored(film, settings)
    assert other_streams(out) == other_streams(film)
    with av.open(film) as before, av.open(out) as after:
        assert after.streams.video[0].index == before.streams.video[0].index
    assert times(out) == times(film)


@pytest.mark.parametrize("ending", [".avi", ".mpg"])
def test_sound_goes_into_another_container_packet_for_packet(films: Films, settings: Settings, ending: str) -> None:
    film = films(clips.with_audio, ending)
    (before,), (after,) = other_streams(film), other_streams(films.restored(film, settings))
    assert [content for content, _ in after.packets] == [content for content, _ in before.packets]
    for (_, was), (_, now) in zip(before.packets, after.packets, strict=True):
        assert was is not None
        assert now is not None
        assert abs(now - was) <= Fraction(1, 2 * SAMPLE_RATE)


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("draw", [clips.with_chapters, clips.everything])
def test_chapters_and_the_title_are_kept(films: Films, settings: Settings, draw: Draw, ending: str) -> None:
    film = films(draw, ending)
    out = films.restored(film, settings)
    assert [title for title, _, _ in chapters(out)] == ["One", "Two"]
    assert chapters(out) == chapters(film)
    assert title(out) == title(film) == "Street"


@pytest.mark.parametrize("ending", [".mp4", ".mov"])
def test_the_timecode_is_kept(films: Films, settings: Settings, ending: str) -> None:
    with av.open(films.restored(films(clips.with_timecode, ending), settings)) as result:
        assert result.streams.video[0].metadata["timecode"] == "01:02:03:04"
        assert [stream.type for stream in result.streams] == ["video", "data"]


def test_cover_of_an_mkv_goes_into_an_mp4(films: Films, settings: Settings) -> None:
    film = films(clips.with_cover, ".mkv")
    (before,), (after,) = other_streams(film), other_streams(films.restored(film, settings, ".mp4"))
    assert (after.disposition, after.packets[0][0]) == (Disposition.attached_pic, before.packets[0][0])


def test_cover_of_an_mkv_stays_an_attachment(films: Films, settings: Settings) -> None:
    film = films(clips.with_cover, ".mkv")
    with av.open(films.restored(film, settings)) as result:
        assert result.streams[1].metadata["filename"] == "cover.jpg"


START, END = Fraction(1, 4), Fraction(3, 4)


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".ts"])
def test_a_span_holds_the_sound_of_its_time(films: Films, settings: Settings, ending: str) -> None:
    film = films(three_languages, ending)
    out = films.restored(film, replace(settings, start=START, end=END))
    low, high = times(film)[0] + START, times(film)[0] + END
    assert times(out) == [time - low for time in times(film) if low <= time < high]
    for before, after in zip(other_streams(film), other_streams(out), strict=True):
        inside = [(content, time) for content, time in before.packets if time is not None and low <= time < high]
        assert [content for content, _ in after.packets] == [content for content, _ in inside]
        shift = {was - now for (_, was), (_, now) in zip(inside, after.packets, strict=True) if now is not None and was}
        assert max(abs(moved - low) for moved in shift) <= Fraction(1, 1000)


def test_a_caption_that_begins_within_the_last_tick_ends_with_the_span(films: Films, settings: Settings) -> None:
    film = films(clips.with_subtitles, ".mkv")
    out = films.restored(film, replace(settings, start=START, end=Fraction(6005, 10_000)))
    with av.open(out) as result:
        *_, last = [packet for packet in result.demux(subtitles=0) if packet.size]
        assert (last.pts, last.duration) == (350, 1)


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv", ".webm"])
def test_a_span_shows_a_caption_while_it_is_shown_there(films: Films, settings: Settings, ending: str) -> None:
    out = films.restored(films(clips.with_subtitles, ending), replace(settings, start=START, end=END))
    with av.open(out) as result:
        lines = [packet for packet in result.demux(subtitles=0) if packet.size > len(NO_TEXT)]
        shown = [(1000 * packet.pts * packet.time_base, 1000 * packet.duration * packet.time_base) for packet in lines]
    assert shown == [(0, 150), (350, 150)]  # in the film from 100 to 400 and from 600 to 900


def test_a_span_holds_the_chapters_of_its_time(films: Films, settings: Settings) -> None:
    film = films(clips.with_chapters, ".mkv")
    out = films.restored(film, replace(settings, start=START, end=HALF_SECOND))
    assert chapters(out) == [("One", 0, Fraction(150, 1000)), ("Two", Fraction(150, 1000), Fraction(250, 1000))]
