"""A container holds a stream where a few packets of it, written and read back, are of the same kind."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest

from pipelines.errors import OutputError
from pipelines.media.containers import choose_output
from pipelines.media.probe import probe
from pipelines.media.trial import try_streams
from pipelines.settings import Settings
from restore.api import restore_film
from tests.made import clips
from tests.made.readers import packets
from tests.made.runs import Films
from tests.made.sounds import with_captions, with_sound
from tests.made.timed_metadata import with_timed_metadata

ALL = ("matroska", "mp4", "mov", "mpegts", "webm")


def holders(film: Path) -> set[str]:
    """The containers that hold all the streams beside the picture."""
    tried = try_streams(probe(film), ALL, Fraction(1, 12288))
    return {container for container, held in tried.items() if not held.refused}


@pytest.mark.parametrize(
    ("ending", "codec", "channels", "expected"),
    [
        (".avi", "wmav2", 2, {"matroska", "mp4", "mov"}),
        (".avi", "adpcm_ms", 2, {"matroska", "mp4", "mov"}),
        (".vob", "pcm_dvd", 2, {"matroska", "mp4", "mov"}),
        (".rm", "ac3", 2, {"matroska", "mp4", "mov", "mpegts"}),
        (".avi", "pcm_s16le", 2, {"matroska", "mp4", "mov"}),
        (".avi", "pcm_u8", 1, {"matroska", "mov"}),
        (".mxf", "pcm_s16le", 2, {"matroska", "mp4", "mov"}),
        (".mov", "pcm_s24be", 2, {"matroska", "mp4", "mov"}),
        (".mkv", "flac", 2, {"matroska", "mp4"}),
        (".mkv", "flac", 6, {"matroska", "mp4"}),
        (".mkv", "libvorbis", 2, {"matroska", "mp4", "webm"}),
        (".mov", "alac", 2, {"matroska", "mp4", "mov"}),
        (".mkv", "truehd", 2, {"matroska"}),
        (".mkv", "dca", 6, {"matroska", "mp4", "mov", "mpegts"}),
        (".mkv", "ac3", 6, {"matroska", "mp4", "mov", "mpegts"}),
        (".mkv", "eac3", 6, {"matroska", "mp4", "mov", "mpegts"}),
        (".mkv", "libopus", 6, {"matroska", "mp4", "mpegts", "webm"}),
        (".mp4", "aac", 1, {"matroska", "mp4", "mov", "mpegts"}),
        (".mkv", "aac", 6, {"matroska", "mp4", "mov", "mpegts"}),
        (".avi", "libmp3lame", 2, {"matroska", "mp4", "mov", "mpegts"}),
        (".vob", "mp2", 2, {"matroska", "mp4", "mov", "mpegts"}),
    ],
)
def test_sound_is_held_where_it_comes_back_as_what_it_is(
    films: Films, ending: str, codec: str, channels: int, expected: set[str]
) -> None:
    assert holders(films(with_sound, ending, codec=codec, channels=channels)) == expected


@pytest.mark.parametrize(
    ("ending", "codec"), [(".mkv", "subrip"), (".mkv", "ass"), (".mkv", "webvtt"), (".mp4", "mov_text")]
)
def test_captions_are_held_as_they_are_or_as_text_but_not_in_ts(films: Films, ending: str, codec: str) -> None:
    assert holders(films(with_captions, ending, codec=codec)) == {"matroska", "webm", "mp4", "mov"}


def test_a_layout_that_another_container_would_lose_is_kept_from_it(films: Films) -> None:
    assert holders(films(with_sound, ".mov", codec="pcm_s16le", layout="quad")) == {"mp4", "mov"}


def test_a_stream_whose_first_packet_comes_late_is_tried_too(films: Films, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.media.trial.MAX_HEAD", 0)
    assert holders(films(with_captions, ".mkv", codec="subrip")) == {"matroska", "webm", "mp4", "mov"}
    assert holders(films(with_captions, ".mp4", codec="mov_text")) == {"matroska", "webm", "mp4", "mov"}


@pytest.mark.parametrize("codec", ["truehd", "pcm_s16le", "flac", "libvorbis", "alac"])
def test_sound_that_ts_would_store_as_private_data_is_refused_in_one_line(films: Films, codec: str) -> None:
    film = films(with_sound, ".mkv", codec=codec)
    name = codec.removeprefix("lib")
    with pytest.raises(OutputError) as caught:
        restore_film(film, film.with_name("out.ts"))
    assert re.search(rf"\.ts cannot hold audio stream 1 \({name}\); \.mkv holds it$", str(caught.value))


def test_a_film_without_other_streams_goes_anywhere(films: Films) -> None:
    assert holders(films(clips.plain, ".mp4")) == set(ALL)


@pytest.mark.parametrize("ending", [".mov", ".mp4"])
@pytest.mark.parametrize("kind", ["mett", "mebx"])
def test_timed_metadata_that_would_lose_its_description_is_held_nowhere(films: Films, ending: str, kind: str) -> None:
    film = films(with_timed_metadata, ending, kind=kind)
    assert [(other.kind, len(packets(film, other.index))) for other in probe(film).others] == [("data", 4)]
    assert holders(film) == set()
    chosen = choose_output(probe(film), Settings(), "film.restored", False)
    assert chosen.others == ()
    assert "left out: data stream 1 (unnamed), which no container keeps readable" in chosen.target.notes


def test_data_of_a_transport_stream_stays_in_one(films: Films) -> None:
    assert holders(films(clips.with_data, ".ts")) == {"mpegts"}


@pytest.mark.parametrize("ending", [".mov", ".mp4"])
def test_the_metadata_of_a_gopro_is_held_where_it_stays_what_it_is(films: Films, ending: str) -> None:
    assert holders(films(with_timed_metadata, ending, kind="gpmd")) == {"mp4", "mov"}
