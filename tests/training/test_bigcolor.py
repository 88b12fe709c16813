"""BigColor is trained from BigGAN's weights: its losses, its steps, and a file that colours."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from models.published.bigcolor import BigColor
from models.weights.files import classes_of, load_network, read_weights, sees_of
from pipelines.evaluate.paint import Named, PicturePainter
from pipelines.painting.choice import choose
from pipelines.settings import PaintSettings
from pipelines.training.bigcolor import BigColorTrainer, boosted
from pipelines.training.biggan_start import read_start
from pipelines.training.examples import Sources
from restore.cli import main
from tests.made import clips
from tests.made.by_class import CPU, SMALL, SMALL_COLOUR, coloured_folders, scored_as, train_bigcolor, train_biggan
from tests.made.evaluated import drawn, save_classifier
from tests.made.training import are_equal, checkpoint_of


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    folder = tmp_path_factory.mktemp("bigcolor")
    perceptual = save_classifier(folder / "classifier.safetensors")
    return Sources([coloured_folders(folder / "pictures")], others={"perceptual": perceptual})


@pytest.fixture(scope="module")
def start(sources: Sources, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("start") / "biggan.safetensors"
    train_biggan(replace(sources, others={}), replace(SMALL, steps=1), out)
    return out


def test_true_colours_are_boosted_around_their_luma() -> None:
    rgb = torch.tensor([0.5, 0.4, 0.3]).reshape(1, 3, 1, 1)
    luma = 0.299 * 0.5 + 0.587 * 0.4 + 0.114 * 0.3
    wanted = torch.tensor([luma + 1.2 * (value - luma) for value in (0.5, 0.4, 0.3)])
    assert torch.allclose(boosted(rgb, 1.2).flatten(), wanted)
    assert boosted(torch.ones(1, 3, 1, 1) * torch.tensor([1.0, 0, 0])[None, :, None, None], 1.2).max() == 1


@pytest.mark.slow
def test_losses_are_the_papers(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = BigColorTrainer(sources, SMALL_COLOUR, None, CPU)
    rgb, classes = next(trainer.batches(range(1)))
    made = torch.rand(2, 3, 64, 64) * 2 - 1
    monkeypatch.setattr(trainer, "_coloured", lambda *_: made.clone().requires_grad_())
    seen = scored_as(trainer.discriminator, [0.5, 2.0], [-0.5, 0.25], monkeypatch)
    terms = {name: float(term.detach()) for name, term in trainer.learn(0, (rgb, classes)).items()}
    result = (made + 1) / 2
    assert terms["mse"] == pytest.approx(float(((result - rgb) ** 2).mean()))
    assert terms["perceptual"] == pytest.approx(0.2 * float(trainer.perceptual(result, rgb)), rel=1e-5)
    assert terms["hinge"] == pytest.approx(0.03 * -(-0.5 + 0.25) / 2)
    assert terms["discriminator"] == pytest.approx(((0.5 + 0) / 2 + (0.5 + 1.25) / 2) / 2)
    luma = (rgb * torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(dim=1, keepdim=True)
    vivid = (luma + 1.2 * (rgb - luma)).clamp(0, 1)
    wanted = [(torch.cat([2 * vivid - 1, made]), torch.cat([classes, classes])), (made, classes)]
    for own, (pictures, labels) in zip(seen, wanted, strict=True):
        assert torch.allclose(own[0], pictures, atol=1e-6)
        assert torch.equal(own[1], labels)


def test_rates_fall_each_time_all_pictures_were_seen() -> None:
    config = replace(SMALL_COLOUR, batch=4)
    assert [config.rates(step, 8) for step in (0, 1, 2, 3, 4)] == pytest.approx([1, 1, 0.9, 0.9, 0.81])


@pytest.mark.slow
def test_generator_and_discriminator_begin_as_biggan_ends(sources: Sources, start: Path) -> None:
    trainer = BigColorTrainer(sources, SMALL_COLOUR, start, CPU)
    begun = read_start(start, None)
    own, given = trainer.network.G.state_dict(), begun.generator.state_dict()
    assert are_equal(own, {key: given[key] for key in own})
    assert begun.discriminator
    assert are_equal(trainer.discriminator.state_dict(), begun.discriminator.state_dict())
    assert not any(key.startswith(("blocks.0", "blocks.1", "linear")) for key in own)
    with pytest.raises(ValueError, match=r"of other sizes \(width is 2, not 3\)"):
        BigColorTrainer(sources, replace(SMALL_COLOUR, width=3), start, CPU)


@pytest.mark.slow
def test_resumed_run_ends_with_the_same_weights(sources: Sources, start: Path, tmp_path: Path) -> None:
    whole, parted = tmp_path / "whole.safetensors", tmp_path / "parted.safetensors"
    train_bigcolor(sources, SMALL_COLOUR, whole, start)
    for steps in (1, 3):
        train_bigcolor(sources, replace(SMALL_COLOUR, steps=steps), parted, start)
    assert are_equal(read_weights(whole)[0], read_weights(parted)[0])
    for part in ("network", "discriminator"):
        assert are_equal(checkpoint_of(whole)[part], checkpoint_of(parted)[part])


@pytest.mark.slow
@pytest.mark.parametrize("feature_side", [8, 32])
def test_file_gives_what_the_trained_network_gives(sources: Sources, tmp_path: Path, feature_side: int) -> None:
    config, out = replace(SMALL_COLOUR, steps=1, feature_side=feature_side), tmp_path / "out.safetensors"
    train_bigcolor(sources, config, out)
    network, about = load_network(out)
    assert isinstance(network, BigColor)
    assert (sees_of(out).rows, classes_of(out)) == (64, ["blues", "grays", "reds"])
    assert about["perceptual"] == "MobileNetV2 features 1, 3, 6"
    assert json.loads(about["config"])["feature_side"] == feature_side
    trainer = BigColorTrainer(sources, config, None, CPU)
    trainer.averaged.load_state_dict(checkpoint_of(out)["averaged"])
    asked = torch.rand(2, 1, 64, 96), torch.tensor([0, 2]), torch.randn(2, network.config.used_noise)
    with torch.inference_mode():
        wanted = trainer.averaged(*asked)
        assert (network(*asked) - wanted).abs().max() < 1e-2 * wanted.abs().max()


@pytest.mark.slow
def test_learns_to_colour(sources: Sources) -> None:
    config = replace(SMALL_COLOUR, batch=4, learning_rate=1e-2, perceptual_weight=0.0, adversarial_weight=0.0)
    trainer = BigColorTrainer(sources, config, None, CPU)
    batch = next(trainer.batches(range(1)))
    errors = [float(trainer.learn(0, batch)["mse"].detach()) for _ in range(16)]
    assert errors[-1] < 0.6 * errors[0]


@pytest.mark.slow
def test_trained_file_colours_a_film_in_the_class_that_is_named(sources: Sources, tmp_path: Path) -> None:
    out = tmp_path / "bigcolor.safetensors"
    train_bigcolor(sources, replace(SMALL_COLOUR, steps=1), out)
    film = clips.plain(tmp_path / "film.mp4", 6)
    command = ["film", str(film), "--network", str(out), "--device", "cpu", "-o", str(tmp_path / "result.mp4")]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 2
    assert "knows classes of its own, which nothing tells; name one by --class: blues, grays, reds" in result.output
    result = CliRunner().invoke(main, [*command, "--class", "blues"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "result.mp4").is_file()


@pytest.mark.slow
def test_pictures_are_measured_in_the_class_that_is_named(sources: Sources, tmp_path: Path) -> None:
    out = tmp_path / "bigcolor.safetensors"
    train_bigcolor(sources, replace(SMALL_COLOUR, steps=1), out)
    one, other = (
        PicturePainter(PaintSettings(str(out), device="cpu", film_class=name))(Named("0", drawn(0)))
        for name in ("reds", "blues")
    )
    assert (one.lab["ours"] - other.lab["ours"]).abs().max() > 0.1


@pytest.mark.slow
def test_class_is_chosen_by_its_name_or_number(sources: Sources, tmp_path: Path) -> None:
    out = tmp_path / "bigcolor.safetensors"
    train_bigcolor(sources, replace(SMALL_COLOUR, steps=1), out)
    chosen = choose(PaintSettings(str(out), device="cpu", film_class="reds"))
    assert (chosen.film_class, set(chosen.digests), chosen.rows) == (2, {"weights"}, 64)
    with pytest.raises(ValueError, match="knows no class 7; there are blues, grays, reds"):
        choose(PaintSettings(str(out), device="cpu", film_class="7"))
    with pytest.raises(ValueError, match="compact takes no class; leave out --class"):
        choose(PaintSettings("compact", device="cpu", film_class="7"))
