"""The picture of a result: luma as it was, colour that is real, and all that tells how it is shown."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import av.filter
import numpy as np
import pytest
from av.codec.context import Flags

from pipelines.settings import Codec, EncodeSettings, Settings
from tests.made import clips, pictures
from tests.made.readers import first_frame, times, true_chromas, true_lumas
from tests.made.runs import Films
from tests.made.tracks import Colours, to_frame

FULL, LIMITED = 2, 1
TOP_FIELD_FIRST, BOTTOM_FIELD_FIRST, PROGRESSIVE = 2, (3, 4), (0, 1)
"""FFmpeg's AVFieldOrder."""

ODD = [("ffv1", "yuv420p", ".mkv"), ("ffv1", "yuv422p", ".mkv"), ("ffv1", "yuv420p10le", ".mkv"),
       ("libx264", "yuv444p", ".mp4"), ("mpeg4", "yuv420p", ".avi"), ("libvpx-vp9", "yuv420p", ".webm")]  # fmt: skip
INTERLACED = [("libx264", ".mp4"), ("mpeg2video", ".mpg"), ("ffv1", ".mkv")]


def stream_facts(path: Path, *names: str) -> tuple[Any, ...]:
    """Attributes of the stream of pictures."""
    with av.open(path) as film:
        return tuple(getattr(film.streams.video[0], name) for name in names)


def frame_tags(path: Path) -> tuple[int, ...]:
    """Matrix, primaries, transfer and range, as the first frame has them."""
    frame = first_frame(path)
    return int(frame.colorspace), int(frame.color_primaries), int(frame.color_trc), int(frame.color_range)


def assert_same_luma(film: Path, out: Path) -> None:
    before, after = true_lumas(film), true_lumas(out)
    assert len(before) == len(after)
    differ = [
        n for n, ((_, was), (_, now)) in enumerate(zip(before, after, strict=True)) if not np.array_equal(was, now)
    ]
    assert differ == []


def assert_real_colour(out: Path) -> None:
    """Chroma varies over each picture by more than a code of 8 bits, and never leaves its range."""
    bits = first_frame(out).format.components[1].bits
    for planes in true_chromas(out):
        assert max(plane.std() for plane in planes) > 1 << (bits - 8)
        assert all(16 << (bits - 8) <= plane.min() and plane.max() <= 240 << (bits - 8) for plane in planes) or (
            first_frame(out).color_range == FULL
        )


@pytest.mark.parametrize("pix_fmt", clips.FORMATS)
def test_luma_is_untouched_and_colour_is_real(films: Films, lossless: Settings, pix_fmt: str) -> None:
    film = films(clips.in_format, pix_fmt=pix_fmt)
    out = films.restored(film, lossless)
    assert_same_luma(film, out)
    assert_real_colour(out)
    assert first_frame(out).format.components[0].bits == first_frame(film).format.components[0].bits


@pytest.mark.parametrize(("codec", "pix_fmt", "ending"), ODD)
def test_luma_of_odd_sizes_is_untouched(
    films: Films, lossless: Settings, codec: str, pix_fmt: str, ending: str
) -> None:
    film = films(clips.odd_size, ending, codec=codec, pix_fmt=pix_fmt)
    out = films.restored(film, lossless)
    assert_same_luma(film, out)
    assert_real_colour(out)


@pytest.mark.parametrize(("codec", "ending"), INTERLACED)
def test_luma_of_interlaced_film_is_untouched(films: Films, lossless: Settings, codec: str, ending: str) -> None:
    film = films(clips.interlaced, ending, codec=codec)
    out = films.restored(film, lossless)
    assert_same_luma(film, out)
    assert_real_colour(out)


def test_luma_is_untouched_by_h264_at_crf_0(films: Films, settings: Settings) -> None:
    film = films(clips.plain, ".mp4")
    assert_same_luma(film, films.restored(film, replace(settings, encode=EncodeSettings("h264", crf=0))))


def test_the_network_decides_on_the_colours(films: Films, settings: Settings) -> None:
    film = films(clips.plain, ".mp4")
    gray = films.restored(film, replace(settings, paint=replace(settings.paint, saturation=0)))
    assert all(np.abs(plane.astype(int) - 128).max() <= 1 for planes in true_chromas(gray) for plane in planes)
    assert_real_colour(films.restored(film, settings))


@pytest.mark.parametrize("pix_fmt", ["gray", "yuv420p", "yuv420p10le", "yuv422p10le", "yuv444p"])
def test_h264_keeps_depth_and_chroma_format(films: Films, settings: Settings, pix_fmt: str) -> None:
    out = films.restored(films(clips.in_format, pix_fmt=pix_fmt), settings)
    as_yuv = {"gray": "yuvj420p"}  # gray is full range, which FFmpeg names so for H.264
    assert first_frame(out).format.name == as_yuv.get(pix_fmt, pix_fmt)


def test_h265_keeps_12_bits(films: Films, settings: Settings) -> None:
    film = films(clips.in_format, pix_fmt="yuv420p12le")
    out = films.restored(film, replace(settings, encode=EncodeSettings("h265")))
    assert first_frame(out).format.name == "yuv420p12le"


@pytest.mark.parametrize(("codec", "pix_fmt", "ending"), ODD[2:5])
def test_h264_keeps_odd_sizes(films: Films, settings: Settings, codec: str, pix_fmt: str, ending: str) -> None:
    out = films.restored(films(clips.odd_size, ending, codec=codec, pix_fmt=pix_fmt), settings)
    assert stream_facts(out, "width", "height") == (101, 77)


@pytest.mark.parametrize(("codec", "ending"), [("libx264", ".mp4"), ("libx264", ".mkv"), ("mpeg4", ".avi")])
@pytest.mark.parametrize("run", ["settings", "lossless"])
def test_pixels_keep_their_shape(
    films: Films, request: pytest.FixtureRequest, run: str, codec: str, ending: str
) -> None:
    out = films.restored(films(clips.wide_pixels, ending, codec=codec), request.getfixturevalue(run))
    assert stream_facts(out, "sample_aspect_ratio") == (Fraction(16, 11),)


@pytest.mark.parametrize(
    ("codec", "wanted"), [("ffv1", ".mkv"), ("prores", ".mkv"), ("av1", ".mkv"), ("av1", ".webm"), ("prores", ".mov")]
)
def test_pixels_keep_their_shape_where_the_codec_does_not_carry_it(
    films: Films, settings: Settings, codec: Codec, wanted: str
) -> None:
    chosen = replace(settings, encode=EncodeSettings(codec))
    out = films.restored(films(clips.wide_pixels, ".mp4"), chosen, wanted)
    assert stream_facts(out, "sample_aspect_ratio") == (Fraction(16, 11),)


@pytest.mark.parametrize(
    ("ending", "degrees"), [(".mp4", 90), (".mp4", -90), (".mp4", 180), (".mov", 90), (".mkv", -90)]
)
def test_rotation_is_kept(films: Films, settings: Settings, ending: str, degrees: int) -> None:
    film = films(clips.rotated, ending, degrees=degrees)
    out = films.restored(film, settings)
    assert first_frame(out).rotation == first_frame(film).rotation
    assert stream_facts(out, "width", "height") == stream_facts(film, "width", "height")


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("colours", [Colours.BT709, Colours.BT470BG, Colours.SMPTE170M])
@pytest.mark.parametrize("run", ["settings", "lossless"])
def test_colour_tags_and_range_are_kept(
    films: Films, request: pytest.FixtureRequest, run: str, colours: Colours, full_range: bool
) -> None:
    film = films(clips.tagged, ".mp4", colours=colours, full_range=full_range)
    out = films.restored(film, request.getfixturevalue(run))
    assert frame_tags(out) == frame_tags(film) == (colours, colours, colours, FULL if full_range else LIMITED)


@pytest.mark.parametrize("run", ["settings", "lossless"])
def test_gray_becomes_full_range_bt709(films: Films, request: pytest.FixtureRequest, run: str) -> None:
    out = films.restored(films(clips.in_format, pix_fmt="gray"), request.getfixturevalue(run))
    assert frame_tags(out) == (Colours.BT709, Colours.BT709, Colours.BT709, FULL)


def test_a_film_without_tags_is_tagged_as_players_take_it(films: Films, settings: Settings) -> None:
    out = films.restored(films(clips.plain, ".mp4"), settings)
    assert frame_tags(out)[0] == Colours.SMPTE170M
    assert frame_tags(out)[3] != FULL


@pytest.mark.parametrize(("codec", "ending"), INTERLACED)
@pytest.mark.parametrize("run", ["settings", "lossless"])
def test_interlaced_stays_interlaced_and_says_so(
    films: Films, request: pytest.FixtureRequest, run: str, codec: str, ending: str
) -> None:
    out = films.restored(films(clips.interlaced, ending, codec=codec), request.getfixturevalue(run))
    with av.open(out) as film:
        assert film.streams.video[0].codec_context.field_order == TOP_FIELD_FIRST
        assert all(frame.interlaced_frame for frame in film.decode(video=0))


def bottom_first(path: Path) -> Path:
    """MPEG-2, 25 frames a second of two fields each, the lower shown first."""
    rate = Fraction(25)
    with av.open(path, "w") as out:
        stream = out.add_stream("mpeg2video", rate, width=pictures.WIDTH, height=pictures.HEIGHT, pix_fmt="yuv420p")
        stream.codec_context.flags |= Flags.interlaced_dct | Flags.interlaced_me
        graph = av.filter.Graph()
        source = graph.add_buffer(template=stream, time_base=1 / rate)
        graph.link_nodes(source, graph.add("setfield", "mode=bff"), graph.add("buffersink")).configure()
        for number, drawn in enumerate(pictures.fields(12)):
            frame = to_frame(np.flipud(drawn), "yuv420p", full_range=False)
            frame.pts, frame.time_base = number, 1 / rate
            graph.push(frame)
            out.mux(stream.encode(cast(av.VideoFrame, graph.pull())))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("codec", ["h264", "prores", "ffv1"])
def test_the_field_shown_first_stays_the_first(films: Films, settings: Settings, codec: Codec) -> None:
    film = films(bottom_first, ".mpg")
    out = films.restored(film, replace(settings, encode=EncodeSettings(codec)))
    for path in (film, out):
        with av.open(path) as opened:
            next(opened.decode(video=0))
            assert opened.streams.video[0].codec_context.field_order in BOTTOM_FIELD_FIRST


def combing(path: Path) -> float:
    """How much more luma changes from a line to the next than to the one after: above 1 where fields differ."""
    lumas = np.stack([luma.astype(float) for _, luma in true_lumas(path)])
    return float(np.abs(lumas[:, 1:] - lumas[:, :-1]).mean() / np.abs(lumas[:, 2:] - lumas[:, :-2]).mean())


@pytest.mark.parametrize(("codec", "ending"), INTERLACED)
def test_deinterlaced_is_progressive_with_every_frame(
    films: Films, settings: Settings, codec: str, ending: str
) -> None:
    film = films(clips.interlaced, ending, codec=codec)
    out = films.restored(film, replace(settings, deinterlace=True))
    with av.open(out) as result:
        assert result.streams.video[0].codec_context.field_order in PROGRESSIVE
        assert not any(frame.interlaced_frame for frame in result.decode(video=0))
    assert times(out) == times(film)
    assert combing(out) < 0.8 * combing(film)
