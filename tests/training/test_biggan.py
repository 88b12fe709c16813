"""BigGAN is trained from pictures with classes: its losses, its steps, its file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from models.weights.files import read_weights
from pipelines.training.biggan import BigGanTrainer
from pipelines.training.biggan_start import read_start
from pipelines.training.by_class import LabelledExamples
from pipelines.training.crops import CropSettings
from pipelines.training.examples import Sources
from restore.cli import main
from tests.made.by_class import CPU, coloured_folders, scored_as, train_biggan
from tests.made.by_class import SMALL as CONFIG
from tests.made.training import are_equal, checkpoint_of


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    return Sources([coloured_folders(tmp_path / "pictures")])


def test_squares_come_with_the_class_of_their_picture(sources: Sources) -> None:
    labelled = LabelledExamples(sources, held_out=2)
    assert labelled.names == ["blues", "grays", "reds"]
    assert len(labelled) == 10
    assert len(labelled.examples.held_out) == 2
    rgb, classes = next(labelled.batches(CropSettings(64), 32, range(1), workers=0))
    hue = torch.tensor([[30, 60, 200], [120, 120, 120], [200, 40, 40]]).float()
    for square, number in zip(rgb, classes, strict=True):
        colour = square.flatten(1).amax(dim=1) * 255
        assert torch.allclose(colour, hue[number], atol=2)
    again = next(labelled.batches(CropSettings(64), 32, range(1), workers=0))
    assert torch.equal(again[0], rgb)


def test_pictures_of_little_colour_give_way_to_the_next(sources: Sources) -> None:
    labelled = LabelledExamples(sources, 0, min_colourfulness=10)
    _, classes = next(labelled.batches(CropSettings(64), 64, range(1), workers=0))
    assert set(classes.tolist()) == {0, 2}
    with pytest.raises(ValueError, match="no picture has a colourfulness of 1000"):
        LabelledExamples(sources, 0, min_colourfulness=1000)[0]


def test_classes_may_be_many_and_come_from_a_table(sources: Sources, tmp_path: Path) -> None:
    table = tmp_path / "classes.tsv"
    table.write_text("".join(f"reds{i}\t{700 + i}\n" for i in range(4)) + "unknown\t3\n")
    labelled = LabelledExamples(replace(sources, others={"classes": table}), 0, [str(i) for i in range(1000)])
    _, classes = next(labelled.batches(CropSettings(64), 32, range(1), workers=0))
    assert set(classes.tolist()) == {700, 701, 702, 703}
    table.write_text("nothing\tof these\n")
    with pytest.raises(ValueError, match="none of its keys is that of a picture"):
        LabelledExamples(replace(sources, others={"classes": table}), 0)


@pytest.mark.slow
def test_step_changes_both_networks_and_each_by_its_own_loss(sources: Sources) -> None:
    trainer = BigGanTrainer(sources, CONFIG, CPU)
    before = {name: [p.clone() for p in trainer.parts[name].parameters()] for name in ("generator", "discriminator")}
    torch.manual_seed(0)
    terms = trainer.learn(0, next(trainer.batches(range(1))))
    assert terms.keys() == {"generator", "discriminator"}
    for name, old in before.items():
        changed = [not torch.equal(a, b) for a, b in zip(old, trainer.parts[name].parameters(), strict=True)]
        assert sum(changed) > len(changed) / 2, name
    assert all(p.requires_grad for p in trainer.discriminator.parameters())


def test_losses_are_hinges(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = BigGanTrainer(sources, CONFIG, CPU)
    rgb, classes = next(trainer.batches(range(1)))
    made = torch.rand(2, 3, 64, 64) * 2 - 1
    monkeypatch.setattr(trainer, "_made", lambda *_: made.clone().requires_grad_())
    seen = scored_as(trainer.discriminator, [0.5, 2.0], [-1.5, 0.25], monkeypatch)
    terms = {name: float(term.detach()) for name, term in trainer.learn(0, (rgb, classes)).items()}
    assert terms["discriminator"] == pytest.approx((0.5 + 0) / 2 + (0 + 1.25) / 2)
    assert terms["generator"] == pytest.approx(-(-1.5 + 0.25) / 2)
    (both, labels), (again, own) = seen
    assert torch.allclose(both, torch.cat([2 * rgb - 1, made]), atol=1e-6)
    assert torch.equal(again, made)
    assert (labels.tolist(), own.tolist()) == (classes.tolist() * 2, classes.tolist())


def test_discriminator_may_take_more_steps_each_on_its_own_pictures(sources: Sources) -> None:
    trainer = BigGanTrainer(sources, replace(CONFIG, discriminator_steps=3), CPU)
    rgb, classes = next(trainer.batches(range(1)))
    assert (len(rgb), len(classes)) == (6, 6)
    trainer.learn(0, (rgb, classes))
    steps = [
        int(next(iter(optimizer.state_dict()["state"].values()))["step"])
        for optimizer in (trainer.discriminator_optimizer, trainer.generator_optimizer)
    ]
    assert steps == [3, 1]


@pytest.mark.slow
def test_resumed_run_ends_with_the_same_weights(sources: Sources, tmp_path: Path) -> None:
    whole, parted = tmp_path / "whole.safetensors", tmp_path / "parted.safetensors"
    train_biggan(sources, CONFIG, whole)
    for steps in (1, 3):
        train_biggan(sources, replace(CONFIG, steps=steps), parted)
    assert are_equal(read_weights(whole)[0], read_weights(parted)[0])
    one, other = checkpoint_of(whole), checkpoint_of(parted)
    assert are_equal(one["discriminator"], other["discriminator"])
    start = read_start(whole, None)
    assert (start.names, start.sizes) == (["blues", "grays", "reds"], CONFIG.sizes(3))
    assert start.discriminator is not None


@pytest.mark.slow
def test_start_is_checked_strictly(sources: Sources, tmp_path: Path) -> None:
    out = tmp_path / "out.safetensors"
    train_biggan(sources, replace(CONFIG, steps=1), out)
    state, about = read_weights(out)
    generator = {key.removeprefix("G."): value for key, value in state.items() if key.startswith("G.")}
    file = tmp_path / "G_ema.pth"
    torch.save(generator, file)
    start = read_start(file, None)
    assert (start.names, start.discriminator) == (["0", "1", "2"], None)
    assert start.sizes == CONFIG.sizes(3)
    torch.save({key: value for key, value in generator.items() if key != "linear.u0"}, file)
    with pytest.raises(ValueError, match=r"G_ema\.pth: missing: linear\.u0"):
        read_start(file, None)
    torch.save({"conv.weight": torch.zeros(1)}, file)
    with pytest.raises(ValueError, match="not the weights of a generator of BigGAN"):
        read_start(file, None)
    torch.save(generator, file)
    with pytest.raises(ValueError, match="not its discriminator"):
        read_start(out, file)
    assert json.loads(about["config"])["side"] == 64


def test_command_trains_and_refuses_what_it_cannot(sources: Sources, tmp_path: Path) -> None:
    out = tmp_path / "out.safetensors"
    command = ["train", "biggan", "--images", str(sources.images[0]), "-o", str(out), "--steps", "1", "--device", "cpu"]
    small = {"side": 64, "width": 2, "noise": 10, "shared": 4, "attention": 0, "batch": 2, "held_out": 0, "workers": 0}
    sets = [part for name, value in small.items() for part in ("--set", f"{name}={value}")]
    result = CliRunner().invoke(main, command + sets)
    assert (result.exit_code, "step 1/1  generator" in result.output) == (0, True), result.output
    assert read_weights(out)[1]["network"] == "biggan"
    result = CliRunner().invoke(main, [*command, "--set", "side=100"])
    assert result.exit_code == 2
    assert "side must be 256 or 128 or 64, got 100" in result.output
