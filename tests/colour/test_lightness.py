"""What the network sees: CIE L* of the luma, upright, with square pixels."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.colour.colorspace import lightness_table
from pipelines.colour.lightness import Lightness, lightness_size, transfer_of
from pipelines.display import DisplayMatrix
from pipelines.frames import Luma
from tests.made.handmade import frame, picture


def seen(luma: Luma, rows: int = 32, **changes: object) -> np.ndarray:
    """Lightness of one frame, as the stage gives it."""
    height, width = luma.shape
    stage = Lightness(picture(width=width, height=height, **changes), rows)
    return next(iter(stage([frame(luma)]))).lightness


@pytest.mark.parametrize("is_full_range", [False, True])
@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_even_gray_has_the_lightness_of_its_code(bits: int, is_full_range: bool) -> None:
    table = lightness_table(bits, is_full_range)
    codes = np.linspace(0, (1 << bits) - 1, 17).astype(int)
    form = picture(width=32, height=32, bits=bits, is_full_range=is_full_range)
    frames = [frame(np.full((32, 32), code, np.uint8 if bits == 8 else np.uint16)) for code in codes]
    for code, light in zip(codes, Lightness(form, 32)(frames), strict=True):
        assert light.lightness.dtype == np.uint8
        assert np.abs(light.lightness * (100 / 255) - table[code]).max() <= 0.2


@pytest.mark.parametrize("is_full_range", [False, True])
@pytest.mark.parametrize("bits", [8, 10])
def test_black_is_0_and_white_is_255(bits: int, is_full_range: bool) -> None:
    black, white = (0, 2**bits - 1) if is_full_range else (16 << bits - 8, 235 << bits - 8)
    luma = np.full((32, 64), black, np.uint8 if bits == 8 else np.uint16)
    luma[:, 32:] = white
    lightness = seen(luma, bits=bits, is_full_range=is_full_range)
    assert lightness[:, :30].max() == 0
    assert lightness[:, 34:].min() == 255


def test_depth_does_not_change_what_is_seen() -> None:
    luma = np.arange(16, 235, dtype=np.uint8).repeat(32).reshape(-1, 32)
    deep = seen(luma.astype(np.uint16) << 2, bits=10).astype(int)
    assert np.abs(deep - seen(luma)).max() <= 1


def test_transfer_is_the_films_own() -> None:
    luma = np.full((32, 32), 126, np.uint8)
    linear, srgb = seen(luma, transfer=8), seen(luma, transfer=1)
    table = lightness_table(8, False, "linear")
    assert linear[0, 0] == round(table[126] * 2.55)
    assert linear[0, 0] > srgb[0, 0] + 30
    assert transfer_of(picture(transfer=16)) == "smpte2084"


@given(
    width=st.integers(1, 4096), height=st.integers(1, 4096), rows=st.sampled_from([32, 64, 256]),
    shape=st.sampled_from([Fraction(1), Fraction(16, 11), Fraction(1, 2), Fraction(64, 45)]),
    rotation=st.sampled_from([0, 90, 180, 270]), is_mirrored=st.booleans(),
)  # fmt: skip
def test_sides_are_multiples_of_32_with_the_short_one_as_asked(
    width: int, height: int, rows: int, shape: Fraction, rotation: int, is_mirrored: bool
) -> None:
    matrix = DisplayMatrix.turned(rotation, is_mirrored)
    form = picture(width=width, height=height, sample_aspect_ratio=shape, display_matrix=matrix)
    sides = lightness_size(form, rows)
    assert all(side % 32 == 0 and rows <= side <= 4 * rows for side in sides)
    assert min(sides) == rows


@pytest.mark.parametrize(
    ("width", "height", "shape", "rotation", "sides"),
    [
        (1920, 1080, Fraction(1), 0, (256, 448)),
        (1080, 1920, Fraction(1), 0, (448, 256)),
        (1920, 1080, Fraction(1), 90, (448, 256)),
        (1920, 1080, Fraction(1), 180, (256, 448)),
        (720, 576, Fraction(16, 15), 0, (256, 352)),  # 4:3
        (720, 576, Fraction(64, 45), 0, (256, 448)),  # 16:9
        (720, 576, Fraction(64, 45), 270, (448, 256)),
        (4000, 100, Fraction(1), 0, (256, 1024)),  # a strip is squeezed
    ],
)
def test_pixels_are_square_and_upright(
    width: int, height: int, shape: Fraction, rotation: int, sides: tuple[int, int]
) -> None:
    matrix = DisplayMatrix.turned(rotation)
    form = picture(width=width, height=height, sample_aspect_ratio=shape, display_matrix=matrix)
    assert lightness_size(form, 256) == sides
    lightness = next(iter(Lightness(form, 256)([frame(np.zeros((height, width), np.uint8))]))).lightness
    assert lightness.shape == sides


@pytest.mark.parametrize(
    ("turned", "corner"),
    [((0,), (0, 0)), ((90,), (-1, 0)), ((180,), (-1, -1)), ((270,), (0, -1)),  # counter-clockwise, from top left
     ((0, True), (0, -1)), ((90, True), (0, 0)), ((180, True), (-1, 0)), ((270, True), (-1, -1)), ((40,), (0, 0))],
)  # fmt: skip
def test_turns_the_picture_as_players_do(turned: tuple[float, bool], corner: tuple[int, int]) -> None:
    luma = np.full((64, 96), 16, np.uint8)
    luma[:32, :32] = 235  # top left as stored
    lightness = seen(luma, display_matrix=DisplayMatrix.turned(*turned))
    assert lightness[corner] == 255
    assert (lightness > 128).mean() == pytest.approx(1 / 6, abs=0.04)


@pytest.mark.parametrize("size", [(7, 5), (33, 1), (480, 640)])
def test_takes_pictures_of_any_size(size: tuple[int, int]) -> None:
    luma = np.full(size, 100, np.uint8)
    lightness = seen(luma)
    assert lightness.flags.c_contiguous
    assert lightness.min() == lightness.max()


def test_reads_a_frame_whose_lines_are_padded() -> None:
    padded = np.zeros((64, 100), np.uint8)
    padded[:, :64] = 180
    assert seen(padded[:, :64]).min() == seen(np.full((64, 64), 180, np.uint8)).min() > 0


def test_frames_pass_through_in_order() -> None:
    frames = [frame(np.full((96, 128), 20 * number, np.uint8), pts=3 * number) for number in range(5)]
    lights = list(Lightness(picture(), 32)(frames))
    assert [light.frame.pts for light in lights] == [shown.pts for shown in frames]
    assert all(light.frame.luma is shown.luma for light, shown in zip(lights, frames, strict=True))
    assert [int(light.lightness[0, 0]) for light in lights] == sorted(int(light.lightness[0, 0]) for light in lights)


def test_the_network_sees_each_frame_at_its_own_size_and_the_flow_at_its() -> None:
    luma = np.random.default_rng(3).integers(16, 236, (96, 128), np.uint8)
    one, other = (next(iter(Lightness(picture(), rows)([frame(luma)]))) for rows in (32, 64))
    both = next(iter(Lightness(picture(), 32, large_rows=64)([frame(luma)])))
    assert np.array_equal(both.lightness, one.lightness)
    assert both.large is not None
    assert np.array_equal(both.large, other.lightness)
    assert next(iter(Lightness(picture(), 32, large_rows=32)([frame(luma)]))).large is None


def test_of_a_frames_luma_is_kept_what_is_asked_for_and_of_others_nothing() -> None:
    luma = np.full((96, 128), 90, np.uint8)
    frames = [frame(luma, pts=number, is_owned=number != 1) for number in range(3)]
    lights = list(Lightness(picture(), 32, lambda whole: whole[:4, :6])(frames))
    assert [light.frame.luma.shape for light in lights] == [(4, 6), (0, 0), (4, 6)]
    assert np.array_equal(lights[1].lightness, lights[0].lightness)
