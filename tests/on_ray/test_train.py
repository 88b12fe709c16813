"""A run shared among processes: all learn from parts of each step, one writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from models.weights.files import load_network
from pipelines.errors import OutputError
from pipelines.places import only_run
from pipelines.training.config import TrainConfig
from pipelines.training.examples import Sources
from tests.made.on_cluster import Nodes

SMALL = TrainConfig(steps=2, batch=8, crop=32, warmup=1, held_out=0, prior_pictures=8, workers=0)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(6):
        colours = np.random.default_rng(number).integers(0, 256, (48, 64, 3), np.uint8)
        Image.fromarray(colours).save(folder / f"{number}.png")
    return folder


@pytest.mark.ray
@pytest.mark.slow
def test_two_processes_share_a_run(pictures: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="needs the extra ray")
    out = tmp_path / "shared.safetensors"
    names = ("batch", "crop", "warmup", "held_out", "prior_pictures", "workers")
    settings = (word for name in names for word in ("--set", f"{name}={getattr(SMALL, name)}"))
    command = ["train", "compact", "--images", pictures, "-o", out, "--steps", SMALL.steps, "--workers", 2, *settings]
    words = [Path(sys.executable).with_name("restore"), *map(str, command)]
    here = os.environ | {"RAY_ADDRESS": "local"}  # a Ray of its own, not the tests' cluster
    for _ in range(3):
        ended = subprocess.run(words, env=here, cwd=tmp_path, capture_output=True, text=True, check=False)
        if "timed out during startup" not in ended.stderr:  # Ray gives its agents 15 s, a busy machine may take longer
            break
    assert ended.returncode == 0, ended.stderr
    assert "shared among 2 processes\n" in ended.stdout
    _, metadata = load_network(out)
    assert json.loads(metadata["train"])["batch"] == 8
    assert metadata["step"] == "2"


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # Ray's own
def test_what_a_process_refuses_is_reported_as_without_ray(nodes: Nodes, pictures: Path, tmp_path: Path) -> None:
    from pipelines.on_ray.train import train_on_ray

    with pytest.raises(ValueError, match="all 6 pictures are held out to test on; give more"):
        train_on_ray(1, False, Sources([pictures]), replace(SMALL, held_out=9), tmp_path / "x.safetensors")


@pytest.mark.parametrize(
    ("address", "asked", "message"),
    [
        ("", "local", "--gpus, --workers: Ray did not start on this machine (it timed out); try again when"),
        ("10.0.0.1:6379", "10.0.0.1:6379", "--address or RAY_ADDRESS: no Ray cluster answers at 10.0.0.1:6379"),
    ],
)
def test_ray_that_does_not_start_ends_training_in_one_line(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, asked: str, message: str
) -> None:
    ray = pytest.importorskip("ray", reason="needs the extra ray")
    from restore.cli import main

    given: list[object] = []

    def fail(**how: object) -> None:
        given.extend((how["address"], how["log_to_driver"]))
        raise RuntimeError("it timed out.\nmore")

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", fail)
    monkeypatch.setenv("RAY_ADDRESS", address)
    out = tmp_path / "x.safetensors"
    words = ["train", "compact", "--images", pictures, "-o", out, "--workers", 2]
    ended = CliRunner().invoke(main, [str(word) for word in words])
    assert ended.exit_code == 2
    assert ended.output.startswith(f"restore: {message}"), ended.output
    assert len(ended.output.splitlines()) == 1
    assert given == [asked, True]  # each process prints its own progress
    assert not out.exists()


def test_shared_run_begins_in_a_place_of_its_own_alone(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ray = pytest.importorskip("ray", reason="needs the extra ray")
    monkeypatch.setattr(ray, "is_initialized", lambda: pytest.fail("Ray is asked for before the place is had"))
    from pipelines.on_ray.train import train_on_ray

    out = tmp_path / "x.safetensors"
    out.write_text("mine")
    with pytest.raises(OutputError, match=r"x\.safetensors: exists already; --overwrite replaces it"):
        train_on_ray(2, False, Sources([pictures]), SMALL, out)
    with (
        only_run(tmp_path / ".x.safetensors.lock", out),
        pytest.raises(OutputError, match=r"x\.safetensors: another run is at work on it"),
    ):
        train_on_ray(2, False, Sources([pictures]), SMALL, out, overwrite=True)


def test_batch_that_does_not_divide_is_reported(pictures: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="needs the extra ray")
    from pipelines.on_ray.train import train_on_ray

    with pytest.raises(ValueError, match="batch 8 does not divide into pairs among 3"):
        train_on_ray(3, False, Sources([pictures]), SMALL, tmp_path / "x.safetensors")
