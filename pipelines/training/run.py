"""Trains the default network on colour pictures, stage by stage (`stages`), each from the last one's weights.

Colour is classified (Zhang, Isola, Efros, ECCV 2016, arXiv 1603.08511), and lightness is that of old film
(`old_film`). Several processes may share a run: each takes its part of every step, and their gradients are averaged.
"""

import copy
import dataclasses
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from models.colour.bins import BINS, rebalancing_weights
from models.colour.colorspace import lab_from_linear
from models.compact.drawn import settle
from models.compact.network import Compact
from models.weights.files import save_network
from pipelines.training import loop
from pipelines.training.begin import beginning
from pipelines.training.config import TrainConfig
from pipelines.training.crops import CropSettings, crops
from pipelines.training.examples import Sources, count_prior, examples
from pipelines.training.optimise import average, check_finite, rank_and_world, share_gradients
from pipelines.training.stages import LOSSES, TRAINED, Batch, takes
from pipelines.training.tensorboard import COLOURING, coloured_sheet

SETTLED = 8
"""Steps whose pictures settle the batch norms of an encoder drawn anew."""
MAX_GRADIENT_NORM = 5.0
"""Norm to which gradients are clipped."""


def _rate(step: int, config: TrainConfig) -> float:
    warm = min(1.0, (step + 1) / config.warmup)
    return warm * 0.5 * (1 + math.cos(math.pi * min(1.0, step / config.steps)))


def _network(start: Path | None, config: TrainConfig) -> Compact:
    """The network at the start of the run; the parts that the stage trains need gradients."""
    torch.manual_seed(config.seed)
    network = beginning(start, config)
    if config.stage == "instance":
        network.instance.load_state_dict(network.decoder.state_dict())
    network.eval().requires_grad_(False)
    heard = ("listener",) if config.hint_share and "decoder" in TRAINED[config.stage] else ()
    for part in (*TRAINED[config.stage], *heard):
        network.get_submodule(part).train().requires_grad_(True)
    network.encoder.features[: config.frozen_layers].eval().requires_grad_(False)
    return network


def _optimizer(network: Compact, config: TrainConfig) -> torch.optim.Optimizer:
    named = [(name, p) for name, p in network.named_parameters() if p.requires_grad]
    # always in this order: the checkpoint knows them by it
    groups = [
        {"params": [p for name, p in named if name.startswith("encoder.")], "lr": config.encoder_learning_rate},
        {"params": [p for name, p in named if not name.startswith("encoder.")], "lr": config.learning_rate},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=config.weight_decay)
    for group in optimizer.param_groups:
        group["full_rate"] = group["lr"]
    return optimizer


class CompactTrainer(loop.Trainer):
    """One stage of `compact`; its weights are the average of the run's."""

    def __init__(self, sources: Sources, config: TrainConfig, start: Path | None, device: torch.device) -> None:
        self.config, self.device = config, device
        self.data = examples(sources, config.held_out, config.box_score)
        network = _network(start, config)
        self.network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.averaged = copy.deepcopy(self.network).eval()
        self.optimizer = _optimizer(self.network, config)
        self.parts = {"network": self.network, "averaged": self.averaged, "optimizer": self.optimizer}
        self.tensors = {"bin_weights": torch.ones(BINS, device=device)}
        finish = {name: str(value) for name, value in dataclasses.asdict(config.finish).items()}
        self.metadata = {"temperature": str(config.temperature), **finish}

    def begin(self, log: Callable[[str], None]) -> None:
        """Counts the prior over the colours; settles an encoder drawn anew on the first pictures."""
        log(f"counting the colours of {min(self.config.prior_pictures, len(self.data))} of {len(self.data)} pictures")
        prior = count_prior(self.data, self.config, log)
        self.tensors["bin_weights"] = rebalancing_weights(prior, self.config.uniform_share).to(self.device)
        if self.config.encoder == "random":
            settings = CropSettings(self.config.crop, self.config.zoom, seed=self.config.seed)
            squares = crops(self.data, self.data.boxes, settings, self.config.batch, range(SETTLED), 0)
            settle(self.network, (lab_from_linear(light.to(self.device))[:, :1] for light, _ in squares))
            self.averaged.encoder.load_state_dict(self.network.encoder.state_dict())

    def batches(self, steps: range) -> Iterator[tuple[Tensor, Tensor]]:
        """Squares and boxes, as `crops` gives them: this process's part of each step."""
        config, (rank, world) = self.config, rank_and_world()
        shows: Literal["boxes", "squares"] = "boxes" if config.stage == "instance" else "squares"
        settings = CropSettings(config.crop, config.zoom, shows, config.lettering, config.seed * world + rank)
        part = config.batch // takes(config) // world
        return crops(self.data, self.data.boxes, settings, part, steps, config.workers, self.data.chances)

    def learn(self, step: int, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """Takes a step of the optimiser."""
        light, boxes = (each.to(self.device) for each in batch)
        for group in self.optimizer.param_groups:
            group["lr"] = group["full_rate"] * _rate(step, self.config)
        seen = Batch(light, boxes, self.tensors["bin_weights"])
        terms = LOSSES[self.config.stage](self.network, seen, self.config)
        check_finite("the loss", terms.values(), step + 1)
        self.optimizer.zero_grad()
        torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
        trained = [p for p in self.network.parameters() if p.requires_grad]
        share_gradients(trained, rank_and_world()[1])
        nn.utils.clip_grad_norm_(trained, MAX_GRADIENT_NORM)
        self.optimizer.step()
        average(self.averaged, self.network, min(self.config.ema, (2 + step) / (11 + step)))
        return terms

    def write(self, out: Path, metadata: dict[str, str]) -> None:
        """Writes the averaged weights."""
        save_network(self.averaged, out, metadata)

    def sheet(self) -> Tensor | None:
        """Pictures in the stages that change colours."""
        return coloured_sheet(self.averaged, self.data, self.config) if self.config.stage in COLOURING else None


def train(  # noqa: PLR0913  # one run's all
    sources: Sources,
    config: TrainConfig,
    out: Path,
    *,
    start: Path | None = None,
    overwrite: bool = False,
    has_place: bool = False,
    device: torch.device | None = None,
    log: Callable[[str], None] = print,
    tensorboard: Path | None = None,
    checkpoint_every: int = 500,
) -> None:
    """Trains one stage of `compact` and writes its averaged weights to `out`; goes on from a checkpoint beside it.

    Where torch's processes are a group, each takes its part of every step, and the first one writes.

    Args:
        sources: its pictures.
        config: the run.
        out: a .safetensors file; the checkpoint lies beside it as .checkpoint, the keys held out as .held-out.
        start: weights to start from: of this network, or a classifier's, of MobileNetV2 or EfficientNet-Lite.
        overwrite: whether weights without a checkpoint are replaced.
        has_place: whether the caller keeps `out` for the run, by `own_place`.
        device: where it runs; by default on the CPU.
        log: takes lines of progress.
        tensorboard: a folder for TensorBoard, with losses and sample pictures.
        checkpoint_every: steps between checkpoints.

    Raises:
        OutputError: as `loop.run`.
        ValueError: as `loop.run`.
    """
    where = device or torch.device("cpu")
    loop.run(
        lambda: CompactTrainer(sources, config, start, where), sources, config, out, start=start, overwrite=overwrite,
        has_place=has_place, log=log, tensorboard=tensorboard, checkpoint_every=checkpoint_every,
    )  # fmt: skip
