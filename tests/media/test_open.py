"""Files that FFmpeg reads, and what PyAV makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from pipelines.errors import InputError
from pipelines.media.decode import Decode
from pipelines.media.open import open_film, packets_of
from pipelines.media.probe import probe
from pipelines.source import Segment
from tests.fuzz import films
from tests.made import clips


def test_pictures_that_are_repeated_are_no_damage(tmp_path: Path) -> None:
    path = films.draw("ogg", tmp_path)
    with av.open(path) as film:
        shown = [packet.pts for packet in film.demux(video=0) if packet.size]
        assert len(shown) < films.FRAMES  # Theora repeats a picture by a packet of no bytes
    film = probe(path)
    assert [frame.pts for frame in Decode(Fraction(0))(Segment(film, 0, None, None))] == shown


def test_packets_end_where_a_stream_begins_only_later() -> None:
    class LateStream:
        def demux(self) -> Iterator[Any]:
            packet = av.Packet(b"picture")
            packet.pts = 0
            yield packet
            raise IndexError("list index out of range")  # of PyAV, as it flushes a stream that it did not know

    container: Any = LateStream()
    assert [packet.pts for packet in packets_of(container)] == [0]


@pytest.mark.parametrize("size", [b"\xff" * 8, (1 << 62).to_bytes(8), bytes(8)])
def test_an_mp4_whose_lengths_are_damaged_is_told_as_damaged(tmp_path: Path, size: bytes) -> None:
    data = clips.plain(tmp_path / "film.mp4").read_bytes()
    at = data.index(b"mdat") - 4
    path = tmp_path / "damaged.mp4"
    path.write_bytes(data[:at] + b"\0\0\0\1mdat" + size + data[at + 16 :])
    with pytest.raises(InputError, match=r"damaged.mp4: not .*; its index is missing"), open_film(path):
        probe(path)


def test_an_mp4_whose_index_is_damaged_is_not_told_to_have_none(tmp_path: Path) -> None:
    data = clips.plain(tmp_path / "film.mp4").read_bytes()
    at = data.index(b"stsc") + 8
    path = tmp_path / "damaged.mp4"
    path.write_bytes(data[:at] + b"\xff" * 4 + data[at + 4 :])
    with pytest.raises(InputError, match="its index is damaged"):
        probe(path)


def test_a_picture_of_no_known_codec_is_told_as_that(tmp_path: Path) -> None:
    data = clips.plain(tmp_path / "film.mp4").read_bytes()
    path = tmp_path / "unknown.mp4"
    path.write_bytes(data.replace(b"avc1", b"xxxx").replace(b"avcC", b"xxxx"))
    with pytest.raises(InputError, match="its picture is in no codec that FFmpeg knows"):
        probe(path)
