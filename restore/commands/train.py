"""`restore train`: networks from a person's own colour pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.process import start_work
from restore.commands.evaluate import in_one_line
from restore.options.assign import assigned
from restore.options.layout import HELP, MACHINES, OUTPUT, REPORTING, TASK, Command, Decorator, join, option
from restore.options.shared import overwrite_option

if TYPE_CHECKING:  # click alone, so that --help answers at once
    import torch

READ = click.Path(exists=True, path_type=Path)
READ_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
STAGES = ["full", "instance", "fusion", "decoder", "detector"]

IMAGES = option(
    TASK, "--images", multiple=True, type=READ, help="Colour pictures: a zip, a .tar or a folder; may be repeated."
)
KINDS = option(
    TASK, "--kinds", type=READ_FILE, help="How often each picture is drawn: key, kind, weight (docs/training.md)."
)
OUT = join(
    option(
        OUTPUT,
        "-o",
        "--out",
        required=True,
        type=click.Path(dir_okay=False, path_type=Path),
        help="The weights, a .safetensors file; its checkpoint lies beside it.",
    ),
    overwrite_option("Replace weights that exist and have no checkpoint beside them."),
)


def settings_options(steps: int) -> Decorator:
    """--steps, whose default is given, and --set."""
    return join(
        option(TASK, "--steps", type=click.IntRange(min=1), help=f"Steps of the optimiser. [{steps}]"),
        option(
            TASK,
            "--set",
            "assignments",
            multiple=True,
            metavar="NAME=VALUE",
            help="Any other setting; may be repeated.",
        ),
    )


DEVICE = option(
    MACHINES,
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Where it runs.",
)
JOURNAL = option(
    REPORTING,
    "--journal",
    "tensorboard",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder for TensorBoard: losses, and sample pictures where colours change.",
)


@click.group(context_settings={"help_option_names": HELP})
def train() -> None:
    """Train a network on your own colour pictures and films."""


@train.command(cls=Command)
@IMAGES
@option(TASK, "--films", multiple=True, type=READ_FILE, help="A colour film, its shots seen alike; may be repeated.")
@option(TASK, "--boxes", type=READ_FILE, help="JSON lines of the instances in pictures, for all stages but decoder.")
@KINDS
@OUT
@option(
    TASK,
    "--start",
    type=READ_FILE,
    help="Weights to start from: of this network, or a classifier's, which become its encoder.",
)
@option(TASK, "--stage", type=click.Choice(STAGES), default="full", show_default=True, help="What is trained.")
@settings_options(8000)
@DEVICE
@option(MACHINES, "--gpus", type=click.IntRange(min=1), metavar="N", help="Share each step among N GPUs, through Ray.")
@option(
    MACHINES,
    "--workers",
    type=click.IntRange(min=1),
    metavar="N",
    help="Share each step among N CPU processes, through Ray.",
)
@JOURNAL
def compact(
    images: tuple[Path, ...],
    films: tuple[Path, ...],
    boxes: Path | None,
    kinds: Path | None,
    device: str,
    gpus: int | None,
    workers: int | None,
    **options: Any,
) -> None:
    """Train the network that ships, on colour pictures and films; resumes from the checkpoint beside OUT.

    Its stages, each starting from the last one's weights: full (the whole picture, and the detector),
    instance, fusion; and decoder and detector, once more on an encoder that stays.
    """
    if not images and not films:
        raise click.UsageError("nothing to learn from; give --images or --films")
    if gpus and workers:
        raise click.UsageError("--gpus and --workers exclude each other: a step is shared among GPUs or CPU processes")
    with in_one_line():
        from pipelines.training.config import TrainConfig
        from pipelines.training.examples import Sources
        from pipelines.training.run import train as run

        start_work(has_codecs=False)
        sources = Sources(images, films, boxes, kinds)
        given = {name: options.pop(name) for name in ("stage", "steps")}
        assignments = options.pop("assignments")
        if "encoder=random" in assignments:
            given["frozen_layers"] = 0
        config = assigned(TrainConfig(), assignments, given)
        if gpus or workers:
            from pipelines.on_ray.train import train_on_ray

            train_on_ray(gpus or workers or 1, bool(gpus), sources=sources, config=config, **options)
        else:
            run(sources, config=config, device=find(device), log=click.echo, **options)


@train.command(cls=Command)
@IMAGES
@option(
    TASK, "--saliency", type=READ, help="Where people look: a zip or folder of maps, or scgan's weights, which find it."
)
@option(TASK, "--masks", type=READ, help="Class maps, zip or folder; what they show is salient where no map is given.")
@KINDS
@OUT
@option(TASK, "--start", type=READ_FILE, help="Weights of scgan to start from, such as stage 1's for stage 2.")
@option(TASK, "--content", type=READ_FILE, help="The authors' VGG-16, whose features it begins with; not with --start.")
@option(TASK, "--stage", type=click.Choice(["1", "2"]), default="1", show_default=True, help="What is trained.")
@option(TASK, "--perceptual", type=READ_FILE, help="Stage 2: weights whose features are compared. [those of compact]")
@settings_options(8000)
@DEVICE
@JOURNAL
def scgan(
    images: tuple[Path, ...], kinds: Path | None, device: str, stage: str, steps: int | None,
    assignments: tuple[str, ...], **options: Any,
) -> None:  # fmt: skip
    """Train SCGAN (Zhao et al., 2020), which published no weights; resumes from the checkpoint beside OUT.

    Stage 1 learns colours, and their product with saliency. Stage 2, from its weights, adds features of a classifier
    and discriminators.
    """
    if not images:
        raise click.UsageError("nothing to learn from; give --images")
    with in_one_line():
        from pipelines.training.examples import Sources
        from pipelines.training.loop import run
        from pipelines.training.scgan import ScganTrainer
        from pipelines.training.scgan_config import ScganConfig

        start_work(has_codecs=False)
        config = assigned(ScganConfig(), assignments, {"stage": int(stage), "steps": steps})
        others = _given(**{name: options.pop(name) for name in ("saliency", "masks", "content", "perceptual")})
        sources = Sources(images, kinds=kinds, others=others)
        where = find(device)
        run(lambda: ScganTrainer(sources, config, options["start"], where), sources, config, log=click.echo, **options)


CLASSES = option(
    TASK, "--classes", type=READ_FILE, help="Lines of a picture's key and its class, a tab between. [their folders]"
)


@train.command(cls=Command)
@IMAGES
@CLASSES
@KINDS
@OUT
@settings_options(20000)
@DEVICE
@JOURNAL
def biggan(images: tuple[Path, ...], classes: Path | None, kinds: Path | None, device: str, **options: Any) -> None:
    """Train BigGAN, which makes pictures of a class, from pictures whose classes are known.

    Its generator is what `bigcolor` begins with. Sizes are those published for 256 pixels; --set side=64 --set width=16
    --set attention=0 make one for a small machine. Resumes from the checkpoint beside OUT.
    """
    if not images:
        raise click.UsageError("nothing to learn from; give --images")
    with in_one_line():
        from pipelines.training.biggan import BigGanTrainer
        from pipelines.training.biggan_config import BigGanRun
        from pipelines.training.examples import Sources
        from pipelines.training.loop import run

        start_work(has_codecs=False)
        sources = Sources(images, kinds=kinds, others=_given(classes=classes))
        config = assigned(BigGanRun(), options.pop("assignments"), {"steps": options.pop("steps")})
        where = find(device)
        run(lambda: BigGanTrainer(sources, config, where), sources, config, log=click.echo, **options)


@train.command(cls=Command)
@IMAGES
@CLASSES
@KINDS
@OUT
@option(TASK, "--start", type=READ_FILE, help="BigGAN: a file of `train biggan`, or its authors' generator.")
@option(TASK, "--discriminator", type=READ_FILE, help="BigGAN's discriminator, where it is a file of its own.")
@option(TASK, "--perceptual", type=READ_FILE, help="Weights whose features are compared. [those of compact]")
@settings_options(20000)
@DEVICE
@JOURNAL
def bigcolor(images: tuple[Path, ...], kinds: Path | None, device: str, start: Path | None, classes: Path | None,
             discriminator: Path | None, perceptual: Path | None, **options: Any) -> None:  # fmt: skip
    """Train BigColor (Kim et al., 2022): a gray picture to features of which BigGAN makes a coloured one.

    Without --start its generator is drawn at random. --set feature_side=8 and the like set the size of the features.
    Resumes from the checkpoint beside OUT.
    """
    if not images:
        raise click.UsageError("nothing to learn from; give --images")
    if discriminator and not start:
        raise click.UsageError("--discriminator goes with the generator of --start; give both")
    with in_one_line():
        from pipelines.training.bigcolor import BigColorTrainer
        from pipelines.training.biggan_config import BigColorRun
        from pipelines.training.examples import Sources
        from pipelines.training.loop import run

        start_work(has_codecs=False)
        others = _given(classes=classes, discriminator=discriminator, perceptual=perceptual)
        sources = Sources(images, kinds=kinds, others=others)
        config = assigned(BigColorRun(), options.pop("assignments"), {"steps": options.pop("steps")})
        where = find(device)
        run(lambda: BigColorTrainer(sources, config, start, where), sources, config, start=start, log=click.echo,
            **options)  # fmt: skip


def _given(**files: Path | None) -> dict[str, Path]:
    """Files that were given, by the option's name."""
    return {name: path for name, path in files.items() if path}


def find(device: str) -> "torch.device":
    """The device of the run; a note says where others were passed over."""
    from pipelines.painting.device import find_device, passed_over

    for note in passed_over(device):
        click.echo(f"note: {note}")
    return find_device(device)
