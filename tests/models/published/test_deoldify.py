"""DeOldify gives what its author's code gives, with the same weights."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from models.networks import state_of_published
from models.paint import with_luma
from models.published.deoldify import DEEP, Attention, DeOldify
from models.published.normed_weights import published_shapes
from tests.made.layouts import HALF, SHARP, filled, golden, on_meta, parameters_in, share_off

VECTORS = ("running_mean", "running_var", "num_batches_tracked", "weight_u", "weight_v")


def deep() -> DeOldify:
    return DeOldify(DEEP)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "make", "digest"),
    [("deoldify_artistic", deep, "00ef749d5d7f52ae"), ("deoldify_wide", DeOldify, "0d4be194dacc618c")],
)
@torch.inference_mode()
def test_gives_what_the_authors_code_gives(name: str, make: Callable[[], DeOldify], digest: str) -> None:
    of, uneven = golden(name), golden(f"{name}_80")
    network = filled(make, make, digest).to(memory_format=torch.channels_last)
    gray = of["gray"].expand(-1, 3, -1, -1)
    assert share_off(network.normalised(gray), of["out"]) <= SHARP
    assert share_off(network.normalised(uneven["gray"].expand(-1, 3, -1, -1)), uneven["out"]) <= SHARP
    if make is DeOldify:  # the deep one comes to 0.012 to 0.031, by how its layers round, and runs in float32
        with torch.autocast("cpu", dtype=torch.bfloat16):
            assert share_off(network.normalised(gray), of["out"]) <= HALF


@pytest.mark.slow
@torch.inference_mode()
def test_colours_a_picture_as_the_authors_pipeline_does() -> None:
    of = golden("deoldify_pipeline")
    gray = of["square_gray"].float()[None, None].expand(-1, 3, -1, -1) / 255
    network = filled(deep, deep)
    assert share_off(network.normalised(gray)[0], of["net_out"]) <= SHARP
    square = (network(gray)[0].permute(1, 2, 0) * 255).byte().numpy()
    assert np.abs(square.astype(int) - of["square_rgb"].numpy()).max() <= 1
    height, width = of["image_rgb"].shape[:2]
    raw = np.array(Image.fromarray(square).resize((width, height), Image.Resampling.BILINEAR))
    luma = cv2.cvtColor(of["image_rgb"].numpy(), cv2.COLOR_RGB2YUV)[:, :, 0]
    theirs = torch.from_numpy(raw).permute(2, 0, 1)[None] / 255
    rgb = (with_luma(theirs, torch.from_numpy(luma)[None, None] / 255)[0].permute(1, 2, 0) * 255).round().numpy()
    assert np.abs(rgb - of["result_rgb"].numpy()).max() <= 1


@pytest.mark.parametrize(
    ("make", "tensors", "parameters"), [(DeOldify, 754, 218_222_197), (deep, 378, 63_646_881)], ids=["wide", "deep"]
)
def test_has_as_many_tensors_and_parameters_as_the_published_file(
    make: Callable[[], DeOldify], tensors: int, parameters: int
) -> None:
    shapes = published_shapes(on_meta(make))
    weight_normed = shapes["layers.8.conv.0.weight_v"].numel()  # a parameter, though its name is a vector's
    assert (len(shapes), parameters_in(shapes, VECTORS) + weight_normed) == (tensors, parameters)


@pytest.mark.parametrize("key", ["layers.8.conv.0.weight_g", "layers.5.conv2.3.key.weight_u", "layers.0.1.running_var"])
def test_each_missing_extra_or_misshapen_tensor_is_refused_by_name(key: str) -> None:
    state = {name: torch.zeros(shape, device="meta") for name, shape in published_shapes(on_meta(deep)).items()}
    without = {name: value for name, value in state.items() if name != key}
    with pytest.raises(ValueError, match=f"^missing: {key}$"):
        state_of_published("deoldify-artistic", without)
    with pytest.raises(ValueError, match=f"^unexpected: {key}_ema$"):
        state_of_published("deoldify-artistic", state | {f"{key}_ema": state[key]})
    with pytest.raises(ValueError, match=f"^misshapen: {key} is "):
        state_of_published("deoldify-artistic", state | {key: state[key][None]})


@torch.inference_mode()
def test_attentions_softmax_is_over_the_places_that_ask() -> None:
    attention = Attention(16)
    attention.gamma.fill_(0.7)
    x = torch.rand(2, 16, 3, 5, generator=torch.Generator().manual_seed(1))
    flat = x.flatten(2)
    query, key, value = (layer(flat) for layer in (attention.query, attention.key, attention.value))
    shares = torch.softmax(query.transpose(1, 2) @ key, dim=1)
    assert torch.allclose(attention(x), 0.7 * (value @ shares).reshape(x.shape) + x, atol=1e-5)
