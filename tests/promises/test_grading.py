"""A film of high dynamic range: its mastering display and light level are those of the result."""

from __future__ import annotations

import struct
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest

from pipelines.settings import Codec, EncodeSettings, Settings
from tests.made import pictures
from tests.made.readers import first_frame
from tests.made.runs import Films, in_segments
from tests.made.tracks import PictureTrack, write

MASTERING = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
"""P3 of D65, 1000 to 0.005 cd/m2, as x265 writes it: in 1/50000 and 1/10000."""
DISPLAY = (34000, 16000, 13250, 34500, 7500, 3000, 15635, 16450, 50, 10000000)
"""FFmpeg's order: red, green, blue, white; least and most light."""
RESULTS = [("h264", ".mp4"), ("h264", ".mkv"), ("h264", ".ts"), ("h265", ".mp4"), ("h265", ".mov"), ("h265", ".ts"),
           ("ffv1", ".mkv"), ("ffv1", ".mp4"), ("prores", ".mov"), ("prores", ".mkv")]  # fmt: skip


def graded(path: Path) -> Path:
    """Half a second of HDR10, in HEVC."""
    params = f"log-level=error:pools=1:master-display={MASTERING}:max-cll=1000,400"
    options = {"x265-params": params, "preset": "ultrafast"}
    return write(path, PictureTrack(pictures.pan(12), "libx265", "yuv420p10le", options=options))


def grading(frame: av.VideoFrame) -> tuple[list[Fraction], tuple[int, ...]]:
    """The numbers of FFmpeg's AVMasteringDisplayMetadata and AVContentLightMetadata."""
    numbers = struct.unpack("22i", bytes(frame.side_data["MASTERING_DISPLAY_METADATA"]))
    assert numbers[20:] == (1, 1)
    display = [Fraction(*numbers[at : at + 2]) for at in range(0, 20, 2)]
    return display, struct.unpack("2I", bytes(frame.side_data["CONTENT_LIGHT_LEVEL"]))


def wanted() -> tuple[list[Fraction], tuple[int, ...]]:
    return [Fraction(number, 50_000 if at < 8 else 10_000) for at, number in enumerate(DISPLAY)], (1000, 400)


@pytest.mark.parametrize(("codec", "ending"), RESULTS)
def test_grading_is_kept(films: Films, settings: Settings, codec: Codec, ending: str) -> None:
    film = films(graded, ".mp4")
    assert grading(first_frame(film)) == wanted()
    out = films.restored(film, replace(settings, encode=EncodeSettings(codec)), ending)
    assert grading(first_frame(out)) == wanted()


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_av1_keeps_grading_as_exactly_as_it_can(films: Films, settings: Settings, ending: str) -> None:
    out = films.restored(films(graded, ".mp4"), replace(settings, encode=EncodeSettings("av1")), ending)
    display, light = grading(first_frame(out))
    assert [float(value) for value in display] == pytest.approx([float(value) for value in wanted()[0]], abs=1e-4)
    assert light == (1000, 400)


@pytest.mark.parametrize("ending", [".mkv", ".mp4"])
def test_every_segment_and_the_container_tell_the_grading(films: Films, settings: Settings, ending: str) -> None:
    coloured = in_segments(replace(settings, encode=EncodeSettings("h265")), Fraction(1, 4))
    out = films.restored(films(graded, ".mp4"), coloured, ending)
    with av.open(out) as film:
        keyframes = [frame for frame in film.decode(video=0) if frame.key_frame]
    assert len(keyframes) == 2
    assert all(grading(frame) == wanted() for frame in keyframes)
    header = out.read_bytes()
    assert (b"mdcv" in header) if ending == ".mp4" else (b"\x55\xd0" in header[:1000])  # MasteringMetadata, RFC 9559


def test_grading_goes_from_container_to_container(films: Films, settings: Settings) -> None:
    """FFV1 has no place for it in the stream: its container alone tells."""
    first = films.restored(films(graded, ".mp4"), replace(settings, encode=EncodeSettings("ffv1")), ".mkv")
    assert grading(first_frame(films.restored(first, replace(settings, recolour=True), ".mp4"))) == wanted()
