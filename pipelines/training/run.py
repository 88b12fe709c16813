"""Trains the default network on colour pictures, stage by stage (`stages`), each from the last one's weights.

Colour is classified (Zhang, Isola, Efros, ECCV 2016, arXiv 1603.08511), and lightness is that of old film
(`old_film`). Several processes may share a run: each takes its part of every step, and their gradients are averaged.
"""

import copy
import dataclasses
import json
import math
import pickle
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
import torch.distributed as dist
from torch import Tensor, nn

from models.colour.bins import BINS, rebalancing_weights
from models.compact.network import Compact
from models.weights.files import save_network
from pipelines.training.begin import begun, listening
from pipelines.training.config import TrainConfig
from pipelines.training.crops import CropSettings, crops
from pipelines.training.examples import LOGGED_SECONDS, Examples, Sources, count_prior, examples
from pipelines.training.origin import check_origin, digests_of, settings_of
from pipelines.training.place import checkpoint_of, held_out_of, own_place
from pipelines.training.provenance import code_version
from pipelines.training.stages import LOSSES, TRAINED, Batch, takes

MAX_GRADIENT_NORM = 5.0
"""Norm to which gradients are clipped."""
LOGGED_EVERY = 100
"""Steps after which a line says how training goes, where LOGGED_SECONDS are not over before."""


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

    def save(self, path: Path, origin: dict[str, str]) -> None:
        """Writes a checkpoint, with the run's origin."""
        parts: dict[str, Any] = {"network": self.network, "averaged": self.averaged, "optimizer": self.optimizer}
        state: dict[str, Any] = {key: part.state_dict() for key, part in parts.items()}
        state |= {"bin_weights": self.bin_weights, "step": self.step, "origin": origin}
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def load(self, path: Path, origin: dict[str, str]) -> None:
        """Goes on from a checkpoint.

        Raises:
            OutputError: it is of a run with another origin.
            ValueError: it is not a checkpoint of such a run.
        """
        try:
            state = torch.load(path, weights_only=True, map_location=self.bin_weights.device)
            check_origin(path, state["origin"], origin)
            for key in ("network", "averaged", "optimizer"):
                getattr(self, key).load_state_dict(state[key])
        except (RuntimeError, KeyError, TypeError, ValueError, EOFError, pickle.UnpicklingError) as error:
            raise ValueError(f"{path}: not a checkpoint of this run; move it away to begin anew") from error
        self.bin_weights, self.step = state["bin_weights"], state["step"]


def _network(start: Path | None, config: TrainConfig) -> Compact:
    """The network at the start of the run; the parts that the stage trains need gradients."""
    torch.manual_seed(config.seed)
    network = listening(begun(start)) if config.hint_share else begun(start)
    if config.stage == "instance":
        network.instance.load_state_dict(network.decoder.state_dict())
    network.eval().requires_grad_(False)
    heard = ("listener",) if config.hint_share and "decoder" in TRAINED[config.stage] else ()
    for part in (*TRAINED[config.stage], *heard):
        network.get_submodule(part).train().requires_grad_(True)
    network.encoder.features[: config.frozen_layers].eval().requires_grad_(False)
    return network


def _new_run(start: Path | None, config: TrainConfig, device: torch.device) -> Run:
    network = _network(start, config).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    named = [(name, p) for name, p in network.named_parameters() if p.requires_grad]
    # always in this order: the checkpoint knows them by it
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


def _rank_and_world() -> tuple[int, int]:
    return (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)


def _share_gradients(parameters: Sequence[nn.Parameter], world: int) -> None:
    """Averages the gradients of all processes."""
    if world > 1:
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(flat)
        for gradient, mean in zip(gradients, torch.split(flat, [g.numel() for g in gradients]), strict=True):
            gradient.copy_((mean / world).view_as(gradient))


def _check_finite(name: str, values: Iterable[Tensor], step: int) -> None:
    """Raises ValueError where training has diverged; nothing of it may be kept."""
    if not all(value.isfinite().all() for value in values):
        what = f"{name} became NaN or infinite at step {step}"
        raise ValueError(f"{what}; take a lower --set learning_rate=X; the checkpoint before it, if any, stays")


def _train_step(run: Run, light: Tensor, boxes: Tensor, config: TrainConfig) -> dict[str, float]:
    """One step of the optimiser; the loss's weighted terms by name."""
    rank, world = _rank_and_world()
    torch.manual_seed((config.seed << 40) + (run.step << 10) + rank)  # film faults depend on the step alone
    for group in run.optimizer.param_groups:
        group["lr"] = group["full_rate"] * _rate(run.step, config)
    terms = LOSSES[config.stage](run.network, Batch(light, boxes, run.bin_weights), config)
    _check_finite("the loss", terms.values(), run.step + 1)
    run.optimizer.zero_grad()
    torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
    trained = [p for p in run.network.parameters() if p.requires_grad]
    _share_gradients(trained, world)
    nn.utils.clip_grad_norm_(trained, MAX_GRADIENT_NORM)
    run.optimizer.step()
    run.step += 1
    _average(run.averaged, run.network, min(config.ema, (1 + run.step) / (10 + run.step)))
    return {name: float(term.detach()) for name, term in terms.items()}


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
        OutputError: the run cannot write to `out`, another run does, or its checkpoint is of a run with other settings,
            sources or weights to start from.
        ValueError: a source or the checkpoint is not what it should be, or the loss became NaN or infinite.
    """
    rank, world = _rank_and_world()
    with nullcontext() if has_place or rank else own_place(out, sources, start, overwrite):
        device = device or torch.device("cpu")
        data, digests = examples(sources, config), digests_of(sources, start)
        run = _new_run(start, config, device)
        for line in data.shares if rank == 0 else ():
            log(line)
        if checkpoint_of(out).exists():
            run.load(checkpoint_of(out), settings_of(config, world) | digests)
            finished = f"finished at step {run.step}: {out} is written from its checkpoint; more --steps go on"
            log(f"going on from step {run.step}" if run.step < config.steps else finished)
        else:
            log(f"counting the colours of {min(config.prior_pictures, len(data))} of {len(data)} pictures")
            run.bin_weights = rebalancing_weights(count_prior(data, config, log), config.uniform_share).to(device)
        shows: Literal["boxes", "squares"] = "boxes" if config.stage == "instance" else "squares"
        settings = CropSettings(config.crop, config.zoom, shows, config.lettering, config.seed * world + rank)
        part, steps = config.batch // takes(config) // world, range(run.step, config.steps)
        keeper = (
            _Keeper(out, config, data, digests, log=log, tensorboard=tensorboard, checkpoint_every=checkpoint_every)
            if rank == 0
            else None
        )
        if keeper and not steps:
            keeper.write(run)
        for light, boxes in crops(data, data.boxes, settings, part, steps, config.workers, data.chances):
            terms = _train_step(run, light.to(device), boxes.to(device), config)
            if keeper:
                keeper.after_step(run, terms)


class _Keeper:
    """Writes the log, checkpoints and weights of a run."""

    def __init__(  # the files of a run depend on all of it
        self,
        out: Path,
        config: TrainConfig,
        data: Examples,
        digests: dict[str, str],
        *,
        log: Callable[[str], None],
        tensorboard: Path | None,
        checkpoint_every: int,
    ) -> None:
        self.origin = settings_of(config, _rank_and_world()[1]) | digests
        self.out, self.config, self.log, self.checkpoint_every = out, config, log, checkpoint_every
        self.began, self.steps, self.summed = time.monotonic(), 0, 0
        self.logged = self.began
        self.sums: dict[str, float] = {}
        self.about = digests | {
            "train": json.dumps(dataclasses.asdict(config)),
            "pictures": str(len(data)),
            "code": code_version(),
            "temperature": str(config.temperature),
            **{name: str(value) for name, value in dataclasses.asdict(config.finish).items()},
        }
        held_out_of(out).write_text("".join(f"{key}\n" for key in data.held_out), "utf-8")
        self.tensorboard = None
        if tensorboard:
            from pipelines.training.tensorboard import TensorBoardWriter

            self.tensorboard = TensorBoardWriter(tensorboard, data, config)

    def after_step(self, run: Run, terms: dict[str, float]) -> None:
        """Logs now and then; writes checkpoint and weights every `checkpoint_every` steps, and at the end."""
        self.steps, self.summed = self.steps + 1, self.summed + 1
        self.sums = {name: self.sums.get(name, 0.0) + term for name, term in terms.items()}
        is_last = run.step == self.config.steps
        if is_last or run.step % LOGGED_EVERY == 0 or time.monotonic() - self.logged > LOGGED_SECONDS:
            self.logged = time.monotonic()
            speed = self.steps * self.config.batch / (time.monotonic() - self.began)
            means = {name: total / self.summed for name, total in self.sums.items()}
            losses = "  ".join(f"{name} {mean:.4f}" for name, mean in means.items())
            self.log(f"step {run.step}/{self.config.steps}  {losses}  {speed:.0f} pictures/s")
            self.sums, self.summed = {}, 0
            if self.tensorboard:
                self.tensorboard.losses(run.step, means)
        if run.step % self.checkpoint_every == 0 or is_last:
            weights = [*run.network.parameters(), *run.averaged.parameters()]
            _check_finite("the weights", (weight.half() for weight in weights), run.step)  # as it is written
            run.save(checkpoint_of(self.out), self.origin)
            self.write(run)
            if self.tensorboard:
                self.tensorboard.pictures(run.step, run.averaged)

    def write(self, run: Run) -> None:
        """Writes the averaged weights, with their origin."""
        save_network(run.averaged, self.out, self.about | {"step": str(run.step)})
