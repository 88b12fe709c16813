"""SCGAN is trained in two stages, by the losses and the schedule of its authors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from pipelines.training.examples import Sources
from pipelines.training.scgan import ScganTrainer
from pipelines.training.scgan_config import RANGES, ScganConfig
from tests.made.scgan import CPU, SMALL, train, with_maps, zipped
from tests.made.training import PICTURES

ADVERSARIAL = {"adversarial", "critic1"}
SLOW = pytest.mark.slow


@pytest.fixture
def salient(sources: Sources, tmp_path: Path) -> Sources:
    return with_maps(sources, tmp_path / "maps.zip")


# The pictures


def test_pictures_are_those_with_maps_and_are_cut_with_them(salient: Sources) -> None:
    trainer = ScganTrainer(salient, replace(SMALL, batch=8), None, CPU)
    assert len(trainer.data) == PICTURES - 1
    (batch,) = trainer.batches(range(1))
    assert batch.shape == (8, 4, 64, 64)
    assert batch.max() <= 1
    assert set(batch[:, 3].unique().tolist()) >= {0.0, 1.0}


def test_what_class_maps_show_is_salient_where_no_map_is_given(salient: Sources, tmp_path: Path) -> None:
    classes = zipped(tmp_path / "classes.zip", {f"{PICTURES - 1:04d}": np.full((4, 4), 15, np.uint8)})
    both = replace(salient, others={**salient.others, "masks": classes})
    trainer = ScganTrainer(both, SMALL, None, CPU)
    assert len(trainer.data) == PICTURES
    assert trainer.pictures[PICTURES - 1][..., 3].min() == 255
    assert trainer.pictures[0][0, [0, -1], 3].tolist() == [255, 0]


def test_saliency_is_asked_for(sources: Sources) -> None:
    with pytest.raises(ValueError, match="no saliency to learn from; give --saliency or --masks, or --set sal"):
        ScganTrainer(sources, SMALL, None, CPU)
    assert not hasattr(ScganTrainer(sources, replace(SMALL, saliency_weight=0.0), None, CPU).generator,
                       "attention_prediction_network")  # fmt: skip


def test_network_that_finds_saliency_and_class_maps_exclude_each_other(sources: Sources, tmp_path: Path) -> None:
    classes = zipped(tmp_path / "classes.zip", {"0000": np.full((4, 4), 15, np.uint8)})
    both = replace(sources, others={"saliency": tmp_path / "finder.safetensors", "masks": classes})
    with pytest.raises(ValueError, match=r"finder\.safetensors: finds saliency in all pictures, without --masks"):
        ScganTrainer(both, SMALL, None, CPU)


@pytest.mark.slow
def test_network_finds_saliency_where_it_is_given(salient: Sources, sources: Sources, tmp_path: Path) -> None:
    out = tmp_path / "finder.safetensors"
    train(salient, replace(SMALL, steps=1), out)
    trainer = ScganTrainer(Sources(sources.images, others={"saliency": out}), SMALL, None, CPU)
    assert len(trainer.data) == PICTURES
    (batch,) = trainer.batches(range(1))
    assert batch.shape[1] == 3
    assert trainer.learn(0, batch).keys() == {"colour", "saliency"}


# The losses


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, {"colour", "saliency"}),
        ({"saliency_weight": 0.0}, {"colour"}),
        pytest.param({"stage": 2}, {"colour", "saliency", "perceptual", "adversarial", "critic1"}, marks=SLOW),
        ({"stage": 2, "discriminators": 2, "perceptual_weight": 0.0}, {"colour", "saliency", *ADVERSARIAL, "critic2"}),
        ({"stage": 2, "saliency_weight": 0.0, "perceptual_weight": 0.0}, {"colour", *ADVERSARIAL}),
    ],
)
def test_stage_has_its_terms(changes: dict[str, object], names: set[str], salient: Sources) -> None:
    trainer = ScganTrainer(salient, replace(SMALL, **changes), None, CPU)
    (batch,) = trainer.batches(range(1))
    terms = trainer.learn(0, batch)
    assert terms.keys() == names
    assert all(term.isfinite() for term in terms.values())


class Constant(torch.nn.Module):
    """A generator of one colour and one saliency everywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.colour = torch.nn.Parameter(torch.tensor([0.2, 0.4, 0.6]))
        self.look = torch.nn.Parameter(torch.tensor(0.5))

    def with_saliency(self, gray: Tensor) -> tuple[Tensor, Tensor]:
        return self.colour.view(1, 3, 1, 1).expand(len(gray), 3, *gray.shape[2:]), self.look.expand(gray.shape)


class Scores(torch.nn.Module):
    """A critic whose score is a multiple of the picture's mean red."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = torch.nn.Parameter(torch.tensor(factor))

    def forward(self, gray: Tensor, rgb: Tensor) -> Tensor:
        return self.factor * rgb[:, :1].mean(dim=(2, 3), keepdim=True)


class Reds(torch.nn.Module):
    """A distance of pictures: that of their mean red, which is signed."""

    name = "reds"

    def forward(self, coloured: Tensor, true: Tensor) -> Tensor:
        return true[:, 0].mean() - coloured[:, 0].mean()


def test_losses_are_those_of_the_paper(salient: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.training.scgan.load_perceptual", lambda path, network: Reds())
    config = replace(SMALL, stage=2, discriminators=2, learning_rate=1e-30)
    trainer = ScganTrainer(salient, config, None, CPU)
    trainer.generator, trainer.critics = Constant(), [Scores(3.0), Scores(2.0)]  # type: ignore[assignment, list-item]
    networks = {"generator": trainer.generator, "critic1": trainer.critics[0], "critic2": trainer.critics[1]}
    trainer.optimizers = {f"{name}_optimizer": torch.optim.Adam(net.parameters()) for name, net in networks.items()}
    true = torch.tensor([1.0, 0.5, 0.0, 1.0]).view(1, 4, 1, 1).expand(2, 4, 64, 64)  # the map is 1 everywhere
    terms = {name: float(term.detach()) for name, term in trainer.learn(0, true).items()}
    colours = (0.8 + 0.1 + 0.6) / 3
    weighted = (0.9 + 0.3 + 0.3) / 3  # half of the made colours, all of the true ones
    assert terms["colour"] == pytest.approx(1.0 * colours)
    assert terms["saliency"] == pytest.approx(0.5 * weighted)
    assert terms["perceptual"] == pytest.approx(5 * (1.0 - 0.2))  # of the coloured pictures, without saliency
    assert terms["adversarial"] == pytest.approx(-0.05 * (3 * 0.2 + 2 * 0.1))
    slopes = [factor / 64 for factor in (3, 2)]  # of a mean over 64 x 64 places: factor / 64**2 at each, 64**2 times
    assert terms["critic1"] == pytest.approx(3 * (0.2 - 1.0) + 10 * (slopes[0] - 1) ** 2)
    assert terms["critic2"] == pytest.approx(2 * (0.1 - 1.0) + 10 * (slopes[1] - 1) ** 2)


def test_discriminators_learn_and_the_generator_leaves_them(salient: Sources) -> None:
    trainer = ScganTrainer(salient, replace(SMALL, stage=2, perceptual_weight=0.0), None, CPU)
    (critic,) = trainer.critics
    before = {name: value.clone() for name, value in critic.named_parameters()}
    (batch,) = trainer.batches(range(1))
    trainer.learn(0, batch)
    assert all(not torch.equal(value, before[name]) for name, value in critic.named_parameters())
    assert all(parameter.requires_grad for parameter in critic.parameters())


@pytest.mark.parametrize(
    ("stage", "step", "rate"),
    [(1, 0, 2e-4), (1, 249, 2e-4), (1, 250, 1e-4), (1, 500, 5e-5), (2, 0, 1e-4), (2, 250, 5e-5)],
)
def test_rates_are_halved_every_ten_times_that_all_pictures_are_seen(stage: int, step: int, rate: float) -> None:
    assert ScganConfig(stage=stage, batch=8).rate(step, pictures=200) == pytest.approx(rate)
    assert ScganConfig(stage=stage, batch=8, learning_rate=1.0).rate(0, 200) == 1.0


# The settings


@pytest.mark.parametrize(
    ("name", "value"),
    [("stage", 3), ("batch", 1), ("width", 0), ("side", 100), ("side", 32), ("halve_every", 0.0), ("zoom", (0.9, 0.5)),
     ("discriminators", 3), ("penalty_weight", -1.0), ("held_out", -1)],
)  # fmt: skip
def test_impossible_settings_are_refused(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{name} must be .*, got "):
        replace(ScganConfig(), **{name: value})


def test_second_discriminator_needs_saliency() -> None:
    with pytest.raises(ValueError, match="discriminators must be 1 where saliency_weight is 0"):
        ScganConfig(discriminators=2, saliency_weight=0.0)


def test_every_number_among_the_settings_has_its_limits() -> None:
    limited = {name for names in RANGES for name in names} | {"stage", "discriminators"}
    assert limited == {name for name, value in vars(ScganConfig()).items() if isinstance(value, int | float)}
