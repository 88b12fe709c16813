"""Networks are shown the pictures that their descriptions name, and what they give becomes ab."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from models.colour.colorspace import lab_from_srgb, srgb_of_lightness
from models.kind import Kind, Sees
from models.network_input import NetworkInput
from models.paint import LUMA, paint, with_luma

LIGHTNESS = torch.linspace(0, 100, 6 * 10).reshape(1, 1, 6, 10)


def inputs(rows: int) -> NetworkInput:
    nothing = torch.zeros(0, 5)
    return NetworkInput(LIGHTNESS, rows, nothing[:, :4], torch.zeros(0, dtype=torch.int64), nothing, 1.0)


def test_sees_squares_or_pictures_as_they_are() -> None:
    assert Sees(8).fitted(LIGHTNESS, 8).shape == (1, 1, 8, 8)
    assert torch.equal(Sees(6, is_square=False).fitted(LIGHTNESS, 6), LIGHTNESS)


def test_gray_is_the_value_of_a_gray_picture_of_that_lightness() -> None:
    gray = Sees(6, is_square=False, values="gray", channels=3).fitted(LIGHTNESS, 6)
    lab = lab_from_srgb(gray)
    assert gray.shape == (1, 3, 6, 10)
    assert torch.allclose(lab[:, :1], LIGHTNESS, atol=1e-3)
    assert lab[:, 1:].abs().max() < 0.01
    assert srgb_of_lightness(torch.tensor([0.0, 100.0])).tolist() == pytest.approx([0, 1], abs=1e-6)


def test_another_luma_leaves_the_chroma_as_it_is() -> None:
    rgb = torch.from_numpy(np.random.default_rng(5).uniform(0.3, 0.6, (1, 3, 4, 5)).astype(np.float32))
    moved = with_luma(rgb, torch.full((1, 1, 4, 5), 0.5))
    assert torch.allclose((moved[0] * torch.tensor(LUMA)[:, None, None]).sum(dim=0), torch.tensor(0.5), atol=1e-6)
    assert torch.allclose(moved.diff(dim=1), rgb.diff(dim=1), atol=1e-6)


class Reddens(nn.Module):
    """RGB with more red."""

    def forward(self, pictures: Tensor) -> Tensor:
        return pictures + torch.tensor([0.1, 0.0, 0.0])[:, None, None]


@pytest.mark.parametrize("gives", ["rgb", "chroma"])
def test_rgb_becomes_ab(gives: str) -> None:
    kind = Kind(lambda _: Reddens(), Sees(6, values="gray", channels=3), gives)  # type: ignore[arg-type]
    ab = paint(kind, Reddens(), inputs(6))
    assert ab.shape == (1, 2, 6, 6)
    assert ab[0, 0, 2:4].min() > 5
