"""Trains the default network on colour pictures: classification over 313 ab bins, rare colours weighted up.

Zhang, Isola, Efros, ECCV 2016 (arXiv 1603.08511), on lightness as old film gives it (`old_film`).
"""

import copy
import dataclasses
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from models.bins import BINS, rebalancing_weights, smoothed_prior, soft_encode
from models.colorspace import lab_from_linear, linear_from_srgb
from models.compact import HEAD_STRIDE, Compact, gray_encoder_state
from models.losses import mean_ab_huber, rebalanced_cross_entropy
from models.weights import read_weights, save_network
from pipelines.old_film import film_lightness
from pipelines.pictures import Pictures


@dataclass(frozen=True)
class TrainConfig:
    """All that a training run depends on but its pictures."""

    steps: int = 12_000
    batch: int = 32
    crop: int = 128
    """Side of a training picture in pixels, a multiple of 32."""
    zoom: tuple[float, float] = (0.6, 1.0)
    """Side of the square cut from a picture, as a share of its short side."""
    learning_rate: float = 1e-3
    encoder_learning_rate: float = 3e-4
    frozen_layers: int = 3
    """First layers of the encoder that keep their weights: they cost a quarter of a step and see only edges."""
    warmup: int = 300
    """Steps in which the rate rises from 0."""
    weight_decay: float = 0.01
    ema: float = 0.999
    """Share of the averaged weights that each step keeps."""
    uniform_share: float = 0.5
    """lambda of the rebalancing; 1 turns it off."""
    huber_weight: float = 2.0
    """Of the Huber term on the mean ab."""
    temperature: float = 0.45
    """Written into the weights: T of the annealed mean when the network colours."""
    prior_pictures: int = 2000
    """Pictures from which the prior over the bins is counted."""
    seed: int = 0
    workers: int = 1
    """Processes that decode pictures."""


class Crops(Dataset[NDArray[np.uint8]]):
    """A random square of a random picture for every index: (3, crop, crop), sRGB."""

    def __init__(self, pictures: Pictures, config: TrainConfig, first: int, count: int) -> None:
        self.pictures, self.config, self.first, self.count = pictures, config, first, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> NDArray[np.uint8]:
        random = np.random.default_rng((self.config.seed, self.first + index))
        picture = self.pictures[int(random.integers(len(self.pictures)))]
        side = int(min(picture.shape[:2]) * random.uniform(*self.config.zoom))
        top, left = (int(random.integers(extent - side + 1)) for extent in picture.shape[:2])
        square: NDArray[Any] = picture[top : top + side, left : left + side]
        interpolation = cv2.INTER_AREA if side > self.config.crop else cv2.INTER_LINEAR
        square = cv2.resize(square, (self.config.crop, self.config.crop), interpolation=interpolation)
        if random.random() < 0.5:
            square = square[:, ::-1]
        return np.ascontiguousarray(square.transpose(2, 0, 1))


def _one_thread(_worker: int) -> None:
    cv2.setNumThreads(1)


def crops(pictures: Pictures, config: TrainConfig, first_step: int, steps: int) -> Iterator[Tensor]:
    """Batches of linear RGB, (batch, 3, crop, crop) in 0..1: those of `steps` steps from `first_step`."""
    dataset = Crops(pictures, config, first_step * config.batch, steps * config.batch)
    loader = DataLoader(
        dataset, config.batch, num_workers=config.workers, prefetch_factor=4, worker_init_fn=_one_thread
    )
    for batch in loader:
        yield linear_from_srgb(batch.float() / 255)


def _true_ab(light: Tensor) -> Tensor:
    """ab of the mean light at the head's size: (N, 3, h, w) linear RGB to (N, 2, h/4, w/4)."""
    return lab_from_linear(F.avg_pool2d(light, HEAD_STRIDE))[:, 1:]


def count_prior(pictures: Pictures, config: TrainConfig) -> Tensor:
    """How often each bin is a pixel's nearest, smoothed: (313,) of sum 1."""
    counts = torch.zeros(BINS)
    steps = math.ceil(config.prior_pictures / config.batch)
    for light in crops(pictures, dataclasses.replace(config, seed=config.seed + 1), 0, steps):
        counts += torch.bincount(soft_encode(_true_ab(light))[0][:, 0].flatten(), minlength=BINS)
    return smoothed_prior(counts)


def _rate(step: int, config: TrainConfig) -> float:
    warm = min(1.0, (step + 1) / config.warmup)
    return warm * 0.5 * (1 + math.cos(math.pi * min(1.0, step / config.steps)))


@dataclass
class Run:
    """The state of a training run: all of it is in the checkpoint."""

    network: Compact
    averaged: Compact
    optimizer: torch.optim.Optimizer
    bin_weights: Tensor
    step: int = 0

    def save(self, path: Path) -> None:
        """Writes a checkpoint."""
        parts: dict[str, Any] = {"network": self.network, "averaged": self.averaged, "optimizer": self.optimizer}
        state: dict[str, Any] = {key: part.state_dict() for key, part in parts.items()}
        torch.save(state | {"bin_weights": self.bin_weights, "step": self.step}, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def load(self, path: Path) -> None:
        """Goes on from a checkpoint."""
        state = torch.load(path, weights_only=True, map_location=self.bin_weights.device)
        for key in ("network", "averaged", "optimizer"):
            getattr(self, key).load_state_dict(state[key])
        self.bin_weights, self.step = state["bin_weights"], state["step"]


def _new_run(encoder: Path | None, config: TrainConfig, device: torch.device) -> Run:
    torch.manual_seed(config.seed)
    network = Compact()
    if encoder:
        network.encoder.load_state_dict(gray_encoder_state(read_weights(encoder)[0]), strict=True)
    network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    network.encoder.features[: config.frozen_layers].requires_grad_(False)
    named = list(network.named_parameters())  # in one order always: the checkpoint tells them apart by it
    groups = [
        {"params": [p for name, p in named if name.startswith("encoder.")], "lr": config.encoder_learning_rate},
        {"params": [p for name, p in named if not name.startswith("encoder.")], "lr": config.learning_rate},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=config.weight_decay)
    for group in optimizer.param_groups:
        group["full_rate"] = group["lr"]
    return Run(network, copy.deepcopy(network).eval(), optimizer, torch.ones(BINS, device=device))


def _average(averaged: nn.Module, network: nn.Module, keep: float) -> None:
    old, new = averaged.state_dict(), network.state_dict()
    for key, value in old.items():
        if value.is_floating_point():
            value.lerp_(new[key], 1 - keep)
        else:
            value.copy_(new[key])


def _train_step(run: Run, light: Tensor, config: TrainConfig) -> tuple[float, float]:
    """One step of the optimiser; the cross-entropy and the Huber term."""
    ab = _true_ab(light)
    lightness = film_lightness(light).to(memory_format=torch.channels_last)
    for group in run.optimizer.param_groups:
        group["lr"] = group["full_rate"] * _rate(run.step, config)
    with torch.autocast(light.device.type, dtype=torch.bfloat16):
        logits = run.network(lightness)
    log_probability = torch.log_softmax(logits.float(), dim=1)
    cross_entropy = rebalanced_cross_entropy(log_probability, ab, run.bin_weights)
    huber = mean_ab_huber(log_probability, ab)
    run.optimizer.zero_grad()
    (cross_entropy + config.huber_weight * huber).backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(run.network.parameters(), 5.0)
    run.optimizer.step()
    run.step += 1
    _average(run.averaged, run.network, min(config.ema, (1 + run.step) / (10 + run.step)))
    return float(cross_entropy.detach()), float(huber.detach())


def train(
    sources: Sequence[Path],
    out: Path,
    encoder: Path | None,
    config: TrainConfig,
    device: torch.device,
    log: Callable[[str], None] = print,
    checkpoint_every: int = 500,
) -> None:
    """Trains `compact` and writes its averaged weights to `out`; goes on from `out`'s checkpoint if there is one.

    Args:
        sources: zip files or folders of colour pictures.
        out: a .safetensors file; the checkpoint lies beside it as .checkpoint.
        encoder: MobileNetV2 classifier weights to start from.
        config: the run.
        device: where it runs.
        log: takes a line from time to time.
        checkpoint_every: steps between checkpoints.
    """
    pictures = Pictures(sources)
    run = _new_run(encoder, config, device)
    checkpoint = out.with_suffix(".checkpoint")
    if checkpoint.exists():
        run.load(checkpoint)
        log(f"going on from step {run.step}")
    else:
        run.bin_weights = rebalancing_weights(count_prior(pictures, config), config.uniform_share).to(device)
    started, first = time.monotonic(), run.step
    sums = np.zeros(2)
    about = {"train": json.dumps(dataclasses.asdict(config)), "pictures": str(len(pictures))}
    about |= {"temperature": str(config.temperature)}
    for light in crops(pictures, config, run.step, config.steps - run.step):
        sums += _train_step(run, light.to(device, memory_format=torch.channels_last), config)
        if run.step % 100 == 0:
            speed = (run.step - first) * config.batch / (time.monotonic() - started)
            entropy, huber = sums / 100
            losses = f"cross-entropy {entropy:.4f}  huber {huber:.4f}"
            log(f"step {run.step}/{config.steps}  {losses}  {speed:.0f} pictures/s")
            sums[:] = 0
        if run.step % checkpoint_every == 0 or run.step == config.steps:
            run.save(checkpoint)
            save_network(run.averaged, out, about | {"step": str(run.step)})
