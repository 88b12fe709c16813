"""Trains BigGAN (Brock et al., ICLR 2019, arXiv 1809.11096): a class and noise to pictures, at any of its sizes.

Hinge loss and a projection discriminator; pictures made for a step are of the classes of its true ones.
"""

import copy
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor, nn

from models.measures.adversarial import hinge_discriminator, hinge_generator
from models.published.biggan import Discriminator, Generator
from models.published.spectral_training import published_state, with_spectral_norm
from models.weights.files import write_weights
from pipelines.training import loop
from pipelines.training.biggan_config import BigGanRun
from pipelines.training.by_class import LabelledExamples
from pipelines.training.crops import CropSettings
from pipelines.training.examples import Sources
from pipelines.training.optimise import average, check_finite
from pipelines.training.tensorboard import SHOWN, rows_of_pictures

BETAS = (0.0, 0.999)
"""Of Adam, as published for both networks and for BigColor's."""
GENERATOR, DISCRIMINATOR = "G.", "D."
"""Before the keys of each network in the file, which are the authors' own."""

Labels = tuple[Tensor, Tensor]
"""Pictures (N, 3, h, w), sRGB 0..1, and their classes (N,)."""


def take_step(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    """A step of an optimiser, after the gradients of all before it were forgotten."""
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def adam(network: nn.Module, rate: float) -> torch.optim.Optimizer:
    """The optimiser of a network."""
    return torch.optim.Adam(network.parameters(), rate, BETAS)


def scores_of(discriminator: Discriminator, true: Tensor, false: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
    """Scores of true and made pictures, -1..1, in one call, as both share the step of the spectral norm."""
    both = discriminator.score(torch.cat([true, false]), torch.cat([classes, classes]))
    return both[: len(true)], both[len(true) :]


def frozen_score(discriminator: Discriminator, rgb: Tensor, classes: Tensor) -> Tensor:
    """Scores of made pictures, -1..1, whose gradient is the generator's alone."""
    discriminator.requires_grad_(False)
    scores = discriminator.score(rgb, classes)
    discriminator.requires_grad_(True)
    return scores


def as_written(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of a file: matrices in half precision, vectors as they are."""
    return {
        key: (value.half() if value.is_floating_point() and value.ndim > 1 else value).cpu().contiguous().clone()
        for key, value in state.items()
    }


class BigGanTrainer(loop.Trainer):
    """A generator and its discriminator.

    Args:
        sources: its pictures; a table of their classes is among the others as `classes`, or folders name them.
        config: of the run.
        device: where it runs.

    Raises:
        ValueError: a source is not what it should be.
    """

    def __init__(self, sources: Sources, config: BigGanRun, device: torch.device) -> None:
        self.config, self.device = config, device
        self.labelled = LabelledExamples(sources, config.held_out)
        self.data = self.labelled.examples
        self.sizes = config.sizes(len(self.labelled.names))
        torch.manual_seed(config.seed)
        self.generator, self.discriminator = Generator(self.sizes), Discriminator(self.sizes)
        for network in (self.generator, self.discriminator):
            with_spectral_norm(network).to(device).train()
        self.averaged = copy.deepcopy(self.generator).eval().requires_grad_(False)
        self.generator_optimizer = adam(self.generator, config.learning_rate)
        self.discriminator_optimizer = adam(self.discriminator, config.discriminator_rate)
        names = ("generator", "discriminator", "averaged", "generator_optimizer", "discriminator_optimizer")
        self.parts = {name: getattr(self, name) for name in names}
        self.tensors = {}
        self.metadata = {"classes": json.dumps(self.labelled.names)}

    def batches(self, steps: range) -> Iterator[Labels]:
        """Squares and their classes, for all steps of the discriminator that go with one of the generator."""
        config = self.config
        settings = CropSettings(config.side, config.zoom, seed=config.seed)
        return self.labelled.batches(settings, config.batch * config.discriminator_steps, steps, config.workers)

    def learn(self, step: int, batch: Labels) -> dict[str, Tensor]:
        """Takes steps of the discriminator, then one of the generator."""
        rgb, classes = (each.to(self.device) for each in batch)
        for true, own in zip(*(torch.split(each, self.config.batch) for each in (rgb, classes)), strict=True):
            with torch.no_grad():
                false = self._made(self.generator, own)
            judged = hinge_discriminator(*scores_of(self.discriminator, 2 * true - 1, false, own))
            check_finite("the loss", [judged], step + 1)
            take_step(self.discriminator_optimizer, judged)
        made = hinge_generator(frozen_score(self.discriminator, self._made(self.generator, own), own))
        check_finite("the loss", [made], step + 1)
        take_step(self.generator_optimizer, made)
        average(self.averaged, self.generator, min(self.config.ema, (2 + step) / (11 + step)))
        return {"generator": made, "discriminator": judged}

    def write(self, out: Path, metadata: dict[str, str]) -> None:
        """Writes the averaged generator and the discriminator under their authors' keys."""
        own = published_state(self.averaged), published_state(self.discriminator)
        state = {
            prefix + key: value
            for prefix, each in zip((GENERATOR, DISCRIMINATOR), own, strict=True)
            for key, value in each.items()
        }
        about = {"network": "biggan", "config": json.dumps(asdict(self.sizes))}
        write_weights(as_written(state), out, about | metadata)

    @torch.no_grad()
    def sheet(self) -> Tensor:
        """A row of made pictures above one of true ones of their classes, the same each time."""
        torch.manual_seed(self.config.seed)
        settings = CropSettings(self.config.side, (1.0, 1.0), seed=self.config.seed + 2)
        rgb, classes = next(self.labelled.batches(settings, SHOWN, range(1), workers=0))
        made = self._made(self.averaged, classes.to(self.device)).cpu()
        return rows_of_pictures((made + 1) / 2, rgb)

    def _made(self, generator: Generator, classes: Tensor) -> Tensor:
        """Pictures of classes, -1..1, from noise that is drawn."""
        z = torch.randn(len(classes), self.sizes.used_noise).to(self.device)
        return generator(generator.shared(classes), z)[1]
