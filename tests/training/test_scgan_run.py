"""A run of SCGAN that was stopped goes on as if it had not been; its weights colour films."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from models.published.scgan import Scgan
from models.weights.files import load_network, read_weights, write_weights
from pipelines.painting.choice import choose
from pipelines.settings import PaintSettings
from pipelines.training.examples import Sources
from pipelines.training.scgan import ScganTrainer
from restore.cli import main
from tests.made.scgan import CPU, SMALL, train, with_maps
from tests.made.training import are_equal, checkpoint_of, stopped_after


@pytest.fixture
def salient(sources: Sources, tmp_path: Path) -> Sources:
    return with_maps(sources, tmp_path / "maps.zip")


@pytest.mark.slow
@pytest.mark.parametrize("changes", [{}, {"stage": 2, "discriminators": 2, "perceptual_weight": 0.0}])
def test_run_killed_goes_on_as_if_it_had_not_been(
    changes: dict[str, object], salient: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(SMALL, steps=3, **changes)  # type: ignore[arg-type]
    whole, halves = tmp_path / "whole.safetensors", tmp_path / "halves.safetensors"
    train(salient, config, whole)
    monkeypatch.setattr("pipelines.training.loop.LOGGED_EVERY", 1)
    stopped_after(1, partial(train, salient, config, halves))
    assert train(salient, config, halves)[0] == "going on from step 1"
    one, other = checkpoint_of(whole), checkpoint_of(halves)
    assert one.keys() == other.keys() >= {"generator", "generator_optimizer"}
    networks = [name for name in one if name == "generator" or name in ("critic1", "critic2")]
    assert len(networks) == 1 + (2 if changes else 0)
    for name in networks:
        assert are_equal(one[name], other[name])
        moments = [[each["exp_avg_sq"] for each in saved[f"{name}_optimizer"]["state"].values()]
                   for saved in (one, other)]  # fmt: skip
        assert all(torch.equal(a, b) for a, b in zip(*moments, strict=True))
    assert are_equal(read_weights(whole)[0], read_weights(halves)[0])


@pytest.mark.slow
def test_second_stage_begins_with_the_firsts_weights(salient: Sources, tmp_path: Path) -> None:
    first = tmp_path / "first.safetensors"
    train(salient, SMALL, first)
    trainer = ScganTrainer(salient, replace(SMALL, stage=2, perceptual_weight=0.0), first, CPU)
    network, _ = load_network(first)
    gray = torch.rand(2, 1, 64, 64)
    with torch.inference_mode():
        assert torch.allclose(trainer.generator.eval()(gray), network(gray), atol=0.02)  # the norm is an estimate
    with pytest.raises(ValueError, match=r"first\.safetensors: a network of another shape \(.*width is 1, not 2"):
        ScganTrainer(salient, replace(SMALL, width=2), first, CPU)


@pytest.mark.slow
def test_weights_say_what_they_are_of(salient: Sources, tmp_path: Path) -> None:
    out = tmp_path / "out.safetensors"
    train(salient, replace(SMALL, stage=2, steps=1), out)
    state, about = read_weights(out)
    assert json.loads(about["config"]) == {"has_saliency": True, "width": 1, "side": 64}
    assert about["perceptual"].startswith("compact encoder.features ")
    assert len(about["saliency"]) == 64
    network, _ = load_network(out)
    assert isinstance(network, Scgan)
    assert network.depth == 7
    assert not any("down8" in key or "down9" in key or "up2." in key for key in state)


@pytest.mark.slow
def test_command_trains_what_colours(sources: Sources, salient: Sources, tmp_path: Path) -> None:
    out = tmp_path / "out.safetensors"
    settings = [word for name in ("batch", "width", "side", "held_out", "workers")
                for word in ("--set", f"{name}={getattr(SMALL, name)}")]  # fmt: skip
    command = ["train", "scgan", "--images", sources.images[0], "--saliency", salient.others["saliency"], "-o", out,
               "--steps", 2, "--device", "cpu", *settings]  # fmt: skip
    result = CliRunner().invoke(main, [str(word) for word in command])
    assert result.exit_code == 0, result.output
    assert "step 2/2  colour " in result.output
    result = CliRunner().invoke(main, [str(w) for w in ("evaluate", "colour", sources.images[0], "--network", out)])
    assert result.exit_code == 0, result.output


def test_command_takes_a_folder_of_maps(sources: Sources, tmp_path: Path) -> None:
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "0000.png")
    command = ["train", "scgan", "--images", str(sources.images[0]), "--saliency", str(tmp_path), "--set", "held_out=1"]
    result = CliRunner().invoke(main, [*command, "-o", str(tmp_path / "out.safetensors")])
    assert "all 1 pictures are held out" in result.output


@pytest.mark.parametrize(("side", "rows"), [(64, 64), (128, 128)])
def test_trained_file_says_what_the_network_sees(side: int, rows: int, tmp_path: Path) -> None:
    path = tmp_path / "small.safetensors"
    config = {"has_saliency": False, "width": 1, "side": side}
    write_weights(Scgan(**config).state_dict(), path, {"network": "scgan", "config": json.dumps(config)})  # type: ignore[arg-type]
    chosen = choose(PaintSettings(network=str(path), device="cpu"))
    assert chosen.rows == rows
    with pytest.raises(ValueError, match=f"scgan sees pictures whose rows are a multiple of {side}, not 96"):
        choose(PaintSettings(network=str(path), device="cpu", rows=96))
