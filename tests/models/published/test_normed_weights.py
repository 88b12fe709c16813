"""Published weights with norms become plain ones, strictly."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from models.published.normed_weights import (
    BigGanConv2d,
    BigGanLinear,
    ScganConv2d,
    SpectralConv2d,
    published_shapes,
    taken_over,
)
from tests.made.rule import by_rule


class Small(nn.Module):
    """A layer of each kind, and one that nothing uses."""

    def __init__(self, is_whole: bool = False) -> None:
        super().__init__()
        self.a, self.b = SpectralConv2d(3, 4, 3, bias=False), BigGanConv2d(4, 5, 1)
        self.c = ScganConv2d(5, 3, 3, bias=False)
        self.norm = nn.BatchNorm2d(5)
        if is_whole:
            self.unused = BigGanLinear(5, 6)


@pytest.fixture
def network() -> Small:
    return Small()


WHOLE = Small(is_whole=True)
STATE = by_rule(published_shapes(WHOLE))


def test_file_has_the_vectors_of_each_layer() -> None:
    assert {
        key: tuple(shape) for key, shape in published_shapes(WHOLE).items() if key[:2] in ("a.", "b.", "c.")} == {
        "a.weight_orig": (4, 3, 3, 3), "a.weight_u": (4,), "a.weight_v": (27,),
        "b.weight": (5, 4, 1, 1), "b.u0": (1, 5), "b.sv0": (1,), "b.bias": (5,),
        "c.module.weight_bar": (3, 5, 3, 3), "c.module.weight_u": (3,), "c.module.weight_v": (45,)}  # fmt: skip


def test_spectral_norm_of_pytorch_is_divided_out_as_pytorch_does(network: Small) -> None:
    own = taken_over(network, WHOLE, STATE)
    theirs = torch.nn.utils.spectral_norm(nn.Conv2d(3, 4, 3, bias=False)).eval()
    theirs.load_state_dict({key.removeprefix("a."): STATE[key] for key in STATE if key.startswith("a.")})
    picture = torch.rand(1, 3, 5, 5)
    network.load_state_dict(own, strict=True)
    assert torch.allclose(network.a(picture), theirs(picture), atol=1e-6)


def test_spectral_norm_of_biggan_takes_one_step(network: Small) -> None:
    weight, u = STATE["b.weight"], STATE["b.u0"][0]
    assert torch.allclose(taken_over(network, WHOLE, STATE)["b.weight"], weight / after_a_step(weight, u))


def test_spectral_norm_of_scgan_takes_one_step(network: Small) -> None:
    weight, u = STATE["c.module.weight_bar"], STATE["c.module.weight_u"]
    assert torch.allclose(taken_over(network, WHOLE, STATE)["c.weight"], weight / after_a_step(weight, u))


def after_a_step(weight: Tensor, u: Tensor) -> Tensor:
    """The singular value, u . W v with both vectors of length 1 after a step from u."""
    matrix = weight.flatten(1)
    v = matrix.T @ u / (matrix.T @ u).norm()
    u = matrix @ v / (matrix @ v).norm()
    return u @ matrix @ v


def test_each_missing_extra_or_misshapen_tensor_is_refused_by_name(network: Small) -> None:
    for key in ("a.weight_u", "b.sv0", "norm.running_mean", "unused.weight"):
        without = {other: value for other, value in STATE.items() if other != key}
        with pytest.raises(ValueError, match=f"^missing: {key}$"):
            taken_over(network, WHOLE, without)
        with pytest.raises(ValueError, match=f"^unexpected: {key}_ema$"):
            taken_over(network, WHOLE, STATE | {f"{key}_ema": STATE[key]})
        with pytest.raises(ValueError, match=f"^misshapen: {key} is "):
            taken_over(network, WHOLE, STATE | {key: STATE[key][None]})
