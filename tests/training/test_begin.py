"""Training may begin with the encoder of a classifier, as it is published."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from models.compact.lite import gray_lite_state
from models.compact.mobilenet import MobileNetV2
from models.judges.class_network import ClassNetwork
from models.weights.files import load_network
from pipelines.training.examples import Sources
from tests.made.training import CONFIG, SMALL, WHOLE_ENCODER, are_equal, checkpoint_of, run

pytestmark = pytest.mark.usefixtures("narrow")


def test_run_may_begin_with_a_classifiers_encoder(sources: Sources, tmp_path: Path) -> None:
    classifier, out = tmp_path / "classifier.safetensors", tmp_path / "out.safetensors"
    state = {key: torch.randn_like(value) / 10 for key, value in MobileNetV2().state_dict().items()}
    rgb = {**state, "features.0.0.weight": torch.randn(32, 3, 3, 3), "classifier.1.bias": torch.zeros(1000)}
    save_file(rgb, classifier)
    run(sources, out, replace(CONFIG, steps=1, frozen_layers=WHOLE_ENCODER), classifier)
    after = {key[8:]: value for key, value in checkpoint_of(out)["network"].items() if key.startswith("encoder.")}
    assert torch.allclose(after.pop("features.0.0.weight"), rgb["features.0.0.weight"].sum(dim=1, keepdim=True))
    del state["features.0.0.weight"]
    assert are_equal(after, state)


def test_run_may_begin_with_a_published_encoder_whose_frozen_layers_stay(sources: Sources, tmp_path: Path) -> None:
    classifier, out = tmp_path / "classifier.pth", tmp_path / "out.safetensors"
    published = ClassNetwork().state_dict()
    torch.save(published, classifier)
    run(sources, out, replace(CONFIG, steps=1, frozen_layers=18), classifier)
    after = {key[8:]: value for key, value in checkpoint_of(out)["network"].items() if key.startswith("encoder.")}
    assert are_equal(after, gray_lite_state(published))
    assert load_network(out)[0].config == replace(SMALL, encoder="efficientnet-lite0")


def test_weights_of_something_else_to_start_from_are_refused(sources: Sources, tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    save_file({"features.0.0.weight": torch.zeros(32, 3, 3, 3)}, other)
    with pytest.raises(ValueError, match=r"other\.safetensors: no encoder of this network; give weights of compact or"):
        run(sources, tmp_path / "out.safetensors", CONFIG, other)
