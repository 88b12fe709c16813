"""SCGAN gives what its authors' code gives, with the same weights."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from models.published.normed_weights import ScganConv2d, published_shapes
from models.published.scgan import Block, Discriminator, Scgan
from models.published.spectral_training import begin_as_scgan, plain_state, with_scgan_norm
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


# The discriminator


def test_discriminator_gives_what_the_authors_code_gives() -> None:
    of = golden("scgan_d")
    network = filled(Discriminator, Discriminator)
    with torch.inference_mode():
        assert share_off(network(of["gray"], of["rgb"]), of["out"]) <= SHARP
        assert share_off(network.train()(of["gray"], of["rgb"]), of["out_in_training"]) <= SHARP


def test_discriminator_has_as_many_tensors_and_parameters_as_the_authors_code() -> None:
    shapes = published_shapes(on_meta(Discriminator))
    assert len(shapes) == 38
    assert parameters_in(shapes) == 5_788_229
    assert parameters_in(shapes, (*STATISTICS, "weight_u", "weight_v")) == 5_766_144


# Smaller ones


@pytest.mark.parametrize(("side", "gone"), [(128, ["down9", "up1"]), (64, ["down8", "down9", "up1", "up2"])])
def test_smaller_squares_leave_out_the_innermost_levels_and_keep_the_keys(side: int, gone: list[str]) -> None:
    whole, small = (on_meta(lambda side=side: Scgan(width=2, side=side)) for side in (256, side))  # type: ignore[misc]
    assert whole.state_dict().keys() - small.state_dict().keys() == {
        key for key in whole.state_dict() if key.split(".")[0] in gone
    }
    assert small.state_dict().keys() <= whole.state_dict().keys()
    others = {key: value.shape for key, value in small.state_dict().items()
              if key != f"up{len(gone) // 2 + 1}.conv2d.conv2d.weight"}  # fmt: skip
    assert all(whole.state_dict()[key].shape == shape for key, shape in others.items())


@pytest.mark.parametrize(("side", "shape"), [(64, (64, 128)), (128, (128, 128))])
def test_smaller_networks_take_multiples_of_their_side(side: int, shape: tuple[int, int]) -> None:
    network = Scgan(width=1, side=side).eval()
    with torch.inference_mode():
        rgb, saliency = network.with_saliency(torch.rand(1, 1, *shape))
    assert (rgb.shape, saliency.shape) == ((1, 3, *shape), (1, 1, *shape))


@pytest.mark.parametrize("side", [32, 96])
def test_sides_that_do_not_halve_to_one_place_are_refused(side: int) -> None:
    with pytest.raises(ValueError, match=f"side must be a power of 2 from 64 on, got {side}"):
        Scgan(width=1, side=side)


# In training


def test_norm_in_training_takes_the_authors_step_and_keeps_it() -> None:
    torch.manual_seed(0)
    layer = ScganConv2d(3, 4, 3, bias=False)
    weight = layer.weight.detach().clone()
    with_scgan_norm(layer)
    norm = layer.parametrizations.weight[0]  # type: ignore[union-attr, index]
    u = norm.u0[0].clone()
    kept = {"module.weight_bar": weight, "module.weight_u": u}
    assert torch.allclose(layer.weight, ScganConv2d.plain(layer, kept), atol=1e-6)
    assert not torch.equal(norm.u0[0], u)
    layer.eval()
    u = norm.u0.clone()
    assert torch.equal(layer.weight, layer.weight)
    assert torch.equal(norm.u0, u)


def test_network_taught_is_used_with_its_norms_divided_out() -> None:
    torch.manual_seed(0)
    taught = with_scgan_norm(Discriminator(width=2)).eval()
    used = Discriminator(width=2).eval()
    used.load_state_dict(plain_state(taught), strict=True)
    gray, rgb = torch.rand(1, 1, 64, 64), torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        assert torch.allclose(used(gray, rgb), taught(gray, rgb), atol=1e-5)


def test_weights_begin_as_the_authors_set_them() -> None:
    torch.manual_seed(0)
    network = Discriminator(width=16)
    begin_as_scgan(network)
    weight = network.block4.conv2d.weight
    assert float(weight.detach().std()) == pytest.approx(0.02 * (2 / (9 * (64 + 128))) ** 0.5, rel=0.02)
    assert float(network.final1.norm.weight.detach().mean()) == pytest.approx(1, abs=0.01)
