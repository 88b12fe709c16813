"""Features by which training compares pictures: of VGG-16 where its weights are given, else of our own networks."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from models.judges.perceptual import load_perceptual
from tests.made.evaluated import save_classifier


def vgg_file(path: Path) -> Path:
    """Random weights of VGG-16 by torchvision's keys, and one more of its classifier."""
    layers: list[nn.Module] = []
    inputs = 3
    for channels in (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512):
        layers += [nn.Conv2d(inputs, channels, 3, padding=1), nn.ReLU()] if channels else [nn.MaxPool2d(2)]
        inputs = channels or inputs
    torch.manual_seed(0)
    state = {f"features.{key}": value for key, value in nn.Sequential(*layers).state_dict().items()}
    save_file(state | {"classifier.6.bias": torch.zeros(1000)}, path)
    return path


def test_vgg_is_read_up_to_conv3_3_before_its_relu(tmp_path: Path) -> None:
    perceptual = load_perceptual(vgg_file(tmp_path / "vgg.safetensors"), "scgan")
    assert perceptual.name == "VGG-16 features 14"
    rgb = torch.rand(2, 3, 32, 32)
    features = perceptual.layers(perceptual.prepare(rgb))
    assert features.shape == (2, 256, 8, 8)
    assert features.min() < 0
    other = torch.rand(2, 3, 32, 32)
    own = perceptual.layers(other)
    assert float(perceptual(rgb, other)) == pytest.approx(float((features - own).abs().mean()))


def test_mobilenet_stands_in_and_its_distances_are_shares(tmp_path: Path) -> None:
    perceptual = load_perceptual(save_classifier(tmp_path / "classifier.safetensors"), "scgan")
    assert perceptual.name == "MobileNetV2 features 6"
    rgb, other = torch.rand(2, 2, 3, 32, 32)
    own, wanted = (perceptual.layers(2 * picture - 1) for picture in (rgb, other))
    assert own.shape == (2, 32, 4, 4)
    expected = (own - wanted).abs().mean() / wanted.abs().mean()
    assert float(perceptual(rgb, other)) == pytest.approx(float(expected))


def test_bigcolor_compares_squares_over_four_layers_of_the_middle_for_each_picture(tmp_path: Path) -> None:
    perceptual = load_perceptual(vgg_file(tmp_path / "vgg.safetensors"), "bigcolor")
    assert perceptual.name == "VGG-16 features 1, 2, 13, 20"
    rgb, other = torch.rand(2, 2, 3, 32, 32)
    mean, deviation = (torch.tensor(v)[:, None, None] for v in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    by_hand = 0.0
    x, y = ((picture[:, :, 2:30, 2:30] - mean) / deviation for picture in (rgb, other))
    for number, layer in enumerate(perceptual.layers):
        x, y = layer(x), layer(y)
        by_hand += float(((x - y) ** 2).mean()) if number in (1, 2, 13, 20) else 0
    assert float(perceptual(rgb, other)) == pytest.approx(by_hand / 4 / 2, rel=1e-5)


def test_bigcolor_compares_shares_where_another_network_stands_in(tmp_path: Path) -> None:
    perceptual = load_perceptual(save_classifier(tmp_path / "classifier.safetensors"), "bigcolor")
    assert perceptual.name == "MobileNetV2 features 1, 3, 6"
    rgb, other = torch.rand(2, 2, 3, 32, 32)
    levels = zip(perceptual.features(rgb), perceptual.features(other), strict=True)
    shares = [float(((x - y) ** 2).mean() / (y**2).mean()) for x, y in levels]
    assert float(perceptual(rgb, other)) == pytest.approx(sum(shares) / 3, rel=1e-5)


@pytest.mark.slow
def test_network_that_ships_stands_in_where_nothing_is_given_and_sees_colours() -> None:
    perceptual = load_perceptual(None, "scgan")
    assert perceptual.name.startswith("compact encoder.features ")
    rgb = torch.rand(1, 3, 64, 64)
    gray = rgb.mean(dim=1, keepdim=True).expand_as(rgb)
    assert float(perceptual(rgb, rgb)) == 0
    assert float(perceptual(gray, rgb)) > 0
    assert not any(parameter.requires_grad for parameter in perceptual.parameters())


def test_weights_of_something_else_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(ValueError, match=r"other\.safetensors: no weights of VGG-16, MobileNetV2 or compact"):
        load_perceptual(path, "scgan")
