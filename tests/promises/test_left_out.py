"""Side data that a result does not keep are named in one note before the run."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import PIL.Image
import PIL.ImageCms
import pytest

from pipelines.film import restore
from pipelines.job.job import prepare
from pipelines.settings import Codec, EncodeSettings, Settings
from tests.made import clips
from tests.made.runs import in_segments
from tests.made.side_data import (
    captioned,
    captioned_late,
    in_dolby_vision,
    in_hdr10_plus,
    in_stereo,
    with_afd,
    with_ambient_light,
    with_frame_timecode,
    with_gop_timecode,
)

DOLBY_VISION = "left out: Dolby Vision (its base layer is coloured)"


def with_profile(path: Path) -> Path:
    """Gray PNG pictures, each with an ICC profile."""
    profile = PIL.ImageCms.ImageCmsProfile(PIL.ImageCms.createProfile("sRGB")).tobytes()
    png = io.BytesIO()
    PIL.Image.new("RGB", (64, 48), (90, 90, 90)).save(png, "png", icc_profile=profile)
    with av.open(path, "w") as out:
        stream = out.add_stream("png", 25, width=64, height=48, pix_fmt="rgb24")
        for number in range(3):
            packet = av.Packet(png.getvalue())
            packet.pts = packet.dts = number
            packet.time_base, packet.stream, packet.is_keyframe = Fraction(1, 25), stream, True
            out.mux(packet)
    return path


def tagged_as_dolby_vision(path: Path) -> Path:
    """An mp4 whose track says that it is Dolby Vision, and whose stream does not."""
    film = clips.plain(path)
    film.write_bytes(film.read_bytes().replace(b"avc1", b"dvav"))
    return film


@pytest.mark.parametrize(
    ("draw", "ending", "note"),
    [
        (with_afd, ".mpg", "left out: active format description"),
        (with_gop_timecode, ".ts", "left out: timecode in groups of pictures"),
        (in_stereo, ".mp4", "left out: stereo 3D"),
        (in_dolby_vision, ".mp4", DOLBY_VISION),
        (in_dolby_vision, ".ts", DOLBY_VISION),
        (tagged_as_dolby_vision, ".mp4", DOLBY_VISION),
        (with_frame_timecode, ".mp4", "left out: timecode in frames"),
        (with_ambient_light, ".mp4", "left out: ambient viewing environment"),
        (in_hdr10_plus, ".ts", "left out: HDR10+"),
        (with_profile, ".mov", "left out: ICC profile"),
    ],
)
def test_what_is_left_out_is_told_before_the_run(
    tmp_path: Path, settings: Settings, draw: Callable[[Path], Path], ending: str, note: str
) -> None:
    notes = prepare(draw(tmp_path / f"film{ending}"), None, settings).target.notes
    assert [each for each in notes if "left out" in each] == [note]


@pytest.mark.parametrize("draw", [clips.plain, lambda path: with_gop_timecode(path, ""), captioned])
def test_nothing_is_told_where_nothing_is_left_out(
    tmp_path: Path, settings: Settings, draw: Callable[[Path], Path]
) -> None:
    assert prepare(draw(tmp_path / "film.ts"), None, settings).target.notes == ()


def test_captions_that_begin_late_are_named_after_the_run(tmp_path: Path, settings: Settings) -> None:
    note = "left out: closed captions (--codec h264 keeps them)"
    film, coloured = captioned_late(tmp_path / "film.mp4"), replace(settings, encode=EncodeSettings("ffv1"))
    assert restore(prepare(film, tmp_path / "out.mkv", in_segments(coloured))).notes == [note]
    assert restore(prepare(film, tmp_path / "out.mp4", settings)).notes == []
    told_before = captioned(tmp_path / "captioned.mp4")
    assert restore(prepare(told_before, tmp_path / "out2.mkv", coloured)).notes == []


@pytest.mark.parametrize("codec", ["ffv1", "prores"])
def test_captions_are_named_where_the_codec_has_no_place_for_them(
    tmp_path: Path, settings: Settings, codec: Codec
) -> None:
    notes = prepare(
        captioned(tmp_path / "film.mp4"), None, replace(settings, encode=EncodeSettings(codec))
    ).target.notes
    assert "left out: closed captions (--codec h264 keeps them)" in notes
