"""A training run that was stopped goes on as if it had not been."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from models.weights.files import read_weights
from pipelines.errors import OutputError
from pipelines.training.config import Stage
from pipelines.training.examples import Sources
from pipelines.training.run import train
from tests.made.runs import listing, save_random_network
from tests.made.training import CONFIG, are_equal, checkpoint_of, run, stopped_after

pytestmark = pytest.mark.usefixtures("narrow")


@pytest.mark.parametrize("stage", ["full", "fusion"])
def test_run_stopped_goes_on_as_if_it_had_not(stage: Stage, sources: Sources, tmp_path: Path) -> None:
    config = replace(CONFIG, stage=stage, steps=4)
    whole, halves = tmp_path / "whole.safetensors", tmp_path / "halves.safetensors"
    steps = run(sources, whole, config)
    stopped_after(2, partial(train, sources, config, halves))
    assert read_weights(halves)[1]["step"] == "2"
    assert run(sources, halves, config) == steps[2:]
    one, other = checkpoint_of(whole), checkpoint_of(halves)
    assert are_equal(one["network"], other["network"])
    assert are_equal(one["averaged"], other["averaged"])
    assert torch.equal(one["bin_weights"], other["bin_weights"])
    moments = [[state["exp_avg_sq"] for state in saved["optimizer"]["state"].values()] for saved in (one, other)]
    assert all(torch.equal(a, b) for a, b in zip(*moments, strict=True))
    assert are_equal(read_weights(whole)[0], read_weights(halves)[0])
    assert read_weights(whole)[1] == read_weights(halves)[1]


@pytest.mark.parametrize("steps", [2, 1])
def test_finished_run_writes_its_weights_once_more(steps: int, sources: Sources, tmp_path: Path) -> None:
    out, said = tmp_path / "out.safetensors", list[str]()
    run(sources, out, replace(CONFIG, steps=2))
    state, checkpoint = read_weights(out)[0], out.with_suffix(".checkpoint").read_bytes()
    out.unlink()
    train(sources, replace(CONFIG, steps=steps), out, log=said.append)
    assert said == [f"finished at step 2: {out} is written from its checkpoint; more --steps go on"]
    assert are_equal(read_weights(out)[0], state)
    assert read_weights(out)[1]["step"] == "2"
    assert out.with_suffix(".checkpoint").read_bytes() == checkpoint


@pytest.mark.parametrize("data", [b"", b"no checkpoint"], ids=["empty", "text"])
def test_damaged_checkpoint_is_refused(data: bytes, sources: Sources, tmp_path: Path) -> None:
    (tmp_path / "out.checkpoint").write_bytes(data)
    with pytest.raises(ValueError, match=r"out\.checkpoint: not a checkpoint of this run; move it away"):
        run(sources, tmp_path / "out.safetensors")


def test_checkpoint_of_another_stage_is_refused(sources: Sources, tmp_path: Path) -> None:
    run(sources, tmp_path / "out.safetensors", replace(CONFIG, stage="decoder", steps=1))
    with pytest.raises(
        OutputError, match=r"of another run \(stage was decoder, is instance\); take another -o, or move"
    ):
        run(sources, tmp_path / "out.safetensors", replace(CONFIG, stage="instance"))


def test_checkpoint_that_does_not_tell_what_it_is_made_from_is_refused(sources: Sources, tmp_path: Path) -> None:
    out = tmp_path / "out.safetensors"
    run(sources, out, replace(CONFIG, steps=1))
    torch.save({key: part for key, part in checkpoint_of(out).items() if key != "origin"}, tmp_path / "out.checkpoint")
    with pytest.raises(ValueError, match=r"out\.checkpoint: not a checkpoint of this run; move it away"):
        run(sources, out)


def test_run_goes_on_with_its_own_settings_alone(sources: Sources, tmp_path: Path) -> None:
    out = tmp_path / "out.safetensors"
    run(sources, out, replace(CONFIG, steps=1))
    before = listing(tmp_path)
    differences = r"learning_rate was 0\.001, is 0\.5, held_out was 0, is 2, seed was 0, is 7"
    with pytest.raises(OutputError, match=rf"out\.checkpoint: of another run \({differences}\); take another -o"):
        run(sources, out, replace(CONFIG, learning_rate=0.5, seed=7, held_out=2))
    assert listing(tmp_path) == before


def test_run_goes_on_among_as_many_processes_alone(
    sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.safetensors"
    run(sources, out, replace(CONFIG, steps=1))
    before = listing(tmp_path)
    monkeypatch.setattr("pipelines.training.loop.rank_and_world", lambda: (0, 2))
    with pytest.raises(
        OutputError, match=r"out\.checkpoint: of another run \(processes was 1, is 2\); take another -o"
    ):
        run(sources, out, replace(CONFIG, steps=2))
    assert listing(tmp_path) == before


@pytest.mark.parametrize("what", ["images", "boxes", "start"])
def test_run_goes_on_with_its_own_sources_alone(what: str, sources: Sources, tmp_path: Path) -> None:
    out, own = tmp_path / "out.safetensors", tmp_path / "own"
    own.mkdir()
    run(sources, out, replace(CONFIG, steps=1))
    before, weights = out.read_bytes(), save_random_network(tmp_path / "weights.safetensors")
    others = {"images": [own], "boxes": None}
    Image.fromarray(np.zeros((48, 64, 3), np.uint8)).save(own / "0000.png")
    other = sources if what == "start" else replace(sources, **{what: others[what]})
    with pytest.raises(OutputError, match=rf"another run \({what} was (none|sha256 \S+), is (none|sha256 \S+)\); take"):
        run(other, out, start=weights if what == "start" else None)
    assert out.read_bytes() == before


def test_run_goes_on_where_its_pictures_were_moved(sources: Sources, tmp_path: Path) -> None:
    out, moved = tmp_path / "out.safetensors", tmp_path / "moved"
    run(sources, out, replace(CONFIG, steps=1))
    shutil.copytree(sources.images[0], moved)
    (moved / "about.txt").write_text("no picture")
    assert len(run(replace(sources, images=[moved]), out, replace(CONFIG, steps=2))) == 1


def test_run_that_is_made_longer_learns_at_the_rate_of_the_longer_run(sources: Sources, tmp_path: Path) -> None:
    out = tmp_path / "out.safetensors"
    run(sources, out, replace(CONFIG, steps=1))
    run(sources, out, replace(CONFIG, steps=4))
    (rate,) = {group["lr"] / group["full_rate"] for group in checkpoint_of(out)["optimizer"]["param_groups"]}
    assert rate == pytest.approx(0.5 * (1 + math.cos(math.pi * 3 / 4)))


@pytest.mark.parametrize(
    ("steps", "what"),
    [(1, "the weights became NaN or infinite at step 1"), (3, "the loss became NaN or infinite at step 2")],
)
def test_training_that_runs_away_ends_and_keeps_nothing(
    steps: int, what: str, sources: Sources, tmp_path: Path
) -> None:
    out = tmp_path / "out.safetensors"
    with pytest.raises(ValueError, match=f"^{what}; take a lower --set learning_rate=X"):
        run(sources, out, replace(CONFIG, steps=steps, learning_rate=1e30))
    assert [path.name for path in tmp_path.iterdir()] == ["out.held-out"]


def test_training_that_runs_away_leaves_the_checkpoint_before_it(
    sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.safetensors"
    run(sources, out, replace(CONFIG, steps=1))
    before = out.read_bytes(), out.with_suffix(".checkpoint").read_bytes()
    monkeypatch.setattr("pipelines.training.run._rate", lambda step, config: 1e33)
    with pytest.raises(ValueError, match="became NaN or infinite"):
        run(sources, out, CONFIG)
    assert (out.read_bytes(), out.with_suffix(".checkpoint").read_bytes()) == before


def test_weights_and_checkpoint_are_written_on_the_way(sources: Sources, tmp_path: Path) -> None:
    out = tmp_path / "out.safetensors"
    stopped_after(1, partial(train, sources, replace(CONFIG, stage="detector"), out))
    assert read_weights(out)[1]["step"] == "1"
    assert {path.name for path in tmp_path.iterdir()} == {"out.safetensors", "out.checkpoint", "out.held-out"}


@pytest.mark.slow
def test_checkpoint_of_a_version_without_drawn_parts_goes_on(sources: Sources, tmp_path: Path) -> None:
    out = tmp_path / "out.safetensors"
    run(sources, out, replace(CONFIG, stage="decoder", steps=1))
    checkpoint = checkpoint_of(out)
    del checkpoint["origin"]["encoder"], checkpoint["origin"]["detector"]
    torch.save(checkpoint, out.with_suffix(".checkpoint"))
    assert len(run(sources, out, replace(CONFIG, stage="decoder", steps=2))) == 1
