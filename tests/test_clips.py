"""Each drawn film truly has the property that its name claims."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.made import clips, pictures
from tests.made.readers import first_frame, packets, pts_list, times, true_chromas, true_lumas
from tests.made.tracks import Colours, to_frame

CONTAINERS = {
    ".mp4": ("mov,mp4,m4a,3gp,3g2,mj2", "h264"),
    ".mov": ("mov,mp4,m4a,3gp,3g2,mj2", "h264"),
    ".mkv": ("matroska,webm", "h264"),
    ".webm": ("matroska,webm", "vp8"),
    ".avi": ("avi", "mpeg4"),
    ".mpg": ("mpeg", "mpeg2video"),
    ".ts": ("mpegts", "h264"),
}


def facts(path: Path, *names: str) -> tuple[Any, ...]:
    """Attributes of the stream of pictures."""
    with av.open(path) as film:
        return tuple(getattr(film.streams.video[0], name) for name in names)


def brightness(path: Path) -> list[float]:
    return [float(luma.mean()) for _, luma in true_lumas(path)]


@pytest.mark.parametrize("ending", CONTAINERS)
def test_each_container_holds_what_its_ending_says(tmp_path: Path, ending: str) -> None:
    path = clips.plain(tmp_path / f"film{ending}")
    with av.open(path) as film:
        assert (film.format.name, film.streams.video[0].codec_context.name) == CONTAINERS[ending]
        assert film.streams.video[0].average_rate == 24
    shown = times(path)
    assert len(shown) == 24
    assert max(abs(time - shown[0] - Fraction(n, 24)) for n, time in enumerate(shown)) <= Fraction(1, 2000)


def test_drawing_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    assert clips.plain(tmp_path / "a.mp4").read_bytes() == clips.plain(tmp_path / "b.mp4").read_bytes()


def test_what_is_read_is_what_was_drawn(tmp_path: Path) -> None:
    read = true_lumas(clips.in_format(tmp_path / "film", "gray10le"))
    drawn = [np.round(1023 * picture[..., 0]) for picture in pictures.pan()]
    assert all(np.array_equal(luma, levels) for (_, luma), levels in zip(read, drawn, strict=True))


@given(value=st.floats(0, 1, width=32), bits=st.sampled_from((8, 10, 12)))
def test_levels_stay_in_their_range(value: float, bits: int) -> None:
    drawn = np.zeros((2, 2, 3), np.float32)
    drawn[..., 0] = value
    pix_fmt = "yuv420p" if bits == 8 else f"yuv420p{bits}le"
    luma, blue, _ = to_frame(drawn, pix_fmt, full_range=False).planes
    levels = np.frombuffer(memoryview(luma), "u1" if bits == 8 else "<u2")
    assert 16 << (bits - 8) <= levels[0] <= 235 << (bits - 8)
    assert np.frombuffer(memoryview(blue), levels.dtype)[0] == 1 << (bits - 1)


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv"])
def test_variable_rate_shows_frames_at_uneven_times(tmp_path: Path, ending: str) -> None:
    path = clips.variable_rate(tmp_path / f"film{ending}")
    assert times(path) == [Fraction(ms, 1000) for ms in clips.UNEVEN]


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".ts"])
def test_late_start_starts_at_2_s(tmp_path: Path, ending: str) -> None:
    path = clips.late_start(tmp_path / f"film{ending}")
    start, time_base = facts(path, "start_time", "time_base")
    assert times(path)[0] == start * time_base == 2


def test_trimmed_stores_frames_that_it_does_not_show(tmp_path: Path) -> None:
    path = clips.trimmed(tmp_path / "film.mp4")
    assert (len(packets(path, 0)), len(pts_list(path)), pts_list(path)[0]) == (24, 14, 0)


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
def test_b_frames_are_stored_out_of_order_with_dts_below_zero(tmp_path: Path, ending: str) -> None:
    with av.open(clips.b_frames(tmp_path / f"film{ending}")) as film:
        stored = [(packet.pts, packet.dts) for packet in film.demux(video=0) if packet.size]
    assert [pts for pts, _ in stored] != sorted(pts for pts, _ in stored if pts is not None)
    first = stored[0][1]
    assert first is None if ending == ".mkv" else first is not None and first < 0  # matroska stores no dts


def leading_frames(path: Path) -> int:
    """Packets stored after a keyframe and shown before it."""
    keyframe, leading = 0, 0
    with av.open(path) as film:
        for packet in film.demux(video=0):
            if packet.pts is not None:
                keyframe = packet.pts if packet.is_keyframe else keyframe
                leading += packet.pts < keyframe
    return leading


@pytest.mark.parametrize(
    ("codec", "ending"), [("libx264", ".mp4"), ("libx264", ".mkv"), ("mpeg2video", ".mpg"), ("mpeg2video", ".ts")]
)
def test_open_gop_has_frames_shown_before_their_keyframe(tmp_path: Path, codec: str, ending: str) -> None:
    path = clips.open_gop(tmp_path / f"film{ending}", codec)
    assert leading_frames(path) >= 3
    assert len(pts_list(path)) == 4 * clips.GOP
    assert leading_frames(clips.b_frames(tmp_path / f"closed{ending}")) == 0


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "ending"),
    [
        ("ffv1", "yuv420p", ".mkv"),
        ("libx264", "yuv444p", ".mp4"),
        ("mpeg4", "yuv420p", ".avi"),
        ("libvpx-vp9", "yuv420p", ".webm"),
    ],
)
def test_odd_size_is_odd(tmp_path: Path, codec: str, pix_fmt: str, ending: str) -> None:
    path = clips.odd_size(tmp_path / f"film{ending}", codec, pix_fmt)
    assert facts(path, "width", "height", "pix_fmt") == (101, 77, pix_fmt)
    assert true_lumas(path)[0][1].shape == (77, 101)


@pytest.mark.parametrize(("codec", "ending"), [("libx264", ".mp4"), ("libx264", ".mkv"), ("mpeg4", ".avi")])
def test_wide_pixels_are_wide(tmp_path: Path, codec: str, ending: str) -> None:
    assert facts(clips.wide_pixels(tmp_path / f"film{ending}", codec), "sample_aspect_ratio") == (Fraction(16, 11),)


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("degrees", [90, -90])
def test_rotated_is_read_as_rotated(tmp_path: Path, ending: str, degrees: int) -> None:
    assert first_frame(clips.rotated(tmp_path / f"film{ending}", degrees)).rotation == degrees


@pytest.mark.parametrize("pix_fmt", clips.FORMATS)
def test_in_format_keeps_the_format_black_and_white(tmp_path: Path, pix_fmt: str) -> None:
    path = clips.in_format(tmp_path / "film", pix_fmt)
    assert first_frame(path).format.name == pix_fmt
    bits = first_frame(path).format.components[0].bits
    assert true_lumas(path)[0][1].max() > 200 << (bits - 8)
    if pix_fmt.startswith("yuv"):
        assert all(np.all(plane == 1 << (bits - 1)) for planes in true_chromas(path) for plane in planes)


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("colours", [Colours.BT709, Colours.BT470BG, Colours.SMPTE170M])
def test_tagged_is_read_with_its_tags(tmp_path: Path, colours: Colours, full_range: bool) -> None:
    path = clips.tagged(tmp_path / "film.mp4", colours, full_range)
    read = facts(path, "colorspace", "color_primaries", "color_trc", "color_range", "pix_fmt")
    assert read == (colours, colours, colours, 1 + full_range, "yuvj420p" if full_range else "yuv420p")


@pytest.mark.parametrize(("codec", "ending"), [("libx264", ".mp4"), ("mpeg2video", ".mpg"), ("ffv1", ".mkv")])
def test_interlaced_shows_two_times_in_one_frame(tmp_path: Path, codec: str, ending: str) -> None:
    path = clips.interlaced(tmp_path / f"film{ending}", codec)
    top_field_first = 2
    with av.open(path) as film:
        assert film.streams.video[0].codec_context.field_order == top_field_first
        assert all(frame.interlaced_frame for frame in film.decode(video=0))
    for number, (_, luma) in enumerate(true_lumas(path)):
        for parity in (0, 1):
            own, other = (16 + 219 * pictures.picture(2 * number + p)[parity::2, :, 0] for p in (parity, 1 - parity))
            field = luma[parity::2].astype(np.float32)
            assert np.abs(field - own).mean() < 0.6 * np.abs(field - other).mean()


def test_progressive_is_not_interlaced(tmp_path: Path) -> None:
    assert not first_frame(clips.plain(tmp_path / "film.mp4")).interlaced_frame


def steps(path: Path) -> list[float]:
    """The mean change of luma from each frame to the next."""
    shown = [luma.astype(np.float32) for _, luma in true_lumas(path)]
    return [float(np.abs(after - before).mean()) for before, after in pairwise(shown)]


def test_cuts_are_the_largest_changes(tmp_path: Path) -> None:
    changes = steps(clips.with_cuts(tmp_path / "film.mp4"))
    largest = sorted(np.argsort(changes)[-2:])
    assert largest == [11, 23]
    assert min(changes[n] for n in largest) > 4 * max(step for n, step in enumerate(changes) if n not in largest)


def test_flash_is_two_white_frames(tmp_path: Path) -> None:
    assert [n for n, level in enumerate(brightness(clips.with_flash(tmp_path / "film.mp4"))) if level > 230] == [12, 13]


def test_fade_ends_black_without_a_jump(tmp_path: Path) -> None:
    levels = brightness(clips.with_fade(tmp_path / "film.mp4"))
    assert levels[11] > 80
    assert max(levels[24:]) < 18
    assert max(np.abs(np.diff(levels))) < 15


def test_dissolve_goes_from_one_shot_to_another_without_a_jump(tmp_path: Path) -> None:
    levels = brightness(clips.with_dissolve(tmp_path / "film.mp4"))
    assert levels[35] - levels[0] > 50
    assert max(np.abs(np.diff(levels))) < 10


def test_fragmented_has_its_index_spread(tmp_path: Path) -> None:
    path = clips.fragmented(tmp_path / "film.mp4")
    assert b"moof" in path.read_bytes()
    assert len(pts_list(path)) == 24


@pytest.mark.parametrize("ending", [".mkv", ".webm"])
def test_without_duration_has_none(tmp_path: Path, ending: str) -> None:
    path = clips.without_duration(tmp_path / f"film{ending}")
    with av.open(path) as film:
        assert film.duration is None
        assert film.streams.video[0].duration is None
    assert len(pts_list(path)) == 24


@pytest.mark.parametrize("ending", [".mp4", ".mkv", ".ts"])
def test_one_frame_is_one(tmp_path: Path, ending: str) -> None:
    assert len(pts_list(clips.one_frame(tmp_path / f"film{ending}"))) == 1


def test_many_frames_are_many(tmp_path: Path) -> None:
    assert len(pts_list(clips.many_frames(tmp_path / "film.mp4"))) == 10_000
