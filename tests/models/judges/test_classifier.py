"""The classifier that judges coloured pictures: its keys, its shapes, and what it looks at."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from models.compact.mobilenet import MobileNetV2, gray_encoder_state
from models.judges.classifier import CLASSES, SIDE, Classifier, centre_square, load_classifier


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Classifier().eval()


@torch.inference_mode()
def test_gives_features_and_classes(classifier: Classifier) -> None:
    features, logits = classifier(torch.rand(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0)))
    assert features.shape == (2, 1280)
    assert logits.shape == (2, CLASSES)


def test_has_the_keys_of_torchvision(classifier: Classifier) -> None:
    ends = {"classifier.1.weight", "classifier.1.bias"}
    assert set(classifier.state_dict()) == set(MobileNetV2().state_dict()) | ends
    assert classifier.state_dict()["features.0.0.weight"].shape == (32, 3, 3, 3)


@torch.inference_mode()
def test_sees_a_gray_picture_as_the_gray_encoder_does(classifier: Classifier) -> None:
    encoder = MobileNetV2()
    encoder.load_state_dict(gray_encoder_state(classifier.state_dict()))
    gray = torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(1))
    seen = encoder(2 * gray - 1)[-1].mean(dim=(2, 3))
    assert torch.allclose(classifier(gray.expand(1, 3, 64, 64))[0], seen, atol=1e-4)


def test_looks_at_the_middle() -> None:
    picture = torch.zeros(1, 3, 256, 400)
    picture[..., 16:240, 88:312] = 1
    assert torch.equal(centre_square(picture), torch.ones(1, 3, SIDE, SIDE))
    assert centre_square(torch.zeros(1, 3, 30, 20)).shape == (1, 3, SIDE, SIDE)


def test_weights_come_back_as_they_were_saved(classifier: Classifier, tmp_path: Path) -> None:
    save_file({key: value.half() for key, value in classifier.state_dict().items()}, tmp_path / "x.safetensors")
    loaded = load_classifier(tmp_path / "x.safetensors")
    assert not loaded.training
    for key, value in loaded.state_dict().items():
        assert torch.equal(value, classifier.state_dict()[key].half().float())


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    save_file({"features.0.0.bias": torch.zeros(32)}, tmp_path / "x.safetensors")
    with pytest.raises(ValueError, match=r"(?s)x\.safetensors: .*Missing.*classifier\.1\.weight"):
        load_classifier(tmp_path / "x.safetensors")
