"""A run of training, whatever it trains: its place, checkpoint, steps, log and weights.

A run that was stopped ends with the weights of one that was not: the checkpoint holds all that steps change, and each
step's pictures and random numbers depend on the run's seed and the step's number alone.
"""

import dataclasses
import json
import pickle
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor, nn

from pipelines.training.examples import LOGGED_SECONDS, Examples, Sources
from pipelines.training.optimise import check_finite, rank_and_world
from pipelines.training.origin import check_origin, digests_of, settings_of
from pipelines.training.place import checkpoint_of, held_out_of, own_place
from pipelines.training.provenance import code_version

LOGGED_EVERY = 100
"""Steps after which a line says how training goes, where LOGGED_SECONDS are not over before."""


class RunSettings(Protocol):
    """Settings that every run has; a run's own are a frozen dataclass with these among its fields."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def steps(self) -> int:
        """Steps of the run."""

    @property
    def batch(self) -> int:
        """Pictures of a step."""

    @property
    def seed(self) -> int:
        """0 to 2**23 - 1."""


class Stateful(Protocol):
    """A network or an optimiser."""

    def state_dict(self) -> dict[str, Any]:
        """All that a step changes."""

    def load_state_dict(self, state: dict[str, Any], /) -> Any:
        """Takes it over."""


class Trainer(ABC):
    """Networks and optimisers in training, and what a step does with them."""

    data: Examples
    """Pictures that the run learns from."""
    parts: Mapping[str, Stateful]
    """Networks and optimisers that steps change, by their name in the checkpoint."""
    tensors: dict[str, Tensor]
    """Tensors beside them that the checkpoint keeps."""
    metadata: dict[str, str]
    """Said in the weights, beside the run's settings and origin."""
    device: torch.device
    """Where the run is."""

    def begin(self, log: Callable[[str], None]) -> None:  # noqa: B027  # most have nothing to do
        """Gets ready for the first step of a run that has no checkpoint."""

    @abstractmethod
    def batches(self, steps: range) -> Iterator[Any]:
        """The batch that each of the steps learns from; it depends on the step's number alone."""

    @abstractmethod
    def learn(self, step: int, batch: Any) -> dict[str, Tensor]:
        """Takes a step, for which torch has been seeded.

        Args:
            step: its number, from 0.
            batch: what it learns from.

        Returns:
            The weighted terms of the loss, each a scalar, by name.

        Raises:
            ValueError: a term became NaN or infinite.
        """

    @abstractmethod
    def write(self, out: Path, metadata: dict[str, str]) -> None:
        """Writes the weights that colour."""

    def sheet(self) -> Tensor | None:
        """Rows of gray, coloured and true pictures, (3, H, W), sRGB 0..1, for TensorBoard; None: nothing to show."""
        return None


def run(  # noqa: PLR0913  # one run's all
    make: Callable[[], Trainer],
    sources: Sources,
    config: RunSettings,
    out: Path,
    *,
    start: Path | None = None,
    overwrite: bool = False,
    has_place: bool = False,
    log: Callable[[str], None] = print,
    tensorboard: Path | None = None,
    checkpoint_every: int = 500,
) -> None:
    """Trains from the checkpoint beside `out`, or from the beginning, and writes weights to `out`.

    Where torch's processes are a group, the first one writes.

    Args:
        make: makes the trainer, once the run has its place.
        sources: all that the run reads but `start`.
        config: its settings.
        out: a .safetensors file; the checkpoint lies beside it as .checkpoint, the keys held out as .held-out.
        start: weights to start from.
        overwrite: whether weights without a checkpoint are replaced.
        has_place: whether the caller keeps `out` for the run, by `own_place`.
        log: takes lines of progress.
        tensorboard: a folder for TensorBoard, with losses and sample pictures.
        checkpoint_every: steps between checkpoints.

    Raises:
        OutputError: the run cannot write to `out`, another run does, or its checkpoint is of a run with other settings,
            sources or weights to start from.
        ValueError: a source or the checkpoint is not what it should be, or the loss became NaN or infinite.
    """
    rank, world = rank_and_world()
    with nullcontext() if has_place or rank else own_place(out, sources, start, overwrite):
        trainer, digests = make(), digests_of(sources, start)
        first = 0
        for line in trainer.data.shares if rank == 0 else ():
            log(line)
        if checkpoint_of(out).exists():
            first = load_checkpoint(trainer, checkpoint_of(out), settings_of(config, world) | digests)
            finished = f"finished at step {first}: {out} is written from its checkpoint; more --steps go on"
            log(f"going on from step {first}" if first < config.steps else finished)
        else:
            trainer.begin(log)
        keeper = None
        if rank == 0:
            keeper = _Keeper(
                trainer, out, config, digests, log=log, checkpoint_every=checkpoint_every, tensorboard=tensorboard
            )
        steps = range(first, config.steps)
        if keeper and not steps:
            keeper.write(first)
        for batch, step in zip(trainer.batches(steps), steps, strict=True):
            torch.manual_seed((config.seed << 40) + (step << 10) + rank)
            terms = trainer.learn(step, batch)
            if keeper:
                keeper.after_step(step + 1, terms)


def save_checkpoint(trainer: Trainer, path: Path, step: int, origin: dict[str, str]) -> None:
    """Writes all that steps change, with the run's origin."""
    state: dict[str, Any] = {key: part.state_dict() for key, part in trainer.parts.items()}
    state |= trainer.tensors | {"step": step, "origin": origin}
    torch.save(state, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)


def load_checkpoint(trainer: Trainer, path: Path, origin: dict[str, str]) -> int:
    """Gives the trainer what a checkpoint holds; the number of steps that were taken.

    Raises:
        OutputError: it is of a run with another origin.
        ValueError: it is not a checkpoint of such a run.
    """
    try:
        state = torch.load(path, weights_only=True, map_location=trainer.device)
        check_origin(path, state["origin"], origin)
        for key, part in trainer.parts.items():
            part.load_state_dict(state[key])
        trainer.tensors.update({key: state[key] for key in trainer.tensors})
        return int(state["step"])
    except (RuntimeError, KeyError, TypeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        raise ValueError(f"{path}: not a checkpoint of this run; move it away to begin anew") from error


class _Keeper:
    """Writes the log, checkpoints and weights of a run."""

    def __init__(  # the files of a run depend on all of it
        self, trainer: Trainer, out: Path, config: RunSettings, digests: dict[str, str], *,
        log: Callable[[str], None], checkpoint_every: int, tensorboard: Path | None,
    ) -> None:  # fmt: skip
        self.trainer, self.out, self.config = trainer, out, config
        self.origin = settings_of(config, rank_and_world()[1]) | digests
        self.log, self.checkpoint_every = log, checkpoint_every
        self.began, self.steps, self.summed = time.monotonic(), 0, 0
        self.logged = self.began
        self.sums: dict[str, float] = {}
        self.about = digests | {
            "train": json.dumps(dataclasses.asdict(config)),
            "pictures": str(len(trainer.data)),
            "code": code_version(),
            **trainer.metadata,
        }
        held_out_of(out).write_text("".join(f"{key}\n" for key in trainer.data.held_out), "utf-8")
        self.tensorboard = None
        if tensorboard:
            from pipelines.training.tensorboard import TensorBoardWriter

            self.tensorboard = TensorBoardWriter(tensorboard)

    def after_step(self, step: int, terms: dict[str, Tensor]) -> None:
        """Logs now and then; writes checkpoint and weights every `checkpoint_every` steps, and at the end."""
        self.steps, self.summed = self.steps + 1, self.summed + 1
        self.sums = {name: self.sums.get(name, 0.0) + float(term.detach()) for name, term in terms.items()}
        is_last = step == self.config.steps
        if is_last or step % LOGGED_EVERY == 0 or time.monotonic() - self.logged > LOGGED_SECONDS:
            self.logged = time.monotonic()
            speed = self.steps * self.config.batch / (time.monotonic() - self.began)
            means = {name: total / self.summed for name, total in self.sums.items()}
            losses = "  ".join(f"{name} {mean:.4f}" for name, mean in means.items())
            self.log(f"step {step}/{self.config.steps}  {losses}  {speed:.0f} pictures/s")
            self.sums, self.summed = {}, 0
            if self.tensorboard:
                self.tensorboard.losses(step, means)
        if step % self.checkpoint_every == 0 or is_last:
            networks = [part for part in self.trainer.parts.values() if isinstance(part, nn.Module)]
            weights = (weight for network in networks for weight in network.parameters())
            check_finite("the weights", (weight.half() for weight in weights), step)  # as it is written
            save_checkpoint(self.trainer, checkpoint_of(self.out), step, self.origin)
            self.write(step)
            if self.tensorboard and (sheet := self.trainer.sheet()) is not None:
                self.tensorboard.pictures(step, sheet)

    def write(self, step: int) -> None:
        """Writes the weights, with their origin."""
        self.trainer.write(self.out, self.about | {"step": str(step)})
