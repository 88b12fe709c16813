"""What will be written fits the film, and what has to change is said before the run."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from pipelines.display import DisplayMatrix
from pipelines.media.codecs import ENCODERS
from pipelines.media.target import Target, choose_target
from pipelines.settings import Codec, EncodeSettings
from pipelines.source import Film
from tests.made.handmade import FILM, PICTURE, target

BT709, UNKNOWN, PAL, NTSC, BT2020 = 1, 2, 5, 6, 9


def film(**changes: Any) -> Film:
    return replace(FILM, picture=replace(PICTURE, **changes))


def chosen(codec: Codec = "h264", deinterlace: bool = False, **changes: Any) -> Target:
    return choose_target(film(**changes), EncodeSettings(codec), deinterlace)


def tags(form: Target) -> tuple[int, int, int]:
    return form.matrix, form.primaries, form.transfer


def test_what_can_stay_stays_and_nothing_is_noted() -> None:
    shape = {
        "sample_aspect_ratio": Fraction(16, 11),
        "display_matrix": DisplayMatrix.turned(90),
        "frame_rate": Fraction(30000, 1001),
    }
    form = chosen(field_order="top", time_base=Fraction(1, 90000), is_full_range=True, **shape)
    assert (form.width, form.height, form.bits, form.is_full_range) == (128, 96, 8, True)
    assert {name: getattr(form, name) for name in shape} == shape
    assert (form.time_base, form.field_order) == (Fraction(1, 90000), "top")
    assert form.notes == ()
    assert form.luma_table is None


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p", "yuv444p", "yuvj420p", "gray", "nv12", "rgb24"])
def test_chroma_is_as_fine_as_the_films(pixel_format: str) -> None:
    named = [name for name in ("420", "422", "444") if name in pixel_format]
    assert chosen(pixel_format=pixel_format).chroma_format == (named or ["420"])[0]


@pytest.mark.parametrize(
    ("codec", "pixel_format", "chroma_format"),
    [("prores", "yuv420p", "422"), ("dnxhr", "gray", "422"), ("av1", "yuv444p", "420"), ("prores", "yuv444p", "444")],
)
def test_chroma_is_the_next_richer_that_the_codec_holds(codec: Codec, pixel_format: str, chroma_format: str) -> None:
    assert chosen(codec, pixel_format=pixel_format).chroma_format == chroma_format


@pytest.mark.parametrize(
    ("codec", "width", "height", "chroma_format"),
    [("h264", 101, 77, "444"), ("h264", 102, 77, "422"), ("h265", 101, 78, "444"), ("ffv1", 101, 77, "420")],
)
def test_odd_sides_take_finer_chroma(codec: Codec, width: int, height: int, chroma_format: str) -> None:
    assert chosen(codec, width=width, height=height).chroma_format == chroma_format


def test_codec_that_cannot_hold_odd_sides_says_which_can() -> None:
    with pytest.raises(ValueError, match="101x77: odd sides; --codec h264 can"):
        chosen("av1", width=101, height=77)


@pytest.mark.parametrize(
    ("height", "own", "written"),
    [
        (480, (UNKNOWN, UNKNOWN, UNKNOWN), (NTSC, NTSC, NTSC)),
        (576, (UNKNOWN, UNKNOWN, UNKNOWN), (PAL, PAL, NTSC)),
        (1080, (UNKNOWN, UNKNOWN, UNKNOWN), (BT709, BT709, BT709)),
        (480, (BT709, BT709, BT709), (BT709, BT709, BT709)),
        (1080, (NTSC, NTSC, NTSC), (NTSC, NTSC, NTSC)),
        (2160, (BT2020, BT2020, 16), (BT2020, BT2020, 16)),
    ],
)
def test_tags_are_the_films_or_those_that_players_take_for_its_size(
    height: int, own: tuple[int, int, int], written: tuple[int, int, int]
) -> None:
    matrix, primaries, transfer = own
    form = chosen(height=height, matrix=matrix, primaries=primaries, transfer=transfer)
    assert tags(form) == written


@pytest.mark.parametrize("height", [480, 576, 1080])
def test_gray_without_tags_becomes_bt709(height: int) -> None:
    form = chosen(height=height, pixel_format="gray", is_gray=True, matrix=UNKNOWN, primaries=UNKNOWN, transfer=UNKNOWN)
    assert tags(form) == (BT709, BT709, BT709)


@pytest.mark.parametrize("matrix", [PAL, NTSC, UNKNOWN])
def test_dnxhr_is_reported_and_coloured_as_bt709_because_its_stream_says_no_other(matrix: int) -> None:
    assert chosen("dnxhr", matrix=matrix, height=480).matrix == BT709


@pytest.mark.parametrize(("codec", "bits", "written"), [("h265", 12, 12), ("h265", 9, 10), ("ffv1", 16, 16)])
def test_depth_is_kept_or_the_next_greater(codec: Codec, bits: int, written: int) -> None:
    form = chosen(codec, bits=bits, pixel_format=f"yuv420p{bits}le")
    assert form.bits == written
    assert form.pixel_format == f"yuv420p{written}le"
    assert form.notes == ()


def test_lost_depth_is_noted_with_the_codec_that_keeps_it() -> None:
    form = chosen("h264", bits=12, pixel_format="yuv420p12le")
    assert form.bits == 10
    assert "luma of 12 bits becomes 10 (h264 holds no more; --codec h265 does)" in form.notes
    deeper = chosen("h264", bits=16, pixel_format="yuv420p16le")
    assert any("--codec ffv1" in note for note in deeper.notes)


@pytest.mark.parametrize(
    ("codec", "changes", "words"),
    [
        ("prores", {"is_full_range": True}, "full-range luma becomes limited range"),
        ("h264", {"is_rgb": True, "pixel_format": "rgb24", "is_full_range": True}, "RGB becomes luma"),
        ("h264", {"pixel_format": "yuva420p"}, "transparency"),
        ("h264", {"pixel_format": "bgra", "is_rgb": True, "is_full_range": True}, "transparency"),
        ("h264", {"pixel_format": "argb", "is_rgb": True, "is_full_range": True}, "transparency"),
        ("ffv1", {"pixel_format": "gbrap", "is_rgb": True, "is_full_range": True}, "transparency"),
        ("h264", {"pixel_format": "ya8", "is_gray": True, "is_full_range": True}, "transparency"),
    ],
)
def test_what_changes_is_noted(codec: Codec, changes: dict[str, Any], words: str) -> None:
    assert any(words in note for note in chosen(codec, **changes).notes)


@pytest.mark.parametrize("codec", ENCODERS)
def test_interlaced_film_stays_so_or_the_codec_is_refused(codec: Codec) -> None:
    if ENCODERS[codec].keeps_fields:
        assert chosen(codec, field_order="bottom").field_order == "bottom"
    else:
        with pytest.raises(ValueError, match=f"{codec} does not hold interlaced film; --deinterlace, or --codec h264"):
            chosen(codec, field_order="bottom")
    assert chosen(codec, deinterlace=True, field_order="bottom").field_order == "progressive"


@pytest.mark.parametrize(
    ("source", "written", "pairs"),
    [
        ((8, False), (10, False), {16: 64, 235: 940, 0: 0, 255: 1020}),
        ((8, True), (10, True), {0: 0, 255: 1023}),
        ((8, True), (10, False), {0: 64, 255: 940}),
        ((12, False), (10, False), {256: 64, 3760: 940}),
        ((10, True), (8, True), {0: 0, 1023: 255}),
    ],
)
def test_luma_table_keeps_black_and_white(
    source: tuple[int, bool], written: tuple[int, bool], pairs: dict[int, int]
) -> None:
    form = target(source_bits=source[0], source_is_full_range=source[1], bits=written[0], is_full_range=written[1])
    table = form.luma_table
    assert table is not None
    assert len(table) == 1 << source[0]
    assert {code: int(table[code]) for code in pairs} == pairs
    assert (np.diff(table.astype(int)) >= 0).all()
