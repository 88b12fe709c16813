"""Trains BigColor (Kim et al., ECCV 2022, arXiv 2207.09685): a gray picture to features F that BigGAN makes it of.

Encoder and generator are trained together, the generator from BigGAN's weights, with the losses of its authors' code.
"""

import copy
import json
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from models.colour.colorspace import gray_of
from models.judges.perceptual import load_perceptual
from models.measures.adversarial import hinge_discriminator, hinge_generator
from models.paint import NOISE_SIGMA, luma_of
from models.published.bigcolor import BigColor
from models.published.biggan import Discriminator
from models.published.biggan_sizes import BigColorConfig, BigGanConfig
from models.published.normed_weights import taken_over
from models.published.spectral_training import published_state, with_spectral_norm
from models.weights.files import write_weights
from pipelines.training import loop
from pipelines.training.biggan import Labels, adam, as_written, frozen_score, scores_of, take_step
from pipelines.training.biggan_config import BigColorRun
from pipelines.training.biggan_start import read_start
from pipelines.training.by_class import LabelledExamples
from pipelines.training.crops import CropSettings
from pipelines.training.examples import Sources
from pipelines.training.optimise import average, check_finite
from pipelines.training.tensorboard import SHOWN, rows_of_pictures


def boosted(rgb: Tensor, factor: float) -> Tensor:
    """Pictures (N, 3, h, w), sRGB 0..1, as far from their luma as the factor says, clipped."""
    luma = luma_of(rgb)
    return (luma + factor * (rgb - luma)).clamp(0, 1)


def _check_sizes(start: Path, own: BigGanConfig, asked: BigColorConfig) -> None:
    """Raises ValueError, which names all that differs, where weights to start from are of other sizes than the run."""
    names = [field.name for field in fields(BigGanConfig) if field.name != "noise"]
    values = {name: (getattr(own, name), getattr(asked, name)) for name in (*names, "used_noise")}
    differences = ", ".join(f"{name} is {has}, not {wanted}" for name, (has, wanted) in values.items() if has != wanted)
    if differences:
        raise ValueError(f"{start}: a network of other sizes ({differences}); --set what it has, or start anew")


class BigColorTrainer(loop.Trainer):
    """An encoder with what is left of a generator, and their discriminator.

    Args:
        sources: its pictures; among the others may be `classes` (a table), `discriminator` and `perceptual` (weights).
        config: of the run.
        start: weights of BigGAN, see `read_start`; None: the generator is drawn at random.
        device: where it runs.

    Raises:
        ValueError: a source is not what it should be, or the weights are of other sizes than the run.
    """

    def __init__(self, sources: Sources, config: BigColorRun, start: Path | None, device: torch.device) -> None:
        self.config, self.device = config, device
        torch.manual_seed(config.seed)
        begun = read_start(start, sources.others.get("discriminator")) if start else None
        names = begun.names if begun else None
        self.labelled = LabelledExamples(sources, config.held_out, names, config.min_colourfulness)
        self.data = self.labelled.examples
        self.sizes = config.sizes(len(self.labelled.names))
        self.network, self.discriminator = BigColor(self.sizes), Discriminator(self.sizes)
        for network in (self.network, self.discriminator):
            with_spectral_norm(network).to(device).train()
        if start and begun:
            _check_sizes(start, begun.sizes, self.sizes)
            own, given = self.network.G.state_dict(), begun.generator.state_dict()
            self.network.G.load_state_dict({key: given[key] for key in own})
            if begun.discriminator:
                self.discriminator.load_state_dict(begun.discriminator.state_dict())
        self.averaged = copy.deepcopy(self.network).eval().requires_grad_(False)
        self.perceptual = load_perceptual(sources.others.get("perceptual"), "bigcolor").to(device)
        self.network_optimizer = adam(self.network, config.learning_rate)
        self.discriminator_optimizer = adam(self.discriminator, config.discriminator_rate)
        parts = ("network", "discriminator", "averaged", "network_optimizer", "discriminator_optimizer")
        self.parts = {name: getattr(self, name) for name in parts}
        self.tensors = {}
        self.metadata = {"classes": json.dumps(self.labelled.names), "perceptual": self.perceptual.name}

    def batches(self, steps: range) -> Iterator[Labels]:
        """Squares and their classes."""
        config = self.config
        settings = CropSettings(config.side, config.zoom, seed=config.seed)
        return self.labelled.batches(settings, config.batch, steps, config.workers)

    def learn(self, step: int, batch: Labels) -> dict[str, Tensor]:
        """Takes a step of the discriminator, then one of encoder and generator, on the same made pictures."""
        config, (rgb, classes) = self.config, (each.to(self.device) for each in batch)
        self._set_rates(config.rates(step, len(self.data)))
        made = self._coloured(self.network, rgb, classes)
        true = boosted(rgb, config.boost)
        judged = hinge_discriminator(*scores_of(self.discriminator, 2 * true - 1, made.detach(), classes)) / 2
        check_finite("the loss", [judged], step + 1)
        take_step(self.discriminator_optimizer, judged)
        result = (made + 1) / 2
        terms = {
            "mse": config.mse_weight * F.mse_loss(result, rgb),
            "perceptual": config.perceptual_weight * self.perceptual(result, rgb),
            "hinge": config.adversarial_weight * hinge_generator(frozen_score(self.discriminator, made, classes)),
        }
        check_finite("the loss", terms.values(), step + 1)
        take_step(self.network_optimizer, torch.stack(list(terms.values())).sum())
        average(self.averaged, self.network, min(config.ema, (2 + step) / (11 + step)))
        return terms | {"discriminator": judged}

    def write(self, out: Path, metadata: dict[str, str]) -> None:
        """Writes the averaged network as it is used: norms divided out, in half precision but for vectors."""
        with torch.device("meta"):
            plain = BigColor(self.sizes)
        state = taken_over(plain, plain, published_state(self.averaged))
        about = {"network": "bigcolor", "config": json.dumps(asdict(self.sizes))}
        write_weights(as_written(state), out, about | metadata)

    @torch.no_grad()
    def sheet(self) -> Tensor:
        """A few pictures that are the same each time."""
        torch.manual_seed(self.config.seed)
        settings = CropSettings(self.config.side, (1.0, 1.0), seed=self.config.seed + 2)
        rgb, classes = next(self.labelled.batches(settings, SHOWN, range(1), workers=0))
        made = self._coloured(self.averaged, rgb.to(self.device), classes.to(self.device)).cpu()
        return rows_of_pictures(gray_of(rgb).expand(-1, 3, -1, -1), (made + 1) / 2, rgb)

    def _coloured(self, network: BigColor, rgb: Tensor, classes: Tensor) -> Tensor:
        """Pictures, -1..1, made of gray ones and noise that is drawn."""
        z = NOISE_SIGMA * torch.randn(len(rgb), self.sizes.used_noise).to(self.device)
        result: Tensor = network(gray_of(rgb), classes, z)
        return result

    def _set_rates(self, share: float) -> None:
        rates = {"network": self.config.learning_rate, "discriminator": self.config.discriminator_rate}
        for name, rate in rates.items():
            for group in getattr(self, f"{name}_optimizer").param_groups:
                group["lr"] = rate * share
