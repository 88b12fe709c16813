"""What a person gave to work with: this process, several devices of this machine, or a cluster."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import click
from click.core import ParameterSource

from pipelines.errors import SettingsError
from pipelines.film import Listener, Result, restore
from pipelines.job.job import Job
from pipelines.settings import Settings

Restore = Callable[[Job, Listener | None], Result]
FEWER = "ask for fewer, or --workers N for CPU processes"


@dataclass(frozen=True)
class Devices:
    """By default one: what the settings name, in this process."""

    gpus: int = 0
    workers: int = 0
    """CPU processes."""
    address: str = ""
    """Of a Ray cluster; none: this machine alone."""

    @classmethod
    def of(cls, options: dict[str, Any]) -> "Devices":
        """Takes --gpus, --workers and --address out of the options.

        Raises:
            click.UsageError: they contradict each other, or --device, or a cluster is named and nothing of it.
        """
        gpus, workers, address = (options.pop(name, None) for name in ("gpus", "workers", "address"))
        if gpus and workers:
            raise click.UsageError("--gpus and --workers exclude each other: anchors are coloured on GPUs or CPUs")
        if options["device"] == ("cpu" if gpus else "cuda") and (gpus or workers):
            raise click.UsageError(f"--device {options['device']} contradicts {'--gpus' if gpus else '--workers'}")
        if address and not gpus and not workers and _is_typed("address"):
            raise click.UsageError("--address names a cluster; --gpus N or --workers N says how much of it works")
        return cls(gpus or 0, workers or 0, (address or "") if gpus or workers else "")

    def applied(self, settings: Settings) -> Settings:
        """The settings with the device that these are.

        Raises:
            SettingsError: this machine has fewer GPUs.
        """
        import torch

        if self.gpus and not self.address and torch.cuda.device_count() < self.gpus:
            raise SettingsError("--gpus", f"{self.gpus} asked for, this machine has {torch.cuda.device_count()}", FEWER)
        if not self.gpus and not self.workers:
            return settings
        device: Literal["cpu", "cuda"] = "cuda" if self.gpus else "cpu"
        return replace(settings, paint=replace(settings.paint, device=device))

    def needed_for(self, job: Job) -> "Devices":
        """What serves this film: one that is short, or has one device, does not wait for Ray to start."""
        return self if self.address or len(job.segments) > 1 else Devices()

    def notes_on(self, job: Job) -> Iterator[str]:
        """What a person may not expect of these devices, for this film."""
        cores = os.cpu_count() or 1
        if max(self.gpus, self.workers) > 1 and self.needed_for(job) != self:
            yield "the film is too short to share: one process of this machine colours it"
        elif not self.address and self.workers > 1 and self.workers >= cores:
            yield f"--workers {self.workers} on {cores} cores: one process, without --workers, may well be faster"

    @contextmanager
    def at_work(self, has_films: bool = False) -> Iterator[Restore]:
        """While the block runs: how a film is restored with these devices, which all films share.

        Args:
            has_films: whether there are several, for which one device is a pool too.

        Raises:
            SettingsError: no cluster answers, it has fewer GPUs, or Ray is not installed.
        """
        if not self.address and max(self.gpus, self.workers) < (1 if has_films else 2):
            yield restore
            return
        try:
            from pipelines.on_ray.cluster import cluster
            from pipelines.on_ray.films import hire, restore_on_ray
        except ModuleNotFoundError as error:
            raise SettingsError("--gpus and --workers", f"need Ray ({error})", "pip install 'restore[ray]'") from error
        with cluster(self.address):
            yield partial(restore_on_ray, crew=hire(self.gpus, self.workers))


def _is_typed(option: str) -> bool:
    ctx = click.get_current_context(silent=True)
    return ctx is not None and ctx.get_parameter_source(option) is ParameterSource.COMMANDLINE
