"""DDColor gives what its authors' code gives, with the same weights."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from models.networks import NETWORKS, state_of_published
from models.published.colour_queries import CrossAttention, places
from models.published.convnext import Block, ChannelNorm
from models.published.ddcolor import TINY, DDColor
from models.published.normed_weights import published_shapes
from models.published.shuffle import spread
from tests.made.layouts import HALF, SHARP, STATISTICS, filled, golden, on_meta, parameters_in, share_off
from tests.made.published import SMALL, network_by_rule

BUFFERS = (*STATISTICS, "weight_u", "weight_v", "mean", "std")
"""Ends of keys that are not of parameters in its files."""


def tiny() -> DDColor:
    return DDColor(TINY)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "make", "digest"),
    [("ddcolor_tiny", tiny, "cf478fa928e5116e"), ("ddcolor_large", DDColor, "5df61aee5c291f6f")],
)
@torch.inference_mode()
def test_gives_what_the_authors_code_gives(name: str, make: Callable[[], DDColor], digest: str) -> None:
    of = golden(name)
    network = filled(make, make, digest)
    gray = of["gray"].expand(-1, 3, -1, -1)
    assert share_off(network(gray), of["ab"]) <= SHARP
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert share_off(network(gray), of["ab"]) <= HALF


@pytest.mark.slow
@torch.inference_mode()
def test_colours_a_picture_as_the_authors_pipeline_does() -> None:
    of = golden("ddcolor_pipeline")
    picture = of["image_bgr"].numpy() / np.float32(255)
    lightness = cv2.cvtColor(picture, cv2.COLOR_BGR2Lab)[:, :, :1]
    small = cv2.cvtColor(cv2.resize(picture, (64, 64)), cv2.COLOR_BGR2Lab)[:, :, :1]
    sees = NETWORKS["ddcolor-tiny"].sees
    shown = sees.fitted(torch.from_numpy(small).permute(2, 0, 1)[None], 64)
    assert (shown - of["net_input"]).abs().max() < 1e-3
    ab = filled(tiny, tiny)(shown) * of["ab_scale"].float()
    large = F.interpolate(ab, size=picture.shape[:2])[0].permute(1, 2, 0).numpy()
    bgr = cv2.cvtColor(np.concatenate([lightness, large], axis=2), cv2.COLOR_Lab2BGR)
    codes = (bgr * 255).round().astype(np.int64)
    assert np.abs(codes - of["result_bgr"].numpy()).max() <= 1


@pytest.mark.parametrize(
    ("make", "tensors", "parameters"), [(DDColor, 602, 227_869_328), (tiny, 440, 55_006_640)], ids=["large", "tiny"]
)
def test_has_as_many_tensors_and_parameters_as_the_published_file(
    make: Callable[[], DDColor], tensors: int, parameters: int
) -> None:
    shapes = published_shapes(on_meta(make))
    assert (len(shapes), parameters_in(shapes, BUFFERS)) == (tensors, parameters)


@pytest.mark.parametrize("key", ["mean", "encoder.arch.norm.weight", "decoder.last_shuf.conv.0.weight_u"])
def test_each_missing_extra_or_misshapen_tensor_is_refused_by_name(key: str) -> None:
    shapes = published_shapes(on_meta(tiny))
    state = {name: torch.zeros(shape, device="meta") for name, shape in shapes.items()}
    without = {name: value for name, value in state.items() if name != key}
    with pytest.raises(ValueError, match=f"^missing: {key}$"):
        state_of_published("ddcolor-tiny", without)
    with pytest.raises(ValueError, match=f"^unexpected: {key}_ema$"):
        state_of_published("ddcolor-tiny", state | {f"{key}_ema": state[key]})
    with pytest.raises(ValueError, match=f"^misshapen: {key} is "):
        state_of_published("ddcolor-tiny", state | {key: state[key][None]})


@pytest.fixture
def small() -> DDColor:
    network = network_by_rule("ddcolor", is_small=True)
    assert isinstance(network, DDColor)
    return network


@torch.inference_mode()
def test_norms_have_their_epsilons(small: DDColor) -> None:
    """A value of 1e-3 at one of two channels: what is left of it shows the epsilon beside its variance of 2.5e-7."""

    def left(norm: Callable[[Tensor], Tensor], x: Tensor) -> float:
        return float(norm(x).flatten().max())

    x = torch.tensor([1e-3, 0.0])
    assert left(ChannelNorm(2), x.view(1, 2, 1, 1)) == pytest.approx(5e-4 / (2.5e-7 + 1e-6) ** 0.5)
    assert left(Block(2).norm, x) == pytest.approx(5e-4 / (2.5e-7 + 1e-6) ** 0.5)
    assert left(CrossAttention(8).norm, torch.cat([x] * 4)) == pytest.approx(5e-4 / (2.5e-7 + 1e-5) ** 0.5)
    norms = {name: layer.eps for name, layer in small.named_modules() if isinstance(layer, torch.nn.LayerNorm)}
    assert {eps for name, eps in norms.items() if name.startswith("encoder")} == {1e-6}
    assert {eps for name, eps in norms.items() if name.startswith("decoder")} == {1e-5}


@torch.inference_mode()
def test_colours_mixed_before_they_are_spread_are_the_maps_weighed(small: DDColor) -> None:
    random = torch.Generator().manual_seed(3)
    channels, queries = small.config.width // 2, small.config.queries
    x, colours, shown = (
        torch.rand(shape, generator=random) for shape in [(2, channels, 10, 6), (2, queries, channels), (2, 3, 40, 24)]
    )
    refine = small.refine_net[0][0]  # type: ignore[index]
    maps = torch.einsum("nqc,nchw->nqhw", colours, spread(small.decoder.last_shuf.conv(x), 4))
    assert small.decoder.last_shuf(x).shape == (2, channels, 40, 24)
    whole = F.conv2d(torch.cat([maps, shown], dim=1), refine.weight, refine.bias)
    assert share_off(small._laid(x, colours, shown), whole) < 1e-5


def test_places_are_told_by_y_and_then_by_x() -> None:
    table = places(3, 5, 16, torch.zeros(1)).reshape(3, 5, 16)
    assert torch.equal(table[1, 0, :8], table[1, 4, :8])
    assert torch.equal(table[0, 2, 8:], table[2, 2, 8:])
    assert table[1, 0, 0] == pytest.approx(np.sin(2 / 3 * 2 * np.pi), abs=1e-5)
    assert table[1, 0, 1] == pytest.approx(np.cos(2 / 3 * 2 * np.pi), abs=1e-5)
    assert table[1, 3, 10] == pytest.approx(np.sin(4 / 5 * 2 * np.pi / 10000 ** (2 / 8)), abs=1e-5)


def test_small_twin_has_the_layout_of_the_published_one() -> None:
    twin, whole = (
        published_shapes(on_meta(lambda: NETWORKS["ddcolor"].make(config)))  # noqa: B023
        for config in (SMALL["ddcolor"], {})
    )
    assert twin.keys() < whole.keys()
