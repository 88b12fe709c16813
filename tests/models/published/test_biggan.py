"""BigGAN's discriminator gives what its authors' code gives; layouts of other sizes keep their keys."""

from __future__ import annotations

import pytest
import torch

from models.published.bigcolor import BigColor
from models.published.biggan import ConditionalNorm, Discriminator, Generator, StoredNorm, plain_linear
from models.published.biggan_sizes import BigColorConfig, BigGanConfig
from models.published.normed_weights import published_shapes, taken_over
from models.published.spectral_training import load_published, published_state, with_spectral_norm
from tests.made.layouts import SHARP, filled, golden, on_meta, parameters_in, share_off

SMALL = BigGanConfig(width=8, side=64, noise=20, shared=8, classes=3, attention=32)
SMALL_COLOR = BigColorConfig(width=8, side=64, noise=20, shared=8, classes=3, attention=32)


@pytest.mark.slow
@torch.inference_mode()
def test_discriminator_gives_what_the_authors_code_gives() -> None:
    of = golden("bigcolor_d")
    network = filled(Discriminator, Discriminator)
    levels = network(of["rgb"])
    assert share_off(network.blocks[1][0](levels[0])[:, :8], of["block1_ch0_8"]) <= SHARP  # before attention
    assert share_off(torch.relu(levels[-1]).sum(dim=(2, 3)), of["features"]) <= SHARP
    assert share_off(network.score(of["rgb"], of["class_index"]), of["out"]) <= SHARP
    assert share_off(network.score(of["rgb"], None), of["out_without_class"]) <= SHARP


@pytest.mark.slow
def test_published_layouts_have_as_many_tensors_and_parameters() -> None:
    """Those of 256 and of 128 pixels, counted on the authors' code."""
    counts = {
        (Generator, 256): (194, 82_108_548),
        (Discriminator, 256): (100, 99_225_890),
        (Generator, 128): (166, 70_433_988),
        (Discriminator, 128): (88, 87_982_370),
    }
    for (make, side), wanted in counts.items():
        shapes = published_shapes(on_meta(lambda make=make, side=side: make(BigGanConfig(side=side))))
        assert (len(shapes), round(parameters_in(shapes), -4)) == (wanted[0], round(wanted[1], -4))


@pytest.mark.parametrize(("feature_side", "first"), [(8, 1), (16, 2), (32, 3)])
@torch.inference_mode()
def test_features_are_of_the_side_asked_for(feature_side: int, first: int) -> None:
    network = BigColor(BigColorConfig(**{**vars(SMALL_COLOR), "feature_side": feature_side})).eval()
    y = network.G.shared(torch.tensor([1]))
    assert network.E(torch.zeros(1, 1, 64, 64), y).shape[2:] == (feature_side, feature_side)
    assert next(iter(network.G.blocks)) == str(first)
    assert network(torch.zeros(1, 1, 64, 96), torch.tensor([1]), torch.zeros(1, 20)).shape == (1, 3, 64, 96)


def test_sizes_that_do_not_exist_are_refused() -> None:
    for wrong, said in [
        ({"side": 100}, "side must be 256 or 128 or 64"),
        ({"width": 0}, "width must be 1 or more"),
        ({"noise": 3}, "noise must be 7 or more"),
        ({"attention": 48}, "attention must be 0 or a side"),
        ({"width": 4}, "width must be 8 or more with attention"),
        ({"feature_side": 256}, "feature_side must be 8 or 16 or 32 or 64 or 128"),
    ]:
        with pytest.raises(ValueError, match=said):
            BigColorConfig(**wrong)


def test_norms_take_the_batchs_statistics_in_training_and_store_them() -> None:
    x = torch.tensor([[[[1.0]]], [[[3.0]]]])
    norm = StoredNorm(1).train()
    assert torch.allclose(norm(x).flatten(), torch.tensor([-1.0, 1.0]), atol=1e-4)
    assert norm.stored_mean.item() == pytest.approx(0.2)
    assert norm.stored_var.item() == pytest.approx(0.9 + 0.1 * 2)  # unbiased, as stored by PyTorch
    conditional = ConditionalNorm(1, 2, plain_linear).train()
    torch.nn.init.constant_(conditional.gain.weight, 0.5)
    torch.nn.init.constant_(conditional.bias.weight, 0.25)
    y = torch.tensor([[0.0, 0.0], [2.0, 2.0]])  # gain 1 and 3, bias 0 and 1
    assert torch.allclose(conditional(x, y).flatten(), torch.tensor([-1.0, 4.0]), atol=1e-4)


@torch.inference_mode()
def test_projection_adds_what_the_class_looks_for() -> None:
    network = Discriminator(SMALL).eval()
    rgb, classes = torch.rand(2, 3, 64, 64) * 2 - 1, torch.tensor([2, 0])
    seen = torch.relu(network(rgb)[-1]).sum(dim=(2, 3))
    by_hand = torch.stack([(network.embed.weight[c] * h).sum() for c, h in zip([2, 0], seen, strict=True)])
    added = network.score(rgb, classes) - network.score(rgb, None)
    assert torch.allclose(added[:, 0], by_hand, rtol=1e-4, atol=1e-5)


def test_spectral_norm_divides_by_the_largest_singular_value_and_keeps_its_step() -> None:
    torch.manual_seed(0)
    network = with_spectral_norm(Discriminator(SMALL))
    layer = network.linear
    before = published_state(network)["linear.u0"].clone()
    network.eval()
    assert torch.equal(layer.weight, layer.weight)
    assert torch.equal(published_state(network)["linear.u0"], before)
    network.train()
    wide = network.blocks[2][0].conv1
    torch.nn.init.normal_(wide.parametrizations.weight.original)
    with torch.no_grad():
        for _ in range(100):
            weight = wide.weight
    assert torch.linalg.matrix_norm(weight.flatten(1), 2).item() == pytest.approx(1, abs=1e-2)
    state = published_state(network)
    largest = torch.linalg.matrix_norm(state["blocks.2.0.conv1.weight"].flatten(1), 2).item()
    assert state["blocks.2.0.conv1.sv0"].item() == pytest.approx(largest, rel=1e-2)


def test_taught_networks_go_into_published_keys_and_back_and_into_plain_ones() -> None:
    torch.manual_seed(0)
    network = with_spectral_norm(BigColor(SMALL_COLOR)).eval()
    state = published_state(network)
    plain = on_meta(lambda: BigColor(SMALL_COLOR))
    assert {key: value.shape for key, value in state.items()} == published_shapes(plain)
    plain.load_state_dict(taken_over(plain, plain, state), strict=True, assign=True)
    asked = torch.rand(2, 1, 64, 64), torch.tensor([0, 2]), torch.randn(2, 20)
    with torch.inference_mode():
        assert torch.allclose(plain.eval()(*asked), network(*asked), atol=1e-5)
    other = with_spectral_norm(BigColor(SMALL_COLOR)).eval()
    load_published(other, state)
    with torch.inference_mode():
        assert torch.equal(other(*asked), network(*asked))
    del state["E.res1.conv.bias"]
    with pytest.raises(ValueError, match=r"missing: E\.res1\.conv\.bias"):
        load_published(other, state)
