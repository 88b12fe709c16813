"""Side data of frames are read as they were written."""

from __future__ import annotations

import io
import struct
import sys
from fractions import Fraction
from pathlib import Path

import av
import PIL.Image
import pytest

from pipelines.display import Grading
from pipelines.media.grading import encoder_params, grading_of, write_grading
from pipelines.media.probe import probe
from pipelines.media.side_data import captions_of, left_out_of
from tests.made.readers import first_frame
from tests.made.side_data import captioned


def test_side_data_that_pyav_does_not_know_is_no_error(tmp_path: Path) -> None:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # Orientation: to be shown turned clockwise
    jpeg = io.BytesIO()
    PIL.Image.new("RGB", (64, 48), (90, 80, 70)).save(jpeg, "jpeg", exif=exif)
    film = tmp_path / "film.mov"
    with av.open(film, "w") as out:
        stream = out.add_stream("mjpeg", 25, width=64, height=48, pix_fmt="yuvj420p")
        for number in range(3):
            packet = av.Packet(jpeg.getvalue())
            packet.pts = packet.dts = number
            packet.time_base, packet.stream, packet.is_keyframe = Fraction(1, 25), stream, True
            out.mux(packet)
    assert probe(film).picture.display_matrix.turns == 3


def test_a_frame_whose_side_data_were_read_is_freed_at_once(tmp_path: Path) -> None:
    frame = first_frame(captioned(tmp_path / "film.mp4"))
    before = sys.getrefcount(frame)
    assert captions_of(frame, "h264")
    assert sys.getrefcount(frame) == before


def test_side_data_that_say_nothing_are_not_left_out() -> None:
    """Decoders of MPEG-2 add pan and scan, and timecode, to every film."""
    size, still, moved = struct.pack("3i", 0, 720, 576), bytes(12), struct.pack("6h", 0, 16, 0, 0, 0, 0)
    drop_frame_and_marker = struct.pack("q", 1 << 24 | 1 << 12)
    assert left_out_of({"PANSCAN": size + still, "GOP_TIMECODE": drop_frame_and_marker}, "") == ()
    assert left_out_of({"PANSCAN": size + moved, "SPHERICAL": b"there"}, "") == ("spherical projection", "pan and scan")


def test_a_mastering_display_told_in_part_is_left_out() -> None:
    assert left_out_of(graded([*PRIMARIES, 25, 5_000_000], flags=(1, 0)), "") == ("incomplete mastering display",)


PRIMARIES = [34000, 16000, 13250, 34500, 7500, 3000, 15635, 16450]


def graded(
    numbers: list[int], bottom: int = 50_000, flags: tuple[int, int] = (1, 1), light: int = 1000
) -> dict[str, bytes]:
    """A frame's side data with FFmpeg's AVMasteringDisplayMetadata and AVContentLightMetadata."""
    parts = [part for number in numbers for part in (number, bottom)]
    display = struct.pack("22i", *parts, *flags)
    return {"MASTERING_DISPLAY_METADATA": display, "CONTENT_LIGHT_LEVEL": struct.pack("2I", light, 400)}


def test_grading_is_read_in_the_units_of_its_standard() -> None:
    assert grading_of(graded([*PRIMARIES, 25, 5_000_000])) == Grading((*PRIMARIES, 1_000_000, 5), (1000, 400))


@pytest.mark.parametrize(
    "frame",
    [
        graded([*PRIMARIES, 25, 5_000_000], bottom=0),
        graded([*PRIMARIES, -25, 5_000_000]),
        graded([*PRIMARIES, 25, 5_000_000], flags=(1, 0)),
        graded([90_000, *PRIMARIES[1:], 25, 5_000_000]),
    ],
)
def test_a_mastering_display_that_cannot_be_is_taken_as_none(frame: dict[str, bytes]) -> None:
    assert grading_of(frame) == Grading((), (1000, 400))


def test_a_light_level_beyond_its_range_is_taken_as_none() -> None:
    assert grading_of(graded([*PRIMARIES, 25, 5_000_000], light=1 << 16)).light == ()


def test_a_film_that_tells_no_grading_gives_encoders_nothing_to_write(tmp_path: Path) -> None:
    assert [encoder_params(Grading(), codec) for codec in ("h264", "h265", "av1")] == [[], [], []]
    write_grading(tmp_path / "no file", Grading())
    assert encoder_params(Grading((), (1000, 400)), "av1") == ["content-light=1000,400"]
