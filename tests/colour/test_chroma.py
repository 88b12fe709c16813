"""Chroma planes carry the colour asked for, as far as the luma has room for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.colour.colorspace import LUMA_WEIGHTS, lab_from_srgb, lightness_table, luma_span
from pipelines.colour.chroma import Chroma
from pipelines.colour.lightness import Lightness
from pipelines.display import DisplayMatrix
from pipelines.frames import AbFrame, ColouredFrame, Luma
from tests.made.handmade import Ab, even_ab, frame, picture, target

MATRICES = {"bt709": 1, "bt601": 5, "bt2020": 9}
PATCHES = [(0.7, 0.4, 0.3), (0.3, 0.5, 0.7), (0.5, 0.6, 0.3), (0.8, 0.7, 0.2), (0.6, 0.3, 0.6), (0.2, 0.6, 0.6)]
"""sRGB colours that their luma can carry."""
FRINGE = 3
"""Code values: most that colour beside an edge may differ from the colour far from it."""


def coloured(luma: Luma, ab: Ab, transfer: str = "srgb", **changes: Any) -> ColouredFrame:
    height, width = luma.shape
    depth = {"source_bits": changes.get("bits", 8), "source_is_full_range": changes.get("is_full_range", False)}
    form = target(width=width, height=height, **(depth | changes))
    return next(iter(Chroma(form, transfer)([AbFrame(frame(luma), ab, 0)])))


def even_luma(code: int, bits: int = 8, height: int = 96, width: int = 128) -> Luma:
    return np.full((height, width), code, np.uint8 if bits == 8 else np.uint16)


def rgb_of(luma: float, cb: float, cr: float, matrix: str, bits: int = 8, is_full_range: bool = False) -> np.ndarray:
    """R'G'B' of code values, as a player computes it (ITU-R BT.709 sec. 3 and 4)."""
    black, white = luma_span(bits, is_full_range)
    y = (luma - black) / (white - black)
    scale = (1 << bits) - 1 if is_full_range else 224 << (bits - 8)
    pb, pr = ((float(plane) - (1 << (bits - 1))) / scale for plane in (cb, cr))
    kr, kb = LUMA_WEIGHTS[matrix]
    red, blue = y + 2 * (1 - kr) * pr, y + 2 * (1 - kb) * pb
    return np.array([red, (y - kr * red - kb * blue) / (1 - kr - kb), blue])


def lab_of(rgb: Any) -> np.ndarray:
    return lab_from_srgb(torch.tensor(rgb, dtype=torch.float64)[:, None, None]).numpy().ravel()


def code_of(lightness: float, bits: int, is_full_range: bool) -> int:
    """The luma code that shows a lightness."""
    return int(np.abs(lightness_table(bits, is_full_range) - lightness).argmin())


@pytest.mark.parametrize("is_full_range", [False, True])
@pytest.mark.parametrize("bits", [8, 10, 12])
def test_no_colour_is_exactly_neutral_at_every_luma(bits: int, is_full_range: bool) -> None:
    luma = np.arange(1 << bits).reshape(16, -1).repeat(2, 0).repeat(2, 1)
    luma = luma.astype(np.uint8 if bits == 8 else np.uint16)
    shown = coloured(luma, np.zeros((32, 32, 2), np.float32), bits=bits, is_full_range=is_full_range)
    assert shown.cb.dtype == shown.cr.dtype == luma.dtype
    assert set(np.unique(shown.cb)) == set(np.unique(shown.cr)) == {1 << (bits - 1)}


@pytest.mark.parametrize("patch", PATCHES)
@pytest.mark.parametrize(("bits", "is_full_range"), [(8, False), (8, True), (10, False)])
@pytest.mark.parametrize("matrix", MATRICES)
def test_colour_is_shown_with_its_hue_and_its_strength(
    matrix: str, bits: int, is_full_range: bool, patch: tuple[float, float, float]
) -> None:
    lightness, a, b = lab_of(patch)
    code = code_of(lightness, bits, is_full_range)
    shown = coloured(even_luma(code, bits), even_ab(a, b), bits=bits, is_full_range=is_full_range,
                     matrix=MATRICES[matrix])  # fmt: skip
    assert shown.cb.min() == shown.cb.max()
    _, *ab = lab_of(rgb_of(code, shown.cb[0, 0], shown.cr[0, 0], matrix, bits, is_full_range))
    true, seen = complex(a, b), complex(*ab)
    assert abs(np.angle(seen / true, deg=True)) < 10
    assert 0.75 < abs(seen) / abs(true) < 1.3


@given(a=st.floats(-110, 110), b=st.floats(-110, 110), code=st.integers(0, 255), matrix=st.sampled_from(list(MATRICES)))
def test_no_colour_leaves_the_gamut(a: float, b: float, code: int, matrix: str) -> None:
    shown = coloured(even_luma(code, height=4, width=4), even_ab(a, b, 4, 4), matrix=MATRICES[matrix])
    rgb = rgb_of(min(235, max(16, code)), shown.cb[0, 0], shown.cr[0, 0], matrix)
    rounding = 0.6 / 224 * 1.9
    assert -rounding <= rgb.min() <= rgb.max() <= 1 + rounding


@pytest.mark.parametrize("code", [16, 235, 0, 255])
def test_black_and_white_stay_neutral(code: int) -> None:
    shown = coloured(even_luma(code), even_ab(90, -70))
    assert set(np.unique(shown.cb)) == set(np.unique(shown.cr)) == {128}


def test_darker_luma_carries_less_colour() -> None:
    strengths = []
    for code in (20, 30, 45, 70):
        shown = coloured(even_luma(code), even_ab(60, 40))
        strengths.append(float(np.hypot(int(shown.cb[0, 0]) - 128, int(shown.cr[0, 0]) - 128)))
    assert strengths == sorted(strengths)
    assert strengths[0] < strengths[-1] / 4


def test_luma_goes_through_as_the_object_it_was() -> None:
    luma = np.random.default_rng(0).integers(0, 256, (96, 128), np.uint8)
    before, shown = luma.copy(), coloured(luma, even_ab(40, 40))
    assert shown.frame.luma is luma
    assert np.array_equal(luma, before)


@pytest.mark.parametrize(
    ("size", "field_order"),
    [((96, 128), "progressive"), ((77, 101), "progressive"), ((1, 1), "progressive"), ((2, 3), "progressive"),
     ((96, 128), "top"), ((98, 130), "bottom"), ((77, 101), "top"), ((7, 5), "bottom")],
)  # fmt: skip
@pytest.mark.parametrize("chroma_format", ["420", "422", "444"])
def test_planes_have_the_size_of_the_target(chroma_format: str, size: tuple[int, int], field_order: str) -> None:
    shown = coloured(even_luma(120, 8, *size), even_ab(20, 10, 32, 32), chroma_format=chroma_format,
                     field_order=field_order)  # fmt: skip
    across, down = {"420": (2, 2), "422": (2, 1), "444": (1, 1)}[chroma_format]
    assert shown.cb.shape == shown.cr.shape == (-(-size[0] // down), -(-size[1] // across))
    assert len(np.unique(shown.cb)) == len(np.unique(shown.cr)) == 1


def test_colour_lies_where_ab_has_it() -> None:
    ab = np.zeros((96, 128, 2), np.float32)
    ab[:48, 64:] = (60, 0)
    cr = coloured(even_luma(120), ab).cr.astype(int) - 128
    assert cr.shape == (48, 64)
    assert cr[:20, 36:].min() > 30
    assert np.abs(cr[28:]).max() <= 1
    assert np.abs(cr[:, :28]).max() <= 1


@pytest.mark.parametrize("patch", PATCHES)
def test_edge_of_luma_leaves_no_fringe(patch: tuple[float, float, float]) -> None:
    _, a, b = lab_of(patch)
    sides = [coloured(even_luma(code), even_ab(a, b)) for code in (70, 190)]
    luma = even_luma(70)
    luma[:, 60:] = 190
    edge = coloured(luma, even_ab(a, b))
    for name in ("cb", "cr"):
        dark, bright = (int(getattr(side, name)[0, 0]) for side in sides)
        plane = getattr(edge, name).astype(int)
        assert np.abs(plane[:, :30] - dark).max() <= FRINGE
        assert np.abs(plane[:, 30:] - bright).max() <= FRINGE


@pytest.mark.parametrize("is_mirrored", [False, True])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("field_order", ["progressive", "top"])
def test_rotation_is_undone(rotation: int, field_order: str, is_mirrored: bool) -> None:
    matrix = DisplayMatrix.turned(rotation, is_mirrored)
    luma = even_luma(60)
    luma[:48, :32] = 160  # top left as stored
    form = picture(display_matrix=matrix)
    upright = next(iter(Lightness(form, 64)([frame(luma)]))).lightness
    ab = np.where(upright[..., None] > 120, np.float32([50, 20]), np.float32([0, 0]))
    cr = coloured(luma, ab, display_matrix=matrix, field_order=field_order).cr.astype(int) - 128
    assert cr[:20, :12].min() > 15
    assert np.abs(cr[28:]).max() <= 1
    assert np.abs(cr[:, 20:]).max() <= 1


@pytest.mark.parametrize("field_order", ["top", "bottom"])
@pytest.mark.parametrize("chroma_format", ["420", "422"])
def test_each_field_has_chroma_of_its_own_luma(field_order: str, chroma_format: str) -> None:
    luma = even_luma(120)
    luma[1::2] = 16  # black, and so without colour
    shown = coloured(luma, even_ab(50, 30), field_order=field_order, chroma_format=chroma_format)
    assert (shown.cr[0::2].astype(int) - 128).min() > 20
    assert np.abs(shown.cr[1::2].astype(int) - 128).max() == 0
    blended = coloured(luma, even_ab(50, 30), chroma_format="420")
    assert len(np.unique(blended.cr)) == 1


def test_interlaced_film_of_even_luma_is_coloured_as_a_progressive_one() -> None:
    ab = np.zeros((96, 128, 2), np.float32)
    ab[..., 0] = np.linspace(-40, 40, 128)
    fields, frames = (coloured(even_luma(130), ab, field_order=order) for order in ("top", "progressive"))
    assert np.abs(fields.cr.astype(int) - frames.cr).max() <= 1
    assert np.abs(fields.cb.astype(int) - frames.cb).max() <= 1


def test_limited_range_target_of_a_full_range_source_has_limited_chroma() -> None:
    full, limited = (
        coloured(even_luma(128), even_ab(40, -30), source_is_full_range=True, is_full_range=is_full)
        for is_full in (True, False)
    )
    ratio = (limited.cr.astype(float) - 128) / (full.cr.astype(float) - 128)
    assert ratio.mean() == pytest.approx(224 / 255, abs=0.03)


def test_deeper_target_has_the_same_colour_in_finer_steps() -> None:
    shallow = coloured(even_luma(128), even_ab(40, -30))
    deep = coloured(even_luma(128), even_ab(40, -30), bits=10, source_bits=8)
    assert deep.cr.dtype == np.uint16
    assert np.abs(deep.cr / 4 - shallow.cr).max() <= 0.6
    assert np.abs(deep.cb / 4 - shallow.cb).max() <= 0.6


def test_lightness_follows_the_films_transfer() -> None:
    shown = [coloured(even_luma(100), even_ab(60, 50), transfer).cr[0, 0] for transfer in ("srgb", "linear")]
    assert shown[0] != shown[1]


def test_frames_come_out_one_for_one_in_order() -> None:
    frames = [AbFrame(frame(even_luma(100), pts=7 * number), even_ab(number, 0), number // 2) for number in range(4)]
    shown = list(Chroma(target(), "srgb")(frames))
    assert [(one.frame.pts, one.shot) for one in shown] == [(0, 0), (7, 0), (14, 1), (21, 1)]
