"""The network that ships: its shapes, its keys, and what it may not depend on."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from models.colour.bins import BINS
from models.compact.encoder import SamePad
from models.compact.mobilenet import BLOCKS, TOP_CHANNELS, MobileNetV2, gray_encoder_state
from models.compact.network import ENCODERS, Compact, CompactConfig

SMALL = CompactConfig(widths=(32, 24, 16, 16))
RELU_NORM_PARAMETERS = 2 * 17_056
"""Scales and offsets of batch norm in torchvision's mobilenet_v2, which has 2,223,872 parameters but its classifier."""


@pytest.fixture(scope="module")
def network() -> Compact:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Compact(SMALL).eval()


def lightness(*shape: int) -> Tensor:
    return 100 * torch.rand(shape, generator=torch.Generator().manual_seed(3))


@torch.inference_mode()
@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 96), (96, 32)])
def test_gives_logits_of_every_bin_at_a_quarter_of_the_size(network: Compact, height: int, width: int) -> None:
    assert network(lightness(2, 1, height, width)).shape == (2, BINS, height // 4, width // 4)


@pytest.mark.parametrize(("height", "width"), [(33, 64), (64, 48), (16, 32)])
def test_sides_that_are_no_multiple_of_32_are_refused(network: Compact, height: int, width: int) -> None:
    with pytest.raises(ValueError, match="multiples of 32"):
        network(torch.zeros(1, 1, height, width))


@torch.inference_mode()
def test_picture_is_coloured_alike_whatever_comes_with_it(network: Compact) -> None:
    pictures = lightness(3, 1, 64, 64)
    together = network(pictures)
    for number in range(3):
        assert torch.allclose(network(pictures[number : number + 1])[0], together[number], atol=1e-4)


@torch.inference_mode()
def test_sees_the_picture(network: Compact) -> None:
    one, other = lightness(1, 1, 64, 64), 100 - lightness(1, 1, 64, 64)
    assert (network(one) - network(other)).abs().mean() > 1e-4


@torch.inference_mode()
def test_whole_picture_counts_everywhere(network: Compact) -> None:
    picture = lightness(1, 1, 32, 512)
    changed = picture.clone()
    changed[..., 480:] = 0
    far = (network(picture) - network(changed))[..., :8]
    assert far.abs().max() > 0


def test_every_weight_is_trained(network: Compact) -> None:
    trained = Compact(SMALL)
    boxes, owners = torch.tensor([[0.0, 0, 1, 1]]), torch.tensor([1])
    features = trained.features(lightness(2, 1, 64, 64))
    instances, found = trained.see(lightness(1, 1, 64, 64)), trained.find(features)
    terms = [trained.fuse(features, instances, boxes, owners), found.logits, found.boxes]
    torch.stack([term.square().mean() for term in terms]).sum().backward()
    unused = {"instance.head.weight", "instance.head.bias"}  # taught in a stage of their own
    assert {name for name, weight in trained.named_parameters() if weight.grad is None} == unused


def test_encoder_has_the_keys_of_torchvision() -> None:
    keys = set(MobileNetV2().state_dict())
    first = {"features.0.0", "features.1.conv.0.0", "features.1.conv.1"}
    blocks = {f"features.{n}.conv.{part}" for n in range(2, 18) for part in ("0.0", "1.0", "2")}
    assert keys == {f"{layer}.{kind}" for layer in first | blocks | {"features.18.0"} for kind in ("weight", "bias")}
    assert sum(repeats for _, _, repeats, _ in BLOCKS) == 17


def test_encoder_has_the_parameters_of_mobilenet_v2() -> None:
    count = sum(weight.numel() for weight in MobileNetV2().parameters())
    biases, colour_inputs = RELU_NORM_PARAMETERS // 2, 2 * 32 * 9
    assert count == 2_223_872 - RELU_NORM_PARAMETERS + biases - colour_inputs


@torch.inference_mode()
@pytest.mark.parametrize("name", ENCODERS)
def test_encoder_gives_features_at_4_8_16_and_32(name: str) -> None:
    encoder = ENCODERS[name]().eval()
    taps = encoder(torch.zeros(2, 1, 64, 96))
    sizes = [(16, 24), (8, 12), (4, 6), (2, 3)]
    assert [tap.shape for tap in taps] == [(2, c, *size) for c, size in zip(encoder.taps.values(), sizes, strict=True)]
    assert taps[-1].shape[1] == TOP_CHANNELS


def test_padding_is_below_and_right_only() -> None:
    padded = SamePad()(torch.ones(1, 1, 4, 6))
    assert padded.shape == (1, 1, 5, 7)
    assert padded[0, 0, :4, :6].min() == 1
    assert padded[0, 0, 4].abs().max() == padded[0, 0, :, 6].abs().max() == 0


def test_gray_encoder_sees_gray_as_the_rgb_one_did() -> None:
    generator = torch.Generator().manual_seed(5)
    rgb = {"features.0.0.weight": torch.randn(32, 3, 3, 3, generator=generator).half(),
           "features.0.0.bias": torch.zeros(32).half(), "classifier.1.weight": torch.zeros(1000, 1280)}  # fmt: skip
    gray = gray_encoder_state(rgb)
    assert set(gray) == {"features.0.0.weight", "features.0.0.bias"}
    assert {value.dtype for value in gray.values()} == {torch.float32}
    picture = torch.randn(1, 1, 8, 8, generator=generator)
    seen = F.conv2d(picture.expand(1, 3, 8, 8), rgb["features.0.0.weight"].float())
    assert torch.allclose(F.conv2d(picture, gray["features.0.0.weight"]), seen, atol=1e-4)


def test_default_is_as_wide_as_what_ships() -> None:
    assert Compact().config == CompactConfig((256, 192, 128, 96))
    assert Compact().decoder.head.weight.shape == (BINS, 96, 1, 1)
