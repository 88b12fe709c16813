"""A run shared among processes: all learn from parts of each step, one writes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from on_cluster import Nodes
from PIL import Image

from models.weights import load_network
from pipelines.alone import alone
from pipelines.errors import OutputError
from pipelines.examples import Sources
from pipelines.train_config import TrainConfig

SMALL = TrainConfig(steps=2, batch=8, crop=32, warmup=1, held_out=0, prior_pictures=8, workers=0)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(6):
        colours = np.random.default_rng(number).integers(0, 256, (48, 64, 3), np.uint8)
        Image.fromarray(colours).save(folder / f"{number}.png")
    return folder


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # Ray's own
def test_two_processes_share_a_run(nodes: Nodes, pictures: Path, tmp_path: Path) -> None:
    from pipelines.on_ray_train import train_on_ray

    out, said = tmp_path / "shared.safetensors", []
    train_on_ray(2, False, Sources([pictures]), SMALL, out, log=said.append)
    _, metadata = load_network(out)
    assert json.loads(metadata["train"])["batch"] == 8
    assert metadata["step"] == "2"
    assert said == ["shared among 2 processes"]


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # Ray's own
def test_what_a_process_refuses_is_told_as_without_ray(nodes: Nodes, pictures: Path, tmp_path: Path) -> None:
    from pipelines.on_ray_train import train_on_ray

    with pytest.raises(ValueError, match="all 6 pictures are held out to test on; give more"):
        train_on_ray(1, False, Sources([pictures]), replace(SMALL, held_out=9), tmp_path / "x.safetensors")


def test_shared_run_begins_in_a_place_of_its_own_alone(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = pytest.importorskip("ray", reason="needs the extra ray")
    monkeypatch.setattr(ray, "is_initialized", lambda: pytest.fail("Ray is asked for before the place is had"))
    from pipelines.on_ray_train import train_on_ray

    out = tmp_path / "x.safetensors"
    out.write_text("mine")
    with pytest.raises(OutputError, match=r"x\.safetensors: exists already; --overwrite replaces it"):
        train_on_ray(2, False, Sources([pictures]), SMALL, out)
    with (
        alone(tmp_path / ".x.safetensors.lock", out),
        pytest.raises(OutputError, match=r"x\.safetensors: another run is at work on it"),
    ):
        train_on_ray(2, False, Sources([pictures]), SMALL, out, overwrite=True)


def test_batch_that_does_not_divide_is_told(pictures: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="needs the extra ray")
    from pipelines.on_ray_train import train_on_ray

    with pytest.raises(ValueError, match="batch 8 does not divide into pairs among 3"):
        train_on_ray(3, False, Sources([pictures]), SMALL, tmp_path / "x.safetensors")
