"""BigColor gives what its authors' code gives, with the same weights."""

from __future__ import annotations

import pytest
import torch

from models.colour.colorspace import lab_from_srgb, srgb_from_lab
from models.published.bigcolor import BigColor
from models.published.biggan import StoredNorm
from models.published.normed_weights import published_shapes
from tests.made.layouts import SHARP, filled, golden, on_meta, parameters_in, share_off


def whole() -> BigColor:
    return BigColor(is_whole=True)


@pytest.mark.slow
@torch.inference_mode()
def test_gives_what_the_authors_code_gives_with_noise_and_without() -> None:
    of = golden("bigcolor")
    network = filled(BigColor, whole, digest="af58dac2da2c92fc")
    assert share_off(network(of["gray"], of["class_index"], of["z"]), of["rgb"]) <= SHARP
    nothing = torch.zeros_like(of["z"])
    assert share_off(network(of["gray"], of["class_index"], nothing), of["rgb_z0"]) <= SHARP
    nothing[:, :51] = 1  # the blocks that take these numbers are not run
    assert share_off(network(of["gray"], of["class_index"], nothing), of["rgb_z0"]) <= SHARP


def test_rgb_goes_into_lab_and_back_as_in_the_authors_code() -> None:
    of = golden("bigcolor_fusion")
    lab = lab_from_srgb((of["rgb"] + 1) / 2)
    assert share_off(lab, of["lab_of_rgb"]) <= 1e-3  # their matrices have other digits
    rgb = srgb_from_lab(
        torch.cat([100 * of["gray"], lab[:, 1:]], dim=1)
    )  # theirs takes luma for L*, ours the film's L*
    assert (rgb - of["result_rgb"].clamp(0, 1)).abs().max() <= 1 / 255


def test_has_as_many_tensors_and_parameters_as_the_published_file() -> None:
    shapes = published_shapes(on_meta(whole))
    assert (len(shapes), parameters_in(shapes)) == (288, 105_195_748)
    encoder = {key: shape for key, shape in shapes.items() if key.startswith("E.")}
    assert (len(encoder), parameters_in(encoder)) == (70, 23_069_344)


def test_norms_have_their_epsilon() -> None:
    norm = StoredNorm(1).eval()
    norm.stored_var.fill_(1e-5)
    assert torch.allclose(norm(torch.ones(1, 1, 1, 1)), torch.tensor(2e-5).rsqrt())


@torch.inference_mode()
def test_takes_sides_that_are_multiples_of_16() -> None:
    small = on_meta(BigColor)
    rgb = small(*(torch.zeros(shape, device="meta") for shape in [(1, 1, 48, 80)]),
                torch.zeros(1, dtype=torch.int64, device="meta"), torch.zeros(1, 119, device="meta"))  # fmt: skip
    assert rgb.shape == (1, 3, 48, 80)
