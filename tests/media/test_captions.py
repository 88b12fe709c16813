"""Captions keep their text, times and language in a container that does not hold their codec."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest

from pipelines.job.job import prepare
from pipelines.media.copy import NO_TEXT
from pipelines.settings import Settings
from tests.made import clips
from tests.made.runs import Films

LINES = [("Guten Tag", 100, 300), ("Auf Wiedersehen", 600, 300)]
NOTE = "captions keep their text, and not all of their styles: subtitle stream 1 ({}) as {}"


def lines(path: Path) -> tuple[str, list[tuple[str, int, int]]]:
    """The language of a film's captions; their texts, with when they begin and how long they last in milliseconds."""
    with av.open(path) as film:
        stream = film.streams.subtitles[0]
        shown = [packet for packet in film.demux(stream) if packet.size > len(NO_TEXT)]
        texts = [bytes(packet)[2:] if stream.codec_context.name == "mov_text" else bytes(packet) for packet in shown]
        times = [(packet.pts * packet.time_base * 1000, packet.duration * packet.time_base * 1000) for packet in shown]
        language = stream.language
    return str(language), [(text.decode(), *map(int, time)) for text, time in zip(texts, times, strict=True)]


@pytest.mark.parametrize(
    ("ending", "wanted", "own", "written"),
    [
        (".mp4", ".mkv", "mov_text", "srt"),
        (".mov", ".mkv", "mov_text", "srt"),
        (".mkv", ".mp4", "srt", "mov_text"),
        (".mkv", ".mov", "srt", "mov_text"),
        (".webm", ".mp4", "webvtt", "mov_text"),
    ],
)
def test_captions_are_written_as_the_container_holds_them_with_a_note(
    films: Films, settings: Settings, tmp_path: Path, ending: str, wanted: str, own: str, written: str
) -> None:
    film = films(clips.with_subtitles, ending)
    assert NOTE.format(own, written) in prepare(film, tmp_path / f"out{wanted}", settings).target.notes
    assert lines(films.restored(film, settings, wanted)) == ("ger", LINES)


def test_captions_of_a_span_are_cut_before_they_are_written_anew(films: Films, settings: Settings) -> None:
    span = replace(settings, start=Fraction(1, 4), end=Fraction(3, 4))
    _, shown = lines(films.restored(films(clips.with_subtitles, ".mkv"), span, ".mp4"))
    assert shown == [("Guten Tag", 0, 150), ("Auf Wiedersehen", 350, 150)]


def test_a_container_that_holds_captions_as_they_are_is_chosen_first(films: Films, settings: Settings) -> None:
    ffv1 = replace(settings, encode=replace(settings.encode, codec="ffv1"))
    assert prepare(films(clips.with_subtitles, ".mp4"), None, ffv1).container == "mp4"
