"""The pixels' shape goes into a Matroska file whose codec does not carry it."""

from __future__ import annotations

import zlib
from fractions import Fraction
from pathlib import Path

import av
import pytest

from pipelines.media.matroska import ROOM, reserve_shape, write_shape
from tests.made import clips, pictures
from tests.made.readers import packets
from tests.made.tracks import PictureTrack, write

SHAPES = [
    Fraction(16, 15),
    Fraction(8, 9),
    Fraction(399, 400),
    Fraction(64, 45),
    Fraction(65_535, 65_534),
    Fraction(40),
]


def film_with_room(path: Path, source: Path, name: str = "") -> Path:
    """A film in Matroska or WebM, copied from another, with room for its pixels' shape."""
    with av.open(source) as opened, av.open(path, "w") as out:
        stream = out.add_stream_from_template(opened.streams.video[0], opaque=True)
        if name:
            stream.metadata["title"] = name
        reserve_shape(stream)
        for packet in opened.demux(video=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    return path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path / "film.mp4", PictureTrack(pictures.pan(3), codec="ffv1"))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["", "Reel 3, \u00e0 Paris", "x" * 120])
def test_the_shape_is_read_back_and_all_else_stays(source: Path, tmp_path: Path, name: str, shape: Fraction) -> None:
    path = film_with_room(tmp_path / "out.mkv", source, name)
    length, pictures_of = path.stat().st_size, packets(path, 0)
    write_shape(path, 128, 96, shape)
    assert (path.stat().st_size, packets(path, 0)) == (length, pictures_of)
    with av.open(path) as film:
        stream = film.streams.video[0]
        assert (stream.sample_aspect_ratio, stream.width, stream.height) == (shape, 128, 96)
        assert stream.metadata.get("title", "") == name
    assert ROOM.encode() not in path.read_bytes()


def test_a_webm_film_takes_it_too(tmp_path: Path) -> None:
    path = film_with_room(tmp_path / "out.webm", clips.plain(tmp_path / "film.webm"))
    write_shape(path, 128, 96, Fraction(399, 400))
    with av.open(path) as film:
        assert film.streams.video[0].sample_aspect_ratio == Fraction(399, 400)


def test_the_checksum_of_the_tracks_is_right(source: Path, tmp_path: Path) -> None:
    path = film_with_room(tmp_path / "out.mkv", source)
    write_shape(path, 128, 96, Fraction(16, 15))
    data = path.read_bytes()
    tracks = data.rindex(b"\x16\x54\xae\x6b", 0, data.index(b"V_FFV1"))
    assert data[tracks + 4] & 0xF0 == 0x40  # a size of two bytes
    size = int.from_bytes(data[tracks + 4 : tracks + 6]) & 0x3FFF
    payload = data[tracks + 6 : tracks + 6 + size]
    assert payload[:2] == b"\xbf\x84"
    assert int.from_bytes(payload[2:6], "little") == zlib.crc32(payload[6:])


def test_a_film_without_room_is_an_error(tmp_path: Path) -> None:
    film = clips.plain(tmp_path / "film.mkv")
    with pytest.raises(ValueError, match="no track has room"):
        write_shape(film, 128, 96, Fraction(16, 15))
