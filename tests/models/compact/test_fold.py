"""A folded network gives what the network gives, whatever it is made of and whatever was seen before."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from models.colour.bins import annealed_mean
from models.compact.encoder import SamePad
from models.compact.fold import SIZES, FoldedConv, can_fold, folded, ready_for_gpu
from models.compact.mobilenet import PaddedConv
from models.compact.network import ENCODERS, Compact, CompactConfig

pytestmark = pytest.mark.skipif(not can_fold(), reason="this CPU has no bf16")


def noise(*shape: int) -> Tensor:
    drawn = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    return drawn.contiguous(memory_format=torch.channels_last)


def settled(network: nn.Module) -> nn.Module:
    """The network in evaluation mode, its weights always the same, its batch norms with statistics that matter."""
    generator = torch.Generator().manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.kaiming_uniform_(module.weight, generator=generator)
            if module.bias is not None:
                nn.init.normal_(module.bias, std=0.1, generator=generator)
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(generator=generator)
            module.running_var.uniform_(0.5, 2, generator=generator)
            nn.init.uniform_(module.weight, 0.5, 2, generator=generator)
            nn.init.normal_(module.bias, generator=generator)
    return network.eval()


@torch.inference_mode()
def both(network: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return network(x).float(), folded(network)(x).float()


ROWS = {
    "convolution": nn.Sequential(nn.Conv2d(8, 16, 3, 2, 1)),
    "strides, dilation, groups, no bias": nn.Sequential(nn.Conv2d(8, 16, 3, 2, 2, 2, 4, bias=False), nn.ReLU()),
    "batch norm and ReLU": nn.Sequential(nn.Conv2d(8, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU()),
    "batch norm in a row of its own": nn.Sequential(nn.Conv2d(8, 8, 1), nn.Sequential(nn.BatchNorm2d(8), nn.ReLU())),
    "ReLU6 with SAME padding": PaddedConv(8, 16, 3, stride=2),
    "batch norm behind the ReLU": nn.Sequential(nn.Conv2d(8, 16, 3), nn.ReLU(), nn.BatchNorm2d(16), nn.Tanh()),
    "up": nn.Sequential(nn.ConvTranspose2d(8, 16, 4, 2, 1), nn.ReLU(), nn.Conv2d(16, 2, 1), nn.LeakyReLU(0.2)),
}


@pytest.mark.parametrize("name", ROWS)
def test_rows_give_the_same_to_the_precision_of_bf16(name: str) -> None:
    expected, found = both(settled(ROWS[name]), 3 * noise(2, 8, 16, 12))
    assert found.shape == expected.shape
    assert (found - expected).abs().max() <= 2**-6 * expected.abs().max()
    assert expected.std() > 0.1


def test_all_convolutions_are_folded_and_the_network_is_left_as_it_was() -> None:
    network = settled(Compact(CompactConfig(widths=(32, 24, 16, 16))))
    before = {key: value.clone() for key, value in network.state_dict().items()}
    kinds = [type(module) for module in folded(network).modules()]
    assert nn.Conv2d not in kinds
    assert nn.BatchNorm2d not in kinds
    assert FoldedConv in kinds
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


@torch.inference_mode()
def test_default_network_gives_the_same_colours() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Compact(CompactConfig(widths=(32, 24, 16, 16))).eval()
    x = (50 + 20 * noise(2, 1, 64, 96)).contiguous(memory_format=torch.channels_last)
    expected, found = (annealed_mean(logits, 1.0) for logits in both(network, x))
    assert (found - expected).abs().max() < 0.1


@torch.inference_mode()
def test_a_network_ready_for_a_gpu_gives_the_same_with_weights_in_half_precision_and_fewer_layers() -> None:
    network = settled(Compact(CompactConfig(widths=(32, 24, 16, 16))))
    before = {key: value.clone() for key, value in network.state_dict().items()}
    x = 50 + 20 * noise(2, 1, 64, 96)
    exact = ready_for_gpu(network, torch.float32)
    features, expected = exact.features(x), network.features(x)  # type: ignore[operator]
    for got, want in [*zip(features, expected, strict=True), (exact(x), network(x))]:
        assert (got - want).abs().max() <= 1e-4 * want.abs().max()
    for got, want in zip(vars(exact.find(features)).values(), vars(network.find(expected)).values(), strict=True):  # type: ignore[operator]
        assert torch.allclose(got, want, rtol=1e-3, atol=1e-3)
    kinds = [type(module) for module in exact.modules()]
    assert nn.BatchNorm2d not in kinds
    assert SamePad not in kinds
    convs = [module for module in ready_for_gpu(network, torch.float16).modules() if isinstance(module, nn.Conv2d)]
    assert {conv.weight.dtype for conv in convs} == {torch.float16}
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


@torch.inference_mode()
@pytest.mark.parametrize("name", ENCODERS)
def test_encoder_ready_for_a_gpu_gives_the_same_with_fewer_layers(name: str) -> None:
    encoder = settled(ENCODERS[name]()).double()
    lean, x = ready_for_gpu(encoder, torch.float64), noise(2, 1, 64, 96).double()
    for got, want in zip(lean(x), encoder(x), strict=True):
        assert (got - want).abs().max() <= 1e-9 * want.abs().max()
    assert not {nn.BatchNorm2d, SamePad} & {type(module) for module in lean.modules()}


@torch.inference_mode()
@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("size", [(64, 96), (32, 160)])
def test_encoder_sees_the_same_in_the_mirror(size: tuple[int, int], name: str) -> None:
    encoder = settled(ENCODERS[name]())
    exact = encoder(noise(2, 1, *size))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        taps = zip(
            exact, encoder(noise(2, 1, *size)), folded(nn.ModuleList([encoder]))[0](noise(2, 1, *size)), strict=True
        )  # type: ignore[index]
    for true, expected, found in taps:
        assert found.shape == true.shape
        assert (found - true).std() <= 1.5 * (expected - true).std()  # as far off as bf16 makes it


@torch.inference_mode()
def test_pictures_of_many_sizes_give_what_each_gives_first_and_keep_no_memory() -> None:
    network = folded(nn.Sequential(nn.Conv2d(8, 16, 3)))
    conv = network[0]  # type: ignore[index]
    assert isinstance(conv, FoldedConv)
    pictures = [noise(1, 8, side, side) for side in range(5, 5 + 2 * SIZES)]
    first = [network(picture) for picture in pictures]
    assert all(torch.equal(network(picture), before) for picture, before in zip(pictures, first, strict=True))
    assert len(conv.laid_out) == SIZES


@torch.inference_mode()
@pytest.mark.parametrize("first", [1, 5])
def test_pictures_together_give_what_each_gives_alone(first: int) -> None:
    network, batch = folded(settled(ROWS["batch norm and ReLU"])), noise(5, 8, 16, 16)
    network(batch[:first])  # lays the weights out
    alone = torch.cat([network(batch[n : n + 1]) for n in range(5)])
    assert torch.equal(network(batch), alone)


@torch.inference_mode()
def test_picture_does_not_depend_on_the_others_of_its_batch() -> None:
    network = folded(settled(ROWS["batch norm and ReLU"]))
    batch = noise(3, 8, 16, 16)
    other = torch.cat([batch[:1], 5 * batch[1:]])
    assert torch.equal(network(batch)[0], network(other)[0])
