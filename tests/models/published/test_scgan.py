"""SCGAN gives what its authors' code gives, with the same weights."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from models.published.normed_weights import published_shapes
from models.published.scgan import Block, Scgan
from tests.made.layouts import SHARP, STATISTICS, filled, golden, on_meta, parameters_in, share_off


@pytest.mark.slow
@torch.inference_mode()
def test_gives_what_the_authors_code_gives_at_its_first_call() -> None:
    of = golden("scgan")
    network = filled(Scgan, Scgan, digest="a31e2ec1c3164dc8")
    rgb, saliency = network.with_saliency(of["gray"])
    assert share_off(rgb, of["rgb"]) <= SHARP
    assert share_off(saliency, of["saliency"]) <= SHARP
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert share_off(network(of["gray"]).float(), of["rgb"]) <= 2e-2


@pytest.mark.parametrize(
    ("has_saliency", "tensors", "numbers", "learnt"),
    [(True, 279, 58_909_438, 58_755_200), (False, 236, 57_270_525, 57_130_752)],
)
def test_has_as_many_tensors_and_parameters_as_the_authors_code(
    has_saliency: bool, tensors: int, numbers: int, learnt: int
) -> None:
    shapes = published_shapes(on_meta(lambda: Scgan(has_saliency)))
    assert len(shapes) == tensors
    assert parameters_in(shapes) == numbers  # vectors of spectral norm are parameters there, without a gradient
    assert parameters_in(shapes, (*STATISTICS, "weight_u", "weight_v")) == learnt


@pytest.mark.slow
def test_colours_without_the_branch_that_only_training_uses() -> None:
    torch.manual_seed(1)
    whole, plain = Scgan().eval(), on_meta(lambda: Scgan(has_saliency=False)).eval()
    keys = plain.state_dict().keys()
    state = {key: value for key, value in whole.state_dict().items() if key in keys}
    plain.load_state_dict(state, strict=True, assign=True)
    picture = torch.rand(1, 1, 256, 256)
    with torch.inference_mode():
        assert torch.equal(plain(picture), whole(picture))


def test_norms_have_their_epsilon_and_the_first_and_deepest_convolutions_none() -> None:
    network = on_meta(Scgan)
    norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    assert {norm.eps for norm in norms} == {1e-5}
    plain = [name for name, layer in network.named_modules() if isinstance(layer, Block) and not
             isinstance(layer.norm, nn.BatchNorm2d)]  # fmt: skip
    assert plain == ["global_feature_network.conv1_1", "down1", "down9", "up9", "attention_prediction_network.final"]
