"""Colours and lightness agree with published figures, and go there and back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.colour.colorspace import (
    LUMA_WEIGHTS,
    RGB_TO_XYZ,
    WHITE,
    lab_from_linear,
    lab_from_srgb,
    lightness_from_luminance,
    lightness_table,
    linear_from_srgb,
    luma_span,
    srgb_from_lab,
    srgb_from_linear,
)

PUBLISHED = {  # sRGB (D65) -> CIE Lab, www.brucelindbloom.com
    (255, 0, 0): (53.24, 80.09, 67.20),
    (0, 255, 0): (87.73, -86.18, 83.18),
    (0, 0, 255): (32.30, 79.19, -107.86),
    (255, 255, 0): (97.14, -21.55, 94.48),
    (0, 255, 255): (91.11, -48.09, -14.13),
    (255, 0, 255): (60.32, 98.23, -60.82),
    (255, 255, 255): (100, 0, 0),
    (119, 119, 119): (50.03, 0, 0),
    (0, 0, 0): (0, 0, 0),
}
TRANSFERS = ["srgb", "linear", "gamma22", "gamma28", "smpte2084", "arib-std-b67"]
DEPTHS = [(8, False), (8, True), (10, False), (12, True), (16, False)]


def pixel(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)[:, None, None]


@pytest.mark.parametrize("rgb", PUBLISHED)
def test_lab_is_the_published_one(rgb: tuple[int, int, int]) -> None:
    lab = lab_from_srgb(pixel(*rgb) / 255).flatten()
    assert lab.tolist() == pytest.approx(PUBLISHED[rgb], abs=0.03)


@given(rgb=st.tuples(*[st.floats(0, 1)] * 3))
def test_srgb_comes_back_from_lab(rgb: tuple[float, float, float]) -> None:
    back = srgb_from_lab(lab_from_srgb(pixel(*rgb))).flatten()
    assert back.tolist() == pytest.approx(rgb, abs=1e-4)


@given(value=st.floats(-0.2, 1.2))
def test_srgb_curve_comes_back(value: float) -> None:
    light = linear_from_srgb(torch.tensor(value, dtype=torch.float64))
    assert float(srgb_from_linear(light)) == pytest.approx(value, abs=1e-5)
    assert float(light) <= max(value, 0) or value > 1


def test_srgb_curve_passes_through_published_points() -> None:
    light = linear_from_srgb(torch.tensor([0.0, 0.04045, 0.5, 1.0], dtype=torch.float64))
    assert light.tolist() == pytest.approx([0, 0.0031308, 0.2140411, 1], abs=1e-6)


def test_colours_beyond_srgb_are_clipped() -> None:
    rgb = srgb_from_lab(pixel(50, 110, -110))
    assert 0 <= float(rgb.min()) <= float(rgb.max()) <= 1


@given(light=st.floats(0, 1))
def test_gray_has_no_colour_and_the_lightness_of_its_luminance(light: float) -> None:
    lightness, a, b = lab_from_linear(pixel(light, light, light)).flatten().tolist()
    assert (a, b) == pytest.approx((0, 0), abs=1e-3)
    assert float(lightness_from_luminance(torch.tensor(light, dtype=torch.float64))) == pytest.approx(
        lightness, abs=1e-3
    )


def test_pictures_of_any_number_go_through_at_once() -> None:
    pictures = torch.rand(2, 5, 3, 4, 6, generator=torch.Generator().manual_seed(0))
    lab = lab_from_srgb(pictures)
    assert lab.shape == pictures.shape
    assert torch.allclose(lab[1, 3], lab_from_srgb(pictures[1, 3]), atol=1e-3)
    assert torch.allclose(srgb_from_lab(lab), pictures, atol=1e-3)


def test_matrix_and_white_belong_together() -> None:
    assert RGB_TO_XYZ.sum(dim=1).tolist() == pytest.approx(WHITE.tolist(), abs=1e-6)
    assert RGB_TO_XYZ[1].tolist() == pytest.approx([0.2126, 0.7152, 0.0722], abs=1e-4)
    assert LUMA_WEIGHTS["bt709"] == (0.2126, 0.0722)
    assert LUMA_WEIGHTS["bt601"] == (0.299, 0.114)


@pytest.mark.parametrize(("bits", "is_full_range"), DEPTHS)
@pytest.mark.parametrize("transfer", TRANSFERS)
def test_lightness_rises_from_black_to_white(bits: int, is_full_range: bool, transfer: str) -> None:
    table = lightness_table(bits, is_full_range, transfer)
    black, white = luma_span(bits, is_full_range)
    assert table.shape == (1 << bits,)
    assert table.dtype == np.float32
    assert (table[black], table[white]) == pytest.approx((0, 100), abs=1e-3)
    assert (np.diff(table) >= 0).all()
    assert (table[: black + 1] == table[0]).all()
    assert (table[white:] == table[white]).all()


def test_span_is_that_of_bt709() -> None:
    assert [luma_span(*depth) for depth in DEPTHS] == [(16, 235), (0, 255), (64, 940), (0, 4095), (4096, 60160)]


def test_lightness_of_a_code_is_that_of_the_gray_it_shows() -> None:
    assert lightness_table(8, True)[119] == pytest.approx(50.03, abs=0.02)
    assert lightness_table(8, False)[126] == pytest.approx(lightness_table(8, True)[128], abs=0.2)


@pytest.mark.parametrize(
    ("transfer", "signal", "lightness"),
    [
        ("linear", 0.18, 49.5),  # 18 % gray
        ("gamma22", 0.5, 53.9),  # 0.5 ^ 2.2 = 0.2176
        ("gamma28", 0.5, 45.2),  # 0.5 ^ 2.8 = 0.1436
        ("smpte2084", 0.5807, 100.0),  # 203 cd/m2 is 58 % of PQ (ITU-R BT.2408)
        ("smpte2084", 0.5081, 75.6),  # 100 cd/m2, SMPTE ST 2084
        ("arib-std-b67", 0.75, 100.0),
        ("arib-std-b67", 0.5, 62.4),  # 1/12 of 0.265
    ],
)
def test_each_transfer_passes_through_a_known_point(transfer: str, signal: float, lightness: float) -> None:
    table = lightness_table(12, True, transfer)
    assert table[round(signal * 4095)] == pytest.approx(lightness, abs=0.5)


def test_unknown_transfer_is_named_with_those_that_are_known() -> None:
    with pytest.raises(ValueError, match=r"'slog'; known: srgb, linear"):
        lightness_table(8, False, "slog")
