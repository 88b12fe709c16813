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
from pipelines.training.begin import drawn_anew
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


@pytest.mark.slow
def test_an_encoder_drawn_anew_has_the_statistics_of_pictures_and_learns_only_where_it_is_trained(
    sources: Sources, tmp_path: Path
) -> None:
    out = tmp_path / "out.safetensors"
    run(sources, out, replace(CONFIG, stage="detector", encoder="random", frozen_layers=0, steps=1))
    torch.manual_seed(CONFIG.seed)
    drawn, after = drawn_anew().encoder.state_dict(), load_network(out)[0].encoder.state_dict()
    moved = {key.rpartition(".")[2] for key in drawn if not torch.equal(drawn[key].half(), after[key].half())}
    assert moved == {"running_mean", "running_var", "num_batches_tracked"}
    last = list(after)[-1].rpartition(".")[0]
    assert after[f"{last}.running_var"].std() > 0.01


@pytest.mark.slow
def test_a_whole_network_drawn_anew_is_trained(sources: Sources, tmp_path: Path) -> None:
    out = tmp_path / "out.safetensors"
    run(sources, out, replace(CONFIG, encoder="random", frozen_layers=0, steps=1))
    torch.manual_seed(CONFIG.seed)
    drawn, after = drawn_anew(), load_network(out)[0]
    assert after.config == replace(SMALL, encoder="efficientnet-lite2")
    first = "encoder.features.0.conv.weight"
    assert not torch.equal(drawn.state_dict()[first].half(), after.state_dict()[first].half())


def test_a_drawn_encoder_takes_no_weights_and_keeps_no_layer(sources: Sources, tmp_path: Path, network: Path) -> None:
    with pytest.raises(ValueError, match=r"nothing of it is used with encoder=random; leave --start out"):
        run(sources, tmp_path / "out.safetensors", replace(CONFIG, encoder="random", frozen_layers=0), network)
    with pytest.raises(ValueError, match="frozen_layers must be 0 with encoder=random, got 3"):
        replace(CONFIG, encoder="random", frozen_layers=3)


@pytest.mark.slow
def test_a_detector_may_be_drawn_anew(sources: Sources, tmp_path: Path) -> None:
    first, kept, anew = (tmp_path / f"{name}.safetensors" for name in ("first", "kept", "anew"))
    run(sources, first, replace(CONFIG, stage="detector", steps=3))
    still = replace(CONFIG, stage="detector", steps=1, learning_rate=0.0, weight_decay=0.0)
    run(sources, kept, still, first)
    run(sources, anew, replace(still, detector="random"), first)
    before, one, other = (load_network(path)[0].detector.state_dict() for path in (first, kept, anew))
    weight = "classes.weight"
    assert torch.equal(before[weight], one[weight])
    assert not torch.equal(before[weight], other[weight])
