"""GCP gives what its authors' code gives, with the same weights."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.colour.colorspace import srgb_from_lab
from models.published.gcp import AB_SCALE, Gcp
from models.published.gcp_generator import TAPS, Spade, deformed
from models.published.normed_weights import published_shapes, taken_over
from tests.made.layouts import golden, on_meta, parameters_in, share_off
from tests.made.rule import by_rule

BEFORE_TANH, AB, CODE = 5e-5, 2e-3, 1 / 255
"""Bounds: a softmax at 0.01 and then a steep tanh make it worse conditioned than the other networks."""
PARTS = {"net_corr": (24, 24_165_716), "net_gen": (216, 60_163_523), "biggan_dis": (100, 99_225_890),
         "biggan_enc": (104, 45_210_937), "biggan_gen": (194, 82_108_548)}  # fmt: skip
"""The five networks, with tensors and parameters of their files."""


def whole() -> Gcp:
    return Gcp(is_whole=True)


@pytest.mark.slow
@torch.inference_mode()
def test_gives_what_the_authors_code_gives() -> None:
    of, network, published = golden("gcp"), on_meta(Gcp), on_meta(whole)
    state = {f"{part}.{key}": value for part in PARTS  # each is filled by the keys of its own file
             for key, value in by_rule(published_shapes(published.get_submodule(part))).items()}  # fmt: skip
    network.load_state_dict(taken_over(network, published, state), strict=True, assign=True)
    del state
    before_tanh = network.eval().before_tanh(of["lightness"], of["class_index"])
    assert share_off(before_tanh[..., ::2, ::2], of["before_tanh_half"]) <= BEFORE_TANH
    ab = torch.tanh(before_tanh)
    assert share_off(ab, of["ab_over_110"]) <= AB
    rgb = srgb_from_lab(torch.cat([50 * (of["lightness"] + 1), AB_SCALE * ab], dim=1))
    assert (rgb[..., ::2, ::2] - of["result_rgb_half"].clamp(0, 1)).abs().max() <= CODE
    full = F.interpolate(AB_SCALE * ab, size=of["lightness_full"].shape[2:], mode="bicubic", align_corners=False)
    rgb = srgb_from_lab(torch.cat([50 * (of["lightness_full"] + 1), full], dim=1))
    assert (rgb - of["result_rgb_full"].clamp(0, 1)).abs().max() <= CODE


@pytest.mark.parametrize("part", PARTS)
def test_has_as_many_tensors_and_parameters_as_the_published_files(part: str) -> None:
    shapes = published_shapes(on_meta(whole).get_submodule(part))
    assert (len(shapes), parameters_in(shapes)) == PARTS[part]


def test_norms_have_their_epsilon() -> None:
    norms = [layer for layer in on_meta(Gcp).modules() if isinstance(layer, nn.InstanceNorm2d)]
    assert {norm.eps for norm in norms} == {1e-5}
    spade = Spade(2, 8)
    nn.init.zeros_(spade.mlp_gamma.weight)
    nn.init.zeros_(spade.mlp_gamma.bias)
    nn.init.zeros_(spade.mlp_beta.weight)
    nn.init.zeros_(spade.mlp_beta.bias)
    x = torch.tensor([1e-3, -1e-3])[None, :, None, None].expand(1, 2, 4, 4)  # of unbiased variance 2e-6
    normed = spade(x, torch.rand(1, 8, 4, 4))
    assert torch.allclose(normed[0, 0], torch.tensor(1e-3 / (2e-6 + 1e-5) ** 0.5), rtol=1e-5)


def of_nothing(height: int, width: int, channels: int = 5) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """A picture, a convolution's weight and bias, moves of 0 and masks of 1."""
    torch.manual_seed(height)
    picture, weight = torch.randn(2, channels, height, width), torch.randn(channels, channels, 3, 3)
    moves, masks = torch.zeros(2, 2 * len(TAPS), height, width), torch.ones(2, len(TAPS), height, width)
    return picture, weight, torch.randn(channels), moves, masks


def test_deformable_convolution_without_moves_is_an_ordinary_one() -> None:
    picture, weight, bias, moves, masks = of_nothing(6, 9)
    assert torch.allclose(deformed(picture, weight, bias, moves, masks), F.conv2d(picture, weight, bias, padding=1),
                          atol=1e-4)  # fmt: skip


def test_deformable_convolution_reads_between_places_outside_zero_and_counts_by_mask() -> None:
    """Against the definition, place by place."""
    picture, weight, bias, moves, masks = of_nothing(4, 5, channels=2)
    moves, masks = 2 * torch.randn_like(moves), torch.rand_like(masks)
    result = deformed(picture, weight, bias, moves, masks)

    def read(plane: Tensor, y: float, x: float) -> float:
        top, left = int(y // 1), int(x // 1)
        corners = [(top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)]
        return sum(
            (1 - abs(y - row)) * (1 - abs(x - column)) * float(plane[row, column])
            for row, column in corners
            if 0 <= row < plane.shape[0] and 0 <= column < plane.shape[1]
        )

    for frame, out, row, column in ((0, 0, 0, 0), (1, 1, 2, 3), (0, 1, 3, 4), (1, 0, 1, 1)):
        wanted = float(bias[out])
        for tap, (dy, dx) in enumerate(TAPS):
            down, right = moves[frame, 2 * tap : 2 * tap + 2, row, column].tolist()
            for channel, plane in enumerate(picture[frame]):
                value = read(plane, row + dy + down, column + dx + right)
                part = float(weight[out, channel, dy + 1, dx + 1])
                wanted += part * value * float(masks[frame, tap, row, column])
        assert float(result[frame, out, row, column]) == pytest.approx(wanted, abs=1e-4)
