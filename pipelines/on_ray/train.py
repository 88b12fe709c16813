"""Work shared through Ray: this module alone knows it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from ray.train import RunConfig, ScalingConfig, WorkerGroupError
from ray.train.torch import TorchTrainer, get_device

from pipelines.on_ray.cluster import cluster, in_cluster
from pipelines.training.config import TrainConfig
from pipelines.training.examples import Sources
from pipelines.training.place import own_place
from pipelines.training.run import train


def train_on_ray(  # noqa: PLR0913  # one run's all
    processes: int,
    is_on_gpus: bool,
    sources: Sources,
    config: TrainConfig,
    out: Path,
    *,
    start: Path | None = None,
    overwrite: bool = False,
    tensorboard: Path | None = None,
    log: Callable[[str], None] = print,
) -> None:
    """`pipelines.training.run.train`, each step shared among processes, by Ray Train.

    Args:
        processes: how many; each on a GPU of its own, or all on the CPU.
        is_on_gpus: whether on GPUs.
        sources: as for `train`, on paths that every machine sees, as all the following.
        config: its batch must divide among the processes.
        out: the weights.
        start: weights to start from.
        overwrite: whether weights without a checkpoint are replaced.
        tensorboard: a folder for TensorBoard.
        log: takes a line where the run begins; each process prints its own afterwards.

    Raises:
        OutputError: the run cannot write to `out`, or another run does.
        SettingsError: no cluster answers at RAY_ADDRESS, or, where that is not set, Ray does not start here.
        ValueError: the batch does not divide, or there are fewer GPUs.
        Exception: what a process raised, as `train` tells.
    """
    with own_place(out, sources, start, overwrite):
        if config.batch % (2 * processes):
            raise ValueError(f"batch {config.batch} does not divide into pairs among {processes}; give --set batch=N")
        where = {"sources": _absolute(sources), "out": out.absolute(), "start": start and start.absolute()}
        arguments = where | {"config": config, "tensorboard": tensorboard and tensorboard.absolute(), "has_place": True}
        # the address that `--address` of other commands takes too; each process prints its own progress
        with cluster(os.environ.get("RAY_ADDRESS", ""), log_to_driver=True):
            _check_gpus(processes if is_on_gpus else 0)
            log(f"shared among {processes} {'GPUs' if is_on_gpus else 'processes'}")
            _fit(arguments, ScalingConfig(num_workers=processes, use_gpu=is_on_gpus), out)


def _check_gpus(count: int) -> None:
    found = in_cluster("GPU")
    if count > found:
        raise ValueError(f"{count} GPUs are asked for and Ray sees {found}; ask for fewer, or --workers N for CPUs")


def _fit(arguments: dict[str, Any], scaling: ScalingConfig, out: Path) -> None:
    run = RunConfig(name="restore-train", storage_path=str(out.absolute().parent / f"{out.stem}.ray"))
    try:
        TorchTrainer(_worker, train_loop_config=arguments, scaling_config=scaling, run_config=run).fit()
    except WorkerGroupError as error:
        raise _raised_in_a_process(error) from error


def _raised_in_a_process(error: WorkerGroupError) -> Exception:
    """The error of the first process that failed, out of Ray's wrapping."""
    failure = error.worker_failures[min(error.worker_failures)]
    return getattr(failure, "_base_exc", failure)


def _absolute(sources: Sources) -> Sources:
    images, films = ([path.absolute() for path in paths] for paths in (sources.images, sources.films))
    return Sources(
        images, films, sources.boxes and sources.boxes.absolute(), sources.kinds and sources.kinds.absolute()
    )


def _worker(arguments: dict[str, Any]) -> None:
    """One process: Ray has put it into torch's group."""
    torch.set_num_threads(max(1, torch.get_num_threads()))
    train(**arguments, device=get_device())
