"""`restore train`: networks from a person's own colour pictures."""

import dataclasses
import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.process import start_work
from restore.commands.evaluate import in_one_line
from restore.options.layout import MACHINES, OUTPUT, REPORTING, TASK, Command, option
from restore.options.shared import overwrite_option

if TYPE_CHECKING:  # click alone, so that --help answers at once
    from pipelines.training.config import TrainConfig

READ = click.Path(exists=True, path_type=Path)
READ_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
STAGES = ["full", "instance", "fusion", "decoder", "detector"]


def _config(stage: str, steps: int | None, assignments: tuple[str, ...]) -> "TrainConfig":
    """The defaults with what the command line changes.

    Raises:
        click.BadParameter: a setting is unknown, or its value is none that it takes.
    """
    from pipelines.training.config import TrainConfig

    known = {field.name: getattr(TrainConfig(), field.name) for field in dataclasses.fields(TrainConfig)}
    changed: dict[str, Any] = {"stage": stage} | ({"steps": steps} if steps is not None else {})
    for assignment in assignments:
        name, _, text = assignment.partition("=")
        if name not in known:
            raise click.BadParameter(f"--set {name}: no such setting; there are {', '.join(known)}")
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            value = text
        value = tuple(value) if isinstance(value, list) else value
        if type(value) is int and type(known[name]) is float:
            with suppress(OverflowError):
                value = float(value)
        if type(value) is not type(known[name]):
            raise click.BadParameter(f"--set {assignment}: takes a value like {json.dumps(known[name])}")
        changed[name] = value
    try:
        return TrainConfig(**changed)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command(cls=Command)
@click.argument("network", type=click.Choice(["compact"]), expose_value=False)
@option(TASK, "--images", multiple=True, type=READ, help="Colour pictures: a zip, a .tar or a folder; may be repeated.")
@option(TASK, "--films", multiple=True, type=READ_FILE, help="A colour film, its shots seen alike; may be repeated.")
@option(TASK, "--boxes", type=READ_FILE, help="JSON lines of the instances in pictures, for all stages but decoder.")
@option(TASK, "--kinds", type=READ_FILE, help="How often each picture is drawn: key, kind, weight (docs/training.md).")
@option(
    OUTPUT,
    "-o",
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The weights, a .safetensors file; its checkpoint lies beside it.",
)
@overwrite_option("Replace weights that exist and have no checkpoint beside them.")
@option(
    TASK,
    "--start",
    type=READ_FILE,
    help="Weights to start from: of this network, or a classifier's, which become its encoder.",
)
@option(TASK, "--stage", type=click.Choice(STAGES), default="full", show_default=True, help="What is trained.")
@option(TASK, "--steps", type=click.IntRange(min=1), help="Steps of the optimiser. [8000]")
@option(TASK, "--set", "assignments", multiple=True, metavar="NAME=VALUE", help="Any other setting; may be repeated.")
@option(
    MACHINES,
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Where it runs.",
)
@option(MACHINES, "--gpus", type=click.IntRange(min=1), metavar="N", help="Share each step among N GPUs, through Ray.")
@option(
    MACHINES,
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Share each step among N CPU processes, through Ray.",
)
@option(
    REPORTING,
    "--journal",
    "tensorboard",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder for TensorBoard: losses, and sample pictures where colours change.",
)
def train(
    images: tuple[Path, ...],
    films: tuple[Path, ...],
    boxes: Path | None,
    kinds: Path | None,
    device: str,
    gpus: int | None,
    workers: int | None,
    **options: Any,
) -> None:
    """Train a network on colour pictures and films; resumes from the checkpoint beside OUT.

    The stages of `compact`, each starting from the last one's weights: full (the whole picture, and the detector),
    instance, fusion; and decoder and detector, once more on an encoder that stays.
    """
    if not images and not films:
        raise click.UsageError("nothing to learn from; give --images or --films")
    if gpus and workers:
        raise click.UsageError("--gpus and --workers exclude each other: a step is shared among GPUs or CPU processes")
    with in_one_line():
        from pipelines.painting.device import find_device, passed_over
        from pipelines.training.examples import Sources
        from pipelines.training.run import train as run

        start_work(has_codecs=False)
        sources = Sources(images, films, boxes, kinds)
        config = _config(*(options.pop(name) for name in ("stage", "steps", "assignments")))
        if gpus or workers:
            from pipelines.on_ray.train import train_on_ray

            train_on_ray(gpus or workers or 1, bool(gpus), sources=sources, config=config, **options)
        else:
            for note in passed_over(device):
                click.echo(f"note: {note}")
            run(sources, config=config, device=find_device(device), log=click.echo, **options)
