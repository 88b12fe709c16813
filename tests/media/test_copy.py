"""Streams and tags that are copied beside the picture arrive as they were."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest

from pipelines.settings import Settings
from tests.made.pictures import pan
from tests.made.readers import packets
from tests.made.runs import Films
from tests.made.sounds import copied, with_sound
from tests.made.tracks import PictureTrack, write


@pytest.mark.parametrize("ending", [".mp4", ".mov"])
def test_sound_without_a_layout_gets_the_usual_one(films: Films, settings: Settings, ending: str) -> None:
    film = films(with_sound, ".avi", codec="pcm_s16le")
    with av.open(film) as before:
        assert before.streams.audio[0].layout.name == "2 channels"
    out = films.restored(film, settings, ending)
    with av.open(out) as after:
        sound = after.streams.audio[0]
        assert (sound.codec_context.name, sound.layout.name, sound.sample_rate) == ("pcm_s16le", "stereo", 48_000)
    assert b"".join(packets(out, 1)) == b"".join(packets(film, 1))


STATISTICS = {
    "BPS": "81000",
    "BPS-eng": "81000",
    "NUMBER_OF_BYTES": "10125",
    "NUMBER_OF_FRAMES-eng": "48",
    "_STATISTICS_TAGS": "BPS NUMBER_OF_BYTES",
}
"""As mkvmerge writes them."""


def with_statistics(path: Path) -> Path:
    """A Matroska film with sound, whose streams tell of their packets, of their encoder and their title."""
    tags = [
        option
        for key, value in {**STATISTICS, "ENCODER": "old", "title": "Reel"}.items()
        for option in ("-metadata:s", f"{key}={value}")
    ]
    return copied(with_sound(path.with_suffix(".plain.mkv"), "aac"), path, *tags)


def tags(path: Path, stream: int) -> dict[str, str]:
    """The tags of a stream, those aside that muxers write."""
    with av.open(path) as film:
        return {
            key: value
            for key, value in film.streams[stream].metadata.items()
            if key not in ("DURATION", "HANDLER_NAME")
        }


def test_the_new_picture_has_no_tags_that_count_the_old_ones_packets(films: Films, settings: Settings) -> None:
    film = films(with_statistics, ".mkv")
    assert tags(film, 0) == tags(film, 1) == {**STATISTICS, "ENCODER": "old", "title": "Reel"}
    out = films.restored(film, settings, ".mkv")
    assert tags(out, 0) == {"title": "Reel"}
    assert tags(out, 1) == tags(film, 1)


def test_sound_of_a_span_has_no_tags_that_count_its_packets(films: Films, settings: Settings) -> None:
    film = films(with_statistics, ".mkv")
    out = films.restored(film, replace(settings, end=Fraction(1, 2)), ".mkv")
    assert tags(out, 0) == {"title": "Reel"}
    assert tags(out, 1) == {"title": "Reel", "ENCODER": "old"}


def with_proxies(path: Path) -> Path:
    """A film in ProRes 422 HQ with two pictures beside its own, in 422 Proxy and 422 LT."""
    kinds = ({"profile": number} for number in "301")
    return write(path, *(PictureTrack(pan(6), "prores_ks", "yuv422p10le", options=options) for options in kinds))


@pytest.mark.parametrize("ending", [".mov", ".mkv"])
def test_prores_beside_the_picture_keeps_its_kind(films: Films, settings: Settings, ending: str) -> None:
    out = films.restored(films(with_proxies, ".mov"), settings, ending)
    with av.open(out) as film:
        assert [stream.codec_context.codec_tag for stream in film.streams.video[1:]] == ["apco", "apcs"]
