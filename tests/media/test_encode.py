"""Encode writes luma as it came, with exact times and true tags, and the same bytes each time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from pipelines.frames import ColouredFrame, EncodedSegment
from pipelines.media.codecs import ENCODERS
from pipelines.media.encode import KEYFRAME_SECONDS, check_encoder
from pipelines.settings import Codec, EncodeSettings
from tests.made.encoding import FORMATS, encoded, interlace_types, made, noise, planes, seconds, smooth
from tests.made.handmade import frame

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("chroma_format", ["420", "422", "444"])
@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_lossless_codec_keeps_every_sample_of_every_plane(tmp_path: Path, bits: int, chroma_format: str) -> None:
    form, path = made(bits=bits, chroma_format=chroma_format), tmp_path / "segment"
    frames = noise(form, 3)
    encoded(form, frames, path)
    for shown, own in zip(planes(path), frames, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(shown, (own.frame.luma, own.cb, own.cr), strict=True))
        assert shown[0].dtype == (np.uint8 if bits == 8 else np.uint16)


def test_odd_sizes_keep_every_sample(tmp_path: Path) -> None:
    form, path = made(width=101, height=77), tmp_path / "segment"
    frames = noise(form, 2)
    encoded(form, frames, path)
    for shown, own in zip(planes(path), frames, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(shown, (own.frame.luma, own.cb, own.cr), strict=True))


@pytest.mark.parametrize(("width", "height"), [(1, 1), (2, 2), (3, 3), (16, 2), (2, 16), (4, 4)])
@pytest.mark.parametrize("chroma_format", ["420", "422", "444"])
def test_the_smallest_pictures_keep_every_sample(tmp_path: Path, width: int, height: int, chroma_format: str) -> None:
    form, path = made(width=width, height=height, chroma_format=chroma_format), tmp_path / "segment"
    (own,) = frames = noise(form, 1)
    encoded(form, frames, path)
    (shown,) = planes(path)
    assert all(np.array_equal(a, b) for a, b in zip(shown, (own.frame.luma, own.cb, own.cr), strict=True))


@pytest.mark.parametrize("codec", ENCODERS)
@pytest.mark.parametrize(
    ("time_base", "times"),
    [
        (Fraction(1, 1000), [5000, 5042, 5083, 5100, 5200, 5233, 5250, 5251, 5500]),
        (Fraction(1001, 30000), range(70, 80)),
        (Fraction(1, 90000), [3 * 3003, 4 * 3003, 5 * 3003 + 1, 7 * 3003]),
        (Fraction(1, 12288), range(-512, 512 * 7, 512)),
    ],
)
def test_times_are_exact_and_count_from_the_first_frame(
    tmp_path: Path, codec: Codec, time_base: Fraction, times: Sequence[int]
) -> None:
    form, path = made(codec, time_base=time_base, **FORMATS[codec]), tmp_path / "segment"
    segment = encoded(form, smooth(form, times=times), path)
    assert segment.pts == tuple(times)
    assert seconds(path) == [(pts - times[0]) * time_base for pts in times]


@pytest.mark.parametrize(
    ("codec", "chroma_format", "bits", "is_full_range"),
    [("h264", "420", 8, False), ("h264", "420", 8, True), ("h264", "422", 10, False), ("h264", "444", 8, False),
     ("h265", "420", 8, False), ("h265", "420", 12, False), ("h265", "444", 10, True), ("av1", "420", 8, False),
     ("av1", "420", 10, True), ("prores", "422", 10, False), ("prores", "444", 10, False), ("dnxhr", "422", 8, False),
     ("dnxhr", "422", 10, False), ("dnxhr", "444", 10, False), ("ffv1", "420", 8, True), ("ffv1", "422", 12, False)],
)  # fmt: skip
def test_every_codec_writes_the_picture_in_the_targets_format(
    tmp_path: Path, codec: Codec, chroma_format: str, bits: int, is_full_range: bool
) -> None:
    form = made(codec, chroma_format=chroma_format, bits=bits, is_full_range=is_full_range)
    path, frames = tmp_path / "segment", smooth(form, 12)
    for number, own in enumerate(frames):
        own.frame.luma[:] = own.frame.luma // (1 + number % 3)  # no frame may be taken for another
    encoded(form, frames, path)
    read_as = {("h264", "yuv420p", True): "yuvj420p", ("prores", "yuv444p10le", False): "yuv444p12le"}
    with av.open(path) as film:
        shown = next(film.decode(video=0))
    assert shown.format.name == read_as.get((codec, form.pixel_format, is_full_range), form.pixel_format)
    assert (shown.width, shown.height) == (form.width, form.height)
    deeper = 1 << (shown.format.components[0].bits - bits)
    for got, own in zip(planes(path), frames, strict=True):
        for plane, wanted in zip(got, (own.frame.luma, own.cb, own.cr), strict=True):
            assert np.abs(plane / deeper - wanted).mean() < 3 << (bits - 8)


@pytest.mark.parametrize("is_full", [False, True])
@pytest.mark.parametrize("tags", [(1, 1, 1), (5, 5, 6), (9, 9, 14)])
@pytest.mark.parametrize("codec", ENCODERS)
def test_colour_tags_reach_the_file_and_its_frames(
    tmp_path: Path, codec: Codec, tags: tuple[int, int, int], is_full: bool
) -> None:
    is_full = is_full and ENCODERS[codec].keeps_range
    tags = (1, *tags[1:]) if codec == "dnxhr" else tags  # its stream names no other matrix
    matrix, primaries, transfer = tags
    form = made(codec, **FORMATS[codec], is_full_range=is_full, matrix=matrix, primaries=primaries, transfer=transfer,
                sample_aspect_ratio=Fraction(16, 11))  # fmt: skip
    path = tmp_path / "segment"
    encoded(form, smooth(form), path)
    with av.open(path) as film:
        stream = film.streams.video[0]
        context = stream.codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc) == tags
        assert stream.sample_aspect_ratio == Fraction(16, 11)
        shown = next(film.decode(stream))
        assert (shown.colorspace, shown.color_primaries, shown.color_trc) == tags
        assert shown.color_range == 1 + is_full


@pytest.mark.parametrize("codec", [codec for codec, encoder in ENCODERS.items() if encoder.keeps_fields])
@pytest.mark.parametrize(("field_order", "flag"), [("top", "TOPFIRST"), ("bottom", "BOTTOMFIRST")])
def test_interlaced_frames_are_marked_so(tmp_path: Path, codec: Codec, field_order: str, flag: str) -> None:
    form, path = made(codec, field_order=field_order, **FORMATS[codec]), tmp_path / "segment"
    encoded(form, smooth(form), path)
    assert interlace_types(path) == [flag] * 6


@pytest.mark.parametrize("codec", ENCODERS)
def test_progressive_frames_are_not_marked_interlaced(tmp_path: Path, codec: Codec) -> None:
    form, path = made(codec, **FORMATS[codec]), tmp_path / "segment"
    encoded(form, smooth(form), path)
    assert interlace_types(path) == ["PROGRESSIVE"] * 6


@pytest.mark.parametrize("codec", ENCODERS)
def test_same_frames_give_the_same_bytes(tmp_path: Path, codec: Codec) -> None:
    form = made(codec, **FORMATS[codec])
    paths = [tmp_path / name for name in "ab"]
    for path in paths:
        encoded(form, noise(form, 9), path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize("codec", ["h264", "h265", "av1"])
def test_same_frames_give_the_same_bytes_with_many_threads_too(tmp_path: Path, codec: Codec) -> None:
    form = made(codec, height=512)
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        encoded(form, smooth(form, 9), path, threads=8)
    assert paths[0].read_bytes() == paths[1].read_bytes() == paths[2].read_bytes()


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("codec", ENCODERS)
def test_shortest_segments_are_written_too(tmp_path: Path, codec: Codec, count: int) -> None:
    form, path = made(codec, **FORMATS[codec]), tmp_path / "segment"
    for _ in range(20 if codec == "h265" else 1):  # x265 fails now and then at a segment shorter than its B-frames
        assert encoded(form, smooth(form, count), path).pts == tuple(range(count))
        assert seconds(path) == [Fraction(number, 24) for number in range(count)]


@pytest.mark.parametrize(
    ("codec", "preset", "is_reordered"),
    [("h264", "fast", True), ("h264", "ultrafast", False), ("h265", "fast", True), ("ffv1", None, False)],
)
def test_tells_how_far_frames_stand_out_of_order(
    tmp_path: Path, codec: Codec, preset: str | None, is_reordered: bool
) -> None:
    form, path = made(codec), tmp_path / "segment"
    segment = encoded(form, smooth(form, 16), path, preset=preset)
    with av.open(path) as film:
        stored = [packet.pts for packet in film.demux(video=0) if packet.pts is not None]
    ranks = [sorted(stored).index(pts) for pts in stored]
    assert segment.reorder == max(place - rank for place, rank in enumerate(ranks))
    assert (segment.reorder > 0) == is_reordered


def test_tells_which_frames_were_held_and_how_long_the_last_one_lasts(tmp_path: Path) -> None:
    form = made()
    frames = noise(form, 4)
    held = [
        ColouredFrame(frame(c.frame.luma, c.frame.pts, is_held=c.frame.pts in (1, 2)), c.cb, c.cr, c.shot)
        for c in frames
    ]
    segment = encoded(form, held, tmp_path / "segment")
    assert replace(segment, lumas=()) == EncodedSegment((0, 1, 2, 3), 1, 0, (1, 2))


SPEAKING = """
import pathlib, sys
sys.path.insert(0, ".")
from tests.made.encoding import encoded, made, smooth
form = made("av1")
encoded(form, smooth(form, 2), pathlib.Path(sys.argv[1]))
"""


@pytest.mark.parametrize(("chosen", "is_silent"), [({}, True), ({"SVT_LOG": "3"}, False)])
def test_the_encoder_of_av1_tells_nothing_of_itself_unless_it_is_asked(
    tmp_path: Path, chosen: dict[str, str], is_silent: bool
) -> None:
    surroundings = {name: value for name, value in os.environ.items() if name != "SVT_LOG"} | chosen
    command = [sys.executable, "-c", SPEAKING, str(tmp_path / "segment")]
    run = subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=True)
    assert ("Svt[info]" not in run.stdout + run.stderr) == is_silent


@pytest.mark.parametrize(
    ("shots", "cuts"), [((0, 0, 0, 0), ()), ((0, 0, 1, 2), (2, 3)), ((1, 1, 1, 1), (0,)), ((1, 2, 2, 2), (0, 1))]
)
def test_tells_which_frames_begin_a_shot_the_first_one_too_where_the_shot_before_it_is_another(
    tmp_path: Path, shots: tuple[int, ...], cuts: tuple[int, ...]
) -> None:
    form = made()
    frames = [replace(one, shot=shot) for one, shot in zip(noise(form, 4), shots, strict=True)]
    assert encoded(form, frames, tmp_path / "segment").cuts == cuts


def test_no_frames_leave_no_file(tmp_path: Path) -> None:
    assert encoded(made(), [], tmp_path / "segment") == EncodedSegment((), 0, 0, ())
    assert list(tmp_path.iterdir()) == []


def test_frames_are_left_as_they_came(tmp_path: Path) -> None:
    form = made()
    frames = noise(form, 4)
    copies = [(c.frame.luma.copy(), c.cb.copy(), c.cr.copy()) for c in frames]
    for own in frames:
        own.frame.luma.setflags(write=False)
    encoded(form, frames, tmp_path / "segment")
    for own, copy in zip(frames, copies, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip((own.frame.luma, own.cb, own.cr), copy, strict=True))


@pytest.mark.parametrize(
    ("source", "bits", "black_and_white"),
    [({"source_bits": 8}, 10, (64, 940)), ({"source_bits": 8, "source_is_full_range": True}, 10, (0, 1023))],
)
def test_luma_of_another_depth_keeps_black_and_white(
    tmp_path: Path, source: dict[str, Any], bits: int, black_and_white: tuple[int, int]
) -> None:
    form, path = (
        made(bits=bits, is_full_range=source.get("source_is_full_range", False), **source),
        tmp_path / "segment",
    )
    black, white = (0, 255) if form.is_full_range else (16, 235)
    own = noise(form, 1)[0]
    own.frame.luma[:] = black
    own.frame.luma[:, 128:] = white
    encoded(form, [own], path)
    luma = planes(path)[0][0]
    assert (luma[0, 0], luma[0, -1]) == black_and_white


def test_full_range_luma_becomes_limited_where_the_codec_holds_no_other(tmp_path: Path) -> None:
    form = made("ffv1", bits=10, source_bits=10, source_is_full_range=True)
    own = noise(form, 1)[0]
    own.frame.luma[:] = np.linspace(0, 1023, 256).round()
    path = tmp_path / "segment"
    encoded(form, [own], path)
    assert np.abs(planes(path)[0][0][0] - np.linspace(64, 940, 256)).max() <= 1


def test_long_segment_has_a_keyframe_every_few_seconds(tmp_path: Path) -> None:
    slow = {"frame_rate": Fraction(4), "time_base": Fraction(1, 4)}
    form, path = made("h264", width=64, height=48, **slow), tmp_path / "segment"
    encoded(form, smooth(form, 60), path)
    with av.open(path) as film:
        keys = [packet.pts * packet.time_base for packet in film.demux(video=0) if packet.is_keyframe and packet.size]
    assert keys[0] == 0
    assert max(later - key for key, later in pairwise([*keys, Fraction(15)])) <= KEYFRAME_SECONDS


def test_missing_folder_is_an_os_error(tmp_path: Path) -> None:
    form = made()
    with pytest.raises(OSError, match="No such file or directory"):
        encoded(form, noise(form, 1), tmp_path / "nowhere" / "segment")


def test_picture_that_an_encoder_refuses_is_a_value_error(tmp_path: Path) -> None:
    form = made("dnxhr", width=64, height=48, bits=10, chroma_format="422")
    with pytest.raises(ValueError, match="Invalid argument"):
        encoded(form, noise(form, 1), tmp_path / "segment")


def test_a_picture_that_the_encoder_refuses_is_told_without_the_names_of_functions() -> None:
    with pytest.raises(ValueError, match=r"ffv1 refuses this picture \(127x3936 yuv420p\) or a setting: [^']+$"):
        check_encoder(made("ffv1", width=127, height=3936), EncodeSettings("ffv1"))
