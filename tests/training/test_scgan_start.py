"""SCGAN may begin with its authors' features of what a picture shows, or with those of another file of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from models.published.scgan import Scgan
from models.weights.files import read_weights, write_weights
from pipelines.training import loop
from pipelines.training.examples import Sources
from pipelines.training.scgan import ScganTrainer
from pipelines.training.scgan_config import ScganConfig

SMALL = ScganConfig(steps=1, batch=2, width=1, side=64, saliency_weight=0.0, held_out=0, workers=0)
CPU = torch.device("cpu")


def published_content(path: Path, width: int) -> dict[str, Tensor]:
    """A file like the authors' VGG-16: no prefix, convolutions with spectral norm and bias, a classifier."""
    state = Scgan(has_saliency=False, width=width, side=64).global_feature_network.state_dict()
    norms = {key: value.float().uniform_(1, 2) for key, value in state.items() if ".norm." in key}
    convolutions = [key.removesuffix("weight") for key in state if key.endswith("conv2d.weight")]
    bars = {f"{name}module.weight_bar": torch.randn_like(state[f"{name}weight"]) for name in convolutions}
    rest = {f"{name}module.{tensor}": torch.ones(1) for name in convolutions for tensor in ("bias", "weight_u")}
    torch.save({**norms, **bars, **rest, "classifier.0.weight": torch.ones(2, 2)}, path)
    return norms | bars


@pytest.mark.parametrize("stage", [1, 2])
def test_content_begins_as_the_authors_does(stage: int, sources: Sources, tmp_path: Path) -> None:
    path = tmp_path / "vgg.pth"
    theirs = published_content(path, width=1)
    given = replace(sources, others={"content": path})
    config = replace(SMALL, stage=stage, perceptual_weight=0.0)
    trainer, lines = ScganTrainer(given, config, None, CPU), list[str]()
    trainer.begin(lines.append)
    own = trainer.generator.global_feature_network.state_dict()
    for key, value in theirs.items():
        ours = own[key.replace("module.weight_bar", "parametrizations.weight.original")]
        assert torch.equal(ours, value.to(ours.dtype)), key
    assert trainer.metadata["content_tensors"] == "79 of 79"
    assert lines == ["79 of 79 tensors of the features of content are those of --content"]


def test_content_of_another_width_or_beside_a_start_is_refused(sources: Sources, tmp_path: Path) -> None:
    path, start = tmp_path / "vgg.pth", tmp_path / "start.safetensors"
    published_content(path, width=1)
    given = replace(sources, others={"content": path})
    with pytest.raises(ValueError, match=r"vgg\.pth: fits no convolution .*such as conv1_2, \(2, 2, 3, 3\); set anoth"):
        ScganTrainer(given, replace(SMALL, width=2), None, CPU)
    with pytest.raises(ValueError, match=r"--content is for a run that begins anew, and .*start\.safetensors has its"):
        ScganTrainer(given, SMALL, start, CPU)


def test_content_may_be_that_of_a_trained_file(sources: Sources, tmp_path: Path) -> None:
    path, config = tmp_path / "other.safetensors", {"has_saliency": False, "width": 1, "side": 64}
    other = Scgan(**config)  # type: ignore[arg-type]
    write_weights(other.state_dict(), path, {"network": "scgan", "config": json.dumps(config)})
    given = replace(sources, others={"content": path})
    trainer = ScganTrainer(given, replace(SMALL, side=128), None, CPU)
    own = trainer.generator.global_feature_network.state_dict()
    assert torch.equal(own["pool5.norm.weight"], other.global_feature_network.state_dict()["pool5.norm.weight"])
    assert not torch.equal(trainer.generator.down1.conv2d.weight, other.down1.conv2d.weight)


@pytest.mark.slow
def test_weights_say_which_content_they_began_with(sources: Sources, tmp_path: Path) -> None:
    path, out = tmp_path / "vgg.pth", tmp_path / "out.safetensors"
    published_content(path, width=1)
    given = replace(sources, others={"content": path})
    loop.run(lambda: ScganTrainer(given, SMALL, None, CPU), given, SMALL, out, log=str)
    about = read_weights(out)[1]
    assert (len(about["content"]), about["content_tensors"]) == (64, "79 of 79")
