"""The devices of a run: this process, several devices of this machine, or a cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from pipelines.errors import SettingsError
from pipelines.settings import MotionSettings, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.archive.results import Look
    from pipelines.film import Listener, Result
    from pipelines.job.job import Job
    from pipelines.painting.choice import Chosen
    from pipelines.source import Film, Span

    Restore = Callable[[Job, Listener | None], Result]

CORES_OF_ONE = 4
"""Cores that one process keeps busy: its decoder, its encoder and the network beside them."""
FEWER = "ask for fewer, or --workers N for CPU processes"


@dataclass(frozen=True)
class Devices:
    """By default one: the device that the settings name, in this process."""

    gpus: int = 0
    workers: int = 0
    """CPU processes."""
    address: str = ""
    """Of a Ray cluster; none: this machine alone."""

    def __post_init__(self) -> None:
        if self.gpus and self.workers:
            raise ValueError("--gpus and --workers exclude each other: anchors are coloured on GPUs or CPUs")

    def applied(self, settings: Settings) -> Settings:
        """The settings with the device that these are.

        Raises:
            SettingsError: this machine has fewer GPUs, or NVENC is asked of a cluster.
        """
        if self.address and settings.encode.encoder != "cpu":
            if settings.encode.encoder == "nvenc":
                what = "is for this machine alone: others of a cluster may have none"
                raise SettingsError("--encoder nvenc", what, "leave it out")
            settings = replace(settings, encode=replace(settings.encode, encoder="cpu"))
        if not self.gpus and not self.workers:
            return settings
        self._check_gpus()
        device: Literal["cpu", "cuda"] = "cuda" if self.gpus else "cpu"
        return replace(settings, paint=replace(settings.paint, device=device))

    def _check_gpus(self) -> None:
        if not self.gpus or self.address:
            return
        import torch

        from pipelines.painting.device import has_nvidia_card, missing_cuda

        missing = missing_cuda() if has_nvidia_card() else None
        if missing:
            raise SettingsError("--gpus", missing, "--workers N for CPU processes")
        if torch.cuda.device_count() < self.gpus:
            raise SettingsError("--gpus", f"{self.gpus} asked for, this machine has {torch.cuda.device_count()}", FEWER)

    def is_pool(self, has_films: bool = False) -> bool:
        """Whether anchors are coloured in other processes than this one.

        One GPU is a pool where there are cores for segments side by side, since these are most of the work.

        Args:
            has_films: whether there are several films, for which one device is a pool too.
        """
        has_cores = self.gpus and (os.cpu_count() or 1) > CORES_OF_ONE
        return bool(self.address) or max(self.gpus, self.workers) >= (1 if has_films or has_cores else 2)

    def needed_for(self, job: Job) -> Devices:
        """The devices that serve this film: one that is short does not wait for Ray to start."""
        return self if self.address or len(job.segments) > 1 else Devices()

    def notes_on(self, job: Job) -> Iterator[str]:
        """Sentences on what a person may not expect of these devices, for this film."""
        from pipelines.painting.device import passed_over

        yield from passed_over(job.settings.paint.device)
        if self.gpus > 1 and self.needed_for(job) == self:
            yield from self.notes_on_feeding(job.chosen, job.settings.motion)
        cores = os.cpu_count() or 1
        if max(self.gpus, self.workers) > 1 and self.needed_for(job) != self:
            yield "the film is too short to share: one process of this machine colours it"
        elif not self.address and self.workers > 1 and self.workers >= cores:
            yield f"--workers {self.workers} on {cores} cores: one process, without --workers, may well be faster"

    def notes_on_feeding(self, chosen: Chosen, motion: MotionSettings) -> Iterator[str]:
        """A sentence on how many cores feed GPUs of this machine; none without GPUs, or where they cannot be timed."""
        if not self.gpus or self.address:
            return
        from restore.feeding import anchors_a_second_apart, feeding

        with suppress(RuntimeError):  # what is wrong with a GPU is said where it is used
            found, cores = feeding(chosen, motion, anchors_a_second_apart), os.cpu_count() or 1
            enough = found.gpus(cores)
            advice = f": --gpus {enough} is enough" if enough < self.gpus else ""
            yield f"one GPU {found}, this machine has {cores}{advice}"

    def check_cluster(self, has_films: bool = False) -> None:
        """Looks whether Ray can do the work: a named cluster is joined and left, none is started here.

        Args:
            has_films: as for `is_pool`.

        Raises:
            SettingsError: no cluster answers, it has fewer GPUs, or Ray is not installed.
        """
        if self.is_pool(has_films):
            cluster = _cluster()
            if self.address:
                from pipelines.on_ray.films import check_gpus

                with cluster(self.address):
                    check_gpus(self.gpus)

    def machines(self) -> int:
        """Machines that work now: this one, or those of the cluster; asked within `at_work`."""
        if not self.address:
            return 1
        from pipelines.on_ray.cluster import machines

        return machines()

    def looking(self) -> tuple[Callable[[Film, Path, Span], Look], Callable[[Film], float]]:
        """Functions that look at an archive's results, and whether its films have colours; asked within `at_work`.

        They work in this process, or as tasks of a pool.
        """
        if not self.is_pool(has_films=True):
            from pipelines.archive.results import look
            from pipelines.media.coloured import colours_of

            return look, colours_of
        from pipelines.on_ray.films import colours_on_ray, look_on_ray

        return look_on_ray, colours_on_ray

    @contextmanager
    def at_work(self, on_note: Callable[[str], None], has_films: bool = False) -> Iterator[tuple[Restore, int]]:
        """While the block runs: a function that restores a film with these devices, and segments that run at once.

        Args:
            on_note: takes sentences on devices that fail or are not free, in another thread.
            has_films: whether there are several films, for which one device is a pool too.

        Raises:
            SettingsError: no cluster answers, it has fewer GPUs, or Ray is not installed.
        """
        if not self.is_pool(has_films):
            from pipelines.film import restore

            yield restore, 1
            return
        cluster = _cluster()
        from pipelines.on_ray.cluster import in_cluster
        from pipelines.on_ray.films import open_pool, restore_on_ray
        from pipelines.on_ray.roster import Watch, watched

        with cluster(self.address):
            pool = open_pool(self.gpus, self.workers)
            watch = Watch(self.gpus or self.workers, "GPU" if self.gpus else "worker")
            with watched(pool.paint.roster, watch, on_note):
                yield partial(restore_on_ray, pool=pool), max(2, in_cluster("CPU"))


def _cluster() -> Callable[[str], AbstractContextManager[None]]:
    """`on_ray.cluster.cluster`.

    Raises:
        SettingsError: Ray is not installed.
    """
    try:
        from pipelines.on_ray.cluster import cluster
    except ModuleNotFoundError as error:
        raise SettingsError("--gpus and --workers", f"need Ray ({error})", "pip install ray") from error
    return cluster
