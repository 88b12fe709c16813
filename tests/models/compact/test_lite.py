"""EfficientNet-Lite as an encoder gives what its published layout gives, whether or not weights name it."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice
from pathlib import Path

import cv2
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from models.colour.colorspace import lab_from_srgb
from models.compact.lite import STAGES, EfficientNetLite, encoder_of_classifier, gray_lite_state
from models.compact.network import Compact, CompactConfig, encoder_of
from models.judges.class_network import ClassNetwork, _padded
from models.weights.files import load_network, read_weights, save_network, write_weights
from pipelines.media.pictures import Pictures

DATA = Path(__file__).parents[4] / "shared" / "data"
PEERS, TRIAL = DATA / "eval" / "peers.zip", DATA / "weights" / "lite2_trial_fp16.safetensors"
NARROW = CompactConfig(widths=(32, 24, 16, 16), encoder="efficientnet-lite2")


def classifier() -> ClassNetwork:
    """EfficientNet-Lite0 as its authors lay it out, its batch norms with statistics that matter."""
    torch.manual_seed(0)
    network = ClassNetwork().eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            assert module.running_var is not None
            module.running_var.uniform_(0.005, 0.1)
            torch.nn.init.normal_(module.bias, std=0.1)
    return network


def published_features(network: ClassNetwork, gray: Tensor) -> Tensor:
    x = F.relu6(network._bn0(network._conv_stem(_padded(gray.expand(-1, 3, -1, -1), 3, 2))))
    for block in network._blocks:
        x = block(x)
    return F.relu6(network._bn1(network._conv_head(x)))


@torch.inference_mode()
def test_gives_what_the_published_layout_gives_on_gray_pictures() -> None:
    published = classifier().double()
    encoder = EfficientNetLite("efficientnet-lite0").eval().double()
    encoder.load_state_dict(gray_lite_state(published.state_dict()), strict=True)
    gray = torch.rand(2, 1, 64, 96, dtype=torch.float64) * 2 - 1
    expected = published_features(published, gray)
    assert expected.std() > 0.05
    assert torch.allclose(encoder(gray)[-1], expected, atol=1e-4)


def test_classifier_is_known_by_its_number_of_blocks() -> None:
    assert encoder_of_classifier({f"_blocks.{n}._bn1.bias": torch.ones(1) for n in range(21)}) == "efficientnet-lite2"
    assert encoder_of_classifier({f"_blocks.{n}._bn1.bias": torch.ones(1) for n in range(16)}) == "efficientnet-lite0"
    assert encoder_of_classifier({"features.0.0.weight": torch.ones(1)}) is None


def test_decoder_reads_the_channels_of_the_encoder() -> None:
    assert EfficientNetLite("efficientnet-lite2").taps == {4: 24, 7: 48, 15: 120, 22: 1280}
    assert EfficientNetLite("efficientnet-lite0").taps == {3: 24, 5: 40, 11: 112, 17: 1280}


@pytest.mark.parametrize("name", STAGES)
def test_weights_name_their_encoder_or_are_known_by_their_keys(name: str, tmp_path: Path) -> None:
    path, unnamed = tmp_path / "named.safetensors", tmp_path / "unnamed.safetensors"
    save_network(Compact(replace(NARROW, encoder=name)), path, {})
    state, metadata = read_weights(path)
    assert json.loads(metadata["config"])["encoder"] == name
    assert encoder_of(state) == name
    write_weights(state, unnamed, {"network": "compact", "config": json.dumps({"widths": NARROW.widths})})
    for one in (path, unnamed):
        network, _ = load_network(one)
        assert network.config.encoder == name


def test_encoder_that_is_not_known_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    write_weights({}, path, {"network": "compact", "config": json.dumps({"encoder": "resnet"})})
    with pytest.raises(ValueError, match=r"x\.safetensors: .*'resnet'; known: mobilenet_v2, efficientnet-lite0"):
        load_network(path)


@pytest.mark.skipif(not TRIAL.is_file(), reason="needs the data set's trial weights and pictures")
@torch.inference_mode()
def test_trial_weights_are_nearer_to_the_truth_than_gray() -> None:
    network, _ = load_network(TRIAL)
    errors = []
    for picture in islice(Pictures([PEERS]), 1, 20, 3):
        lab = lab_from_srgb(torch.from_numpy(cv2.resize(picture, (256, 192))).permute(2, 0, 1)[None] / 255)
        true = F.avg_pool2d(lab[:, 1:], 4)
        errors.append(
            [float((ab - true).norm(dim=1).mean()) for ab in (network.mean(network(lab[:, :1]), 1.0), 0 * true)]
        )
    ours, gray = torch.tensor(errors).mean(dim=0)
    assert ours < 0.95 * gray
