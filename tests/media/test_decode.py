"""Decode gives every frame once, with its own time and its own luma, however the film is cut into segments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import cache, partial
from itertools import accumulate
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import InputError
from pipelines.frames import Frame, Luma
from pipelines.job.plan import plan
from pipelines.media.decode import Decode
from pipelines.media.luma import luma_reader
from pipelines.media.probe import probe
from pipelines.source import Film, Segment
from tests.made import clips, pictures
from tests.made.handmade import PICTURE, decoded, kept, whole
from tests.made.readers import true_lumas
from tests.made.tracks import PictureTrack, write

Draw = Callable[[Path], Path]
FRAME = Fraction(1, 24)

CLIPS: dict[str, Draw] = {
    **{f"plain{ending}": clips.plain for ending in (".mp4", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".ts", ".swf")},
    **{f"variable_rate{ending}": clips.variable_rate for ending in (".mp4", ".mov", ".mkv")},
    **{f"late_start{ending}": clips.late_start for ending in (".mp4", ".mkv", ".ts")},
    **{f"trimmed{ending}": clips.trimmed for ending in (".mp4", ".mov")},
    **{f"b_frames{ending}": clips.b_frames for ending in (".mp4", ".mkv", ".ts")},
    **{f"open_h264{ending}": clips.open_gop for ending in (".mp4", ".mkv", ".ts")},
    **{f"open_mpeg2{ending}": partial(clips.open_gop, codec="mpeg2video") for ending in (".mpg", ".ts", ".mkv")},
    "odd_ffv1.mkv": clips.odd_size,
    "odd_h264.mp4": partial(clips.odd_size, codec="libx264", pix_fmt="yuv444p"),
    "odd_vp9.webm": partial(clips.odd_size, codec="libvpx-vp9"),
    **{f"{name}{clips.FORMATS[name][1]}": partial(clips.in_format, pix_fmt=name) for name in clips.FORMATS},
    "fragmented.mp4": clips.fragmented,
    "without_duration.mkv": clips.without_duration,
    "interlaced_h264.mp4": clips.interlaced,
    "interlaced_mpeg2.mpg": partial(clips.interlaced, codec="mpeg2video"),
    "rotated.mp4": clips.rotated,
    "one_frame.mp4": clips.one_frame,
}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Film]:
    """The film of a clip's name, drawn once."""
    folder = tmp_path_factory.mktemp("films")
    return cache(lambda name: probe(CLIPS[name](folder / name)))


def owned(segments: list[Segment], decode: Decode) -> list[Frame]:
    return [shown for segment in segments for shown in kept(decode, segment) if shown.is_owned]


def is_same(one: list[Frame], other: list[Frame]) -> bool:
    times_agree = [frame.pts for frame in one] == [frame.pts for frame in other]
    return times_agree and all(np.array_equal(a.luma, b.luma) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("name", CLIPS)
def test_keeps_every_frame_with_its_time_and_its_luma(drawn: Callable[[str], Film], name: str) -> None:
    film = drawn(name)
    true, frames = true_lumas(film.path), decoded(film.path)
    assert [frame.pts for frame in frames] == [pts for pts, _ in true]
    assert {frame.luma.dtype for frame in frames} == {luma.dtype for _, luma in true}
    assert all(np.array_equal(frame.luma, luma) for frame, (_, luma) in zip(frames, true, strict=True))
    assert all(frame.is_owned and not frame.is_held for frame in frames)


@pytest.mark.parametrize("name", [name for name in CLIPS if not name.startswith(("rgb", "yuv", "gray1", "odd", "rot"))])
def test_segments_of_any_length_join_to_what_one_pass_gives(drawn: Callable[[str], Film], name: str) -> None:
    film = drawn(name)
    one_pass = decoded(film.path)

    @settings(max_examples=4)
    @given(frames=st.integers(2, 30), margin=st.integers(0, 14))
    def check(frames: int, margin: int) -> None:
        assert is_same(owned(plan(film, frames * FRAME), Decode(margin * FRAME)), one_pass)

    check()


@pytest.mark.parametrize("name", ["open_h264.mp4", "open_mpeg2.mpg", "b_frames.ts"])
def test_segment_may_begin_at_any_frame(drawn: Callable[[str], Film], name: str) -> None:
    film = drawn(name)
    one_pass = decoded(film.path)
    for first in range(0, len(one_pass), 5):
        segment = Segment(film, 1, one_pass[first].pts, None)
        assert is_same(kept(Decode(Fraction(0)), segment), one_pass[first:])


def test_segment_of_an_mpg_whose_packets_seldom_tell_their_times_may_begin_anywhere(tmp_path: Path) -> None:
    small = PictureTrack(  # ten frames share a packet, and only packets tell times
        pictures.pan(300, width=64, height=48), codec="mpeg2video", options={"g": "60", "bf": "2", "qmin": "31"}
    )
    film = probe(write(tmp_path / "film.mpg", small))
    one_pass = decoded(film.path)
    for first in range(0, 260, 12):
        segment = Segment(film, 1, one_pass[first].pts, one_pass[first + 39].pts)
        assert is_same(kept(Decode(Fraction(0)), segment), one_pass[first : first + 39])


@pytest.mark.parametrize("name", ["b_frames.mp4", "variable_rate.mkv", "late_start.ts", "open_mpeg2.mpg"])
def test_gives_the_frames_within_the_margin_and_none_beyond(drawn: Callable[[str], Film], name: str) -> None:
    film = drawn(name)
    times = [frame.pts for frame in decoded(film.path)]
    start, end = times[len(times) // 3], times[2 * len(times) // 3]
    margin = Fraction(1, 8)
    ticks = int(margin / film.picture.time_base)
    frames = kept(Decode(margin), Segment(film, 1, start, end))
    assert [frame.pts for frame in frames] == [pts for pts in times if start - ticks <= pts < end + ticks]
    assert [frame.pts for frame in frames if frame.is_owned] == [pts for pts in times if start <= pts < end]
    assert not frames[0].is_owned
    assert not frames[-1].is_owned


def test_tells_how_long_each_frame_lasts(tmp_path: Path, drawn: Callable[[str], Film]) -> None:
    lengths = [1, 3, 2, 1, 5, 2]
    drawn_at = [0, *accumulate(lengths)]
    track = PictureTrack(pictures.pan(7), time_base=Fraction(1, 12), pts=drawn_at, options={"bf": "0"})
    film = probe(write(tmp_path / "film.mp4", track))
    durations = [frame.duration * film.picture.time_base * 12 for frame in decoded(film.path)]
    assert durations[:-1] == lengths
    assert {frame.duration for frame in decoded(drawn("open_h264.mp4").path)} == {512}


def test_luma_of_gray_rgb_is_its_red(drawn: Callable[[str], Film]) -> None:
    film = drawn("rgb24.mov")
    with av.open(film.path) as opened:
        red = [frame.to_ndarray()[..., 0] for frame in opened.decode(video=0)]
    assert all(np.array_equal(frame.luma, plane) for frame, plane in zip(decoded(film.path), red, strict=True))


def levels(bits: int) -> Luma:
    """A ramp over nearly all codes of limited range, 16 x 64."""
    ramp = np.linspace(16 << (bits - 8), 235 << (bits - 8), 16 * 64).reshape(16, 64)
    return ramp.astype(np.uint8 if bits == 8 else np.uint16)


def filled(pix_fmt: str, luma: Luma, step: int = 1) -> av.VideoFrame:
    """A frame with `luma` as every `step`th sample of its first plane, and no colour."""
    frame = av.VideoFrame(64, 16, pix_fmt)
    samples = luma.dtype.newbyteorder(">" if pix_fmt.endswith("be") else "<")
    for number, plane in enumerate(frame.planes):
        rows = np.frombuffer(plane, samples).reshape(plane.height, -1)
        rows[:] = 1 << (frame.format.components[0].bits - 1)
        if number == 0:
            rows[:, : 64 * step : step] = luma
    return frame


def read(frame: av.VideoFrame, bits: int) -> Luma:
    gray = len(frame.format.components) <= 2
    form = replace(PICTURE, pixel_format=frame.format.name, width=64, height=16, bits=bits)
    return luma_reader(replace(form, is_gray=gray, is_full_range=gray))(frame)


@pytest.mark.parametrize(
    ("pix_fmt", "bits"),
    [("yuyv422", 8), ("uyvy422", 8), ("nv12", 8), ("nv21", 8), ("yuv411p", 8), ("yuv410p", 8), ("yuva420p", 8),
     ("p010le", 10), ("y210le", 10), ("yuv422p10be", 10), ("yuv420p16le", 16), ("yuv420p9le", 9)],
)  # fmt: skip
def test_reads_luma_unchanged_from_every_layout(pix_fmt: str, bits: int) -> None:
    luma = levels(bits)
    stored = filled("yuv444p" if bits == 8 else f"yuv444p{bits}le", luma).reformat(format=pix_fmt)
    assert np.array_equal(read(stored, bits), luma)


@pytest.mark.parametrize(
    ("pix_fmt", "bits", "step"),
    [("gray", 8, 1), ("ya8", 8, 2), ("gray10be", 10, 1), ("gray16be", 16, 1), ("gray16le", 16, 1), ("ya16le", 16, 2)],
)
def test_reads_gray_unchanged_from_every_layout(pix_fmt: str, bits: int, step: int) -> None:
    luma = levels(bits)
    assert np.array_equal(read(filled(pix_fmt, luma, step), bits), luma)


def test_reads_one_bit_pictures_as_black_and_white() -> None:
    stored = av.VideoFrame(64, 16, "monob")
    rows = np.frombuffer(stored.planes[0], np.uint8).reshape(16, -1)
    rows[:, :8] = [0xFF, 0, 0xF0, 0, 0, 0, 0, 1]
    luma = read(stored, 8)
    assert luma.shape == (16, 64)
    assert [list(np.flatnonzero(row == 255)) for row in luma] == [[*range(8), *range(16, 20), 63]] * 16
    assert set(np.unique(luma)) == {0, 255}


@pytest.mark.parametrize(("codec", "ending"), [("libx264", ".mp4"), ("mpeg2video", ".mpg"), ("ffv1", ".mkv")])
def test_deinterlacing_keeps_every_frame_and_its_time(tmp_path: Path, codec: str, ending: str) -> None:
    path = clips.interlaced(tmp_path / f"film{ending}", codec)
    times = [pts for pts, _ in true_lumas(path)]
    assert [frame.pts for frame in decoded(path, deinterlace=True)] == times


def test_deinterlacing_gives_the_moment_of_the_first_field(tmp_path: Path) -> None:
    path = clips.interlaced(tmp_path / "film.mkv", "ffv1")
    woven, whole_frames = decoded(path), decoded(path, deinterlace=True)
    for number in range(2, 22):
        true = 16 + 219 * pictures.picture(2 * number)[..., 0]
        before, after = (np.abs(frames[number].luma - true).mean() for frames in (woven, whole_frames))
        assert after < before / 2


def test_deinterlacing_a_progressive_film_leaves_it_as_it_is(tmp_path: Path) -> None:
    path = clips.plain(tmp_path / "film.mp4")
    assert is_same(decoded(path, deinterlace=True), decoded(path))


@given(frames=st.integers(3, 20))
@settings(max_examples=5)
def test_deinterlaced_segments_join_to_what_one_pass_gives(interlaced: Film, frames: int) -> None:
    decode = Decode(4 * FRAME, deinterlace=True)
    assert is_same(owned(plan(interlaced, frames * FRAME), decode), decoded(interlaced.path, deinterlace=True))


@pytest.fixture(scope="module")
def interlaced(tmp_path_factory: pytest.TempPathFactory) -> Film:
    return probe(clips.interlaced(tmp_path_factory.mktemp("films") / "film.mp4"))


def joined(tmp_path: Path, *parts: PictureTrack) -> Path:
    """Films written one after the other into one ts."""
    names = [write(tmp_path / f"{number}.ts", part) for number, part in enumerate(parts)]
    path = tmp_path / "film.ts"
    path.write_bytes(b"".join(name.read_bytes() for name in names))
    return path


@pytest.mark.parametrize("ending", [".jpg", ".png"])
def test_a_single_picture_is_read_from_its_own_time_too(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"photograph{ending}"
    cv2.imwrite(str(path), np.arange(96 * 128, dtype=np.uint8).reshape(96, 128))
    film = probe(path)
    found, sought = (kept(Decode(Fraction(1)), Segment(film, 0, start, None)) for start in (None, 0))
    assert [frame.pts for frame in found] == [0]
    assert is_same(found, sought)


def test_says_where_the_picture_changes_its_size(tmp_path: Path) -> None:
    small = PictureTrack(pictures.pan(12, width=64, height=48), pts=range(48, 60))
    path = joined(tmp_path, PictureTrack(pictures.pan(24)), small)
    with pytest.raises(InputError, match=r"at 00:00:01.917: the picture changes from 128x96 .* to 64x48"):
        decoded(path)  # x264 has both films begin two frames late, and mpegts one of the two


@pytest.mark.parametrize("b_frames", [0, 2])
def test_says_where_times_run_backwards(tmp_path: Path, b_frames: int) -> None:
    options = {"bf": str(b_frames)}
    late = PictureTrack(pictures.pan(24), codec="mpeg2video", options=options, pts=range(48, 72))
    path = joined(tmp_path, late, PictureTrack(pictures.pan(24), codec="mpeg2video", options=options))
    with pytest.raises(InputError, match=r"at 00:00:00\.9\d\d: its times run backwards"):
        decoded(path)


def test_first_frames_come_before_the_whole_film_is_read(tmp_path: Path) -> None:
    path = clips.many_frames(tmp_path / "film.mp4", 500)
    frames = Decode(Fraction(0))(whole(path))
    first = next(frames)
    path.unlink()
    assert first.pts == 0
    frames.close()  # type: ignore[attr-defined]
