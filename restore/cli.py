"""The command line: `restore FILM`, and what else a person types."""

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click_default_group import DefaultGroup

from restore.config import Anchors, Time, settings_from

FILM_COMMAND = "film"
FAILED = 1
WRONG_USAGE = 2
NEEDS_EXTRA = "pictures are read by {}, which is not installed; pip install 'restore[train]'"


class _Group(DefaultGroup):  # type: ignore[misc]
    """Its help shows the options of `restore FILM` too: that is what people look for."""

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "FILM [OPTIONS]  |  COMMAND [ARGS]...")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        film_command = self.commands[FILM_COMMAND]
        film_command.format_options(click.Context(film_command, info_name="restore"), formatter)
        self.format_commands(ctx, formatter)


@click.group(cls=_Group, default=FILM_COMMAND, default_if_no_args=False, context_settings={"max_content_width": 100})
@click.version_option(package_name="restore")
def main() -> None:
    """Turns black-and-white film into colour film: `restore film.mp4` writes film.restored.mp4.

    The picture's own detail, its times, the sound and everything else in the file stay as they are. Finished parts
    are kept while it works: a run that was stopped goes on when it is started again.
    """


def _options(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def add(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return add


FILM_OPTIONS = _options(
    click.argument("film", type=click.Path(path_type=Path)),
    click.option("-o", "--out", type=click.Path(path_type=Path), help="The result; its suffix chooses the container."),
    click.option("--overwrite", is_flag=True, help="Replace a result that exists."),
    click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), help="Where the network runs. [auto]"),
    click.option("--network", metavar="NAME", help="One that ships, or a .safetensors file. [compact]"),
    click.option("--anchors", type=Anchors(), metavar="SECONDS|every|auto", help="Time between coloured frames."),
    click.option("--steady", type=Time(), metavar="SECONDS", help="How far colours agree; 0: not at all. [1]"),
    click.option("--saturation", type=float, metavar="X", help="Factor on the colours, 0 to 4. [1]"),
    click.option("--codec", type=click.Choice(["h264", "h265", "av1", "prores", "dnxhr", "ffv1"]),
                 help="How the picture is written; ffv1 loses nothing. [h264]"),
    click.option("--crf", type=int, metavar="N", help="Quality of h264, h265, av1; lower is better. [18, 20, 24]"),
    click.option("--preset", metavar="NAME", help="Speed of h264, h265 (ultrafast to veryslow), av1 (0 to 13)."),
    click.option("--start", type=Time(), help="Begin here: seconds or HH:MM:SS.mmm."),
    click.option("--end", type=Time(), help="End here."),
    click.option("--skip-damaged", is_flag=True, help="Hold the last good frame over damaged packets."),
    click.option("--recolour", is_flag=True, help="Colour a film anew that has colours already."),
    click.option("--deinterlace", is_flag=True, help="Make whole frames of interlaced ones."),
    click.option("--json", "as_json", is_flag=True, help="One JSON event a line, for machines."),
    click.option("--quiet", is_flag=True, help="Show errors only."),
)  # fmt: skip


@main.command(FILM_COMMAND)
@FILM_OPTIONS
def film_command(film: Path, out: Path | None, overwrite: bool, as_json: bool, quiet: bool, **options: Any) -> None:
    """Colour one film (the default command)."""
    settings = settings_from(options)
    from pipelines.errors import FilmError, SettingsError
    from pipelines.film import restore
    from pipelines.job import prepare
    from restore.memory import keep_freed_memory
    from restore.progress import choose_show, listener_for

    keep_freed_memory()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    show, began = choose_show(as_json, quiet), time.monotonic()
    try:
        job = prepare(film, out, settings, overwrite)
        show.start(job)
        result = restore(job, listener_for(job, show))
        show.done(job, result, time.monotonic() - began)
    except FilmError as error:
        show.close()
        show.failed(error)
        sys.exit(WRONG_USAGE if isinstance(error, SettingsError) else FAILED)
    except KeyboardInterrupt:
        show.close()
        click.echo("restore: stopped; start the same command again and it goes on from here", err=True)
        sys.exit(FAILED)


@main.command()
def doctor() -> None:
    """Say whether this machine can restore films, and with what."""
    from restore.doctor import examine

    is_well = True
    for is_right, fact in examine():
        is_well &= is_right
        click.echo(f"{'ok ' if is_right else 'BAD'}  {fact}")
    sys.exit(0 if is_well else FAILED)


@main.command()
@click.argument("pictures", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path), help="The weights, a .safetensors file.")
@click.option("--encoder", type=click.Path(exists=True, path_type=Path), help="MobileNetV2 weights to start from.")
@click.option("--steps", type=int, default=8000, show_default=True, help="Steps of 32 pictures.")
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True, help="Where it runs."
)
def train(pictures: tuple[Path, ...], out: Path, encoder: Path | None, steps: int, device: str) -> None:
    """Train the network on colour PICTURES (zip files or folders); goes on from OUT's checkpoint."""
    from restore.memory import keep_freed_memory

    keep_freed_memory()
    try:
        from pipelines.stages.colorize import find_device
        from pipelines.train import TrainConfig
        from pipelines.train import train as run

        run(pictures, out, encoder, TrainConfig(steps=steps), find_device(device), click.echo)
    except ModuleNotFoundError as error:
        raise click.ClickException(NEEDS_EXTRA.format(error.name)) from error
    except ValueError as error:
        raise click.ClickException(str(error)) from error


@main.command()
@click.argument("pictures", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--network", default="compact", show_default=True, help="A network that ships, or a .safetensors file.")
@click.option("--rows", type=int, default=256, show_default=True, help="Short side of what the network sees.")
@click.option("--temperature", type=float, help="T of the annealed mean. [the weights' own]")
@click.option("--limit", type=int, help="So many pictures only.")
@click.option("--sheet", type=click.Path(path_type=Path), help="A PNG of gray | coloured | true.")
def evaluate(pictures: tuple[Path, ...], network: str, rows: int, temperature: float | None, limit: int | None,
             sheet: Path | None) -> None:  # fmt: skip
    """Measure a network on colour PICTURES: PSNR and colourfulness."""
    try:
        from pipelines.evaluate import evaluate_colour
        from pipelines.settings import PaintSettings

        settings = PaintSettings(network=network, rows=rows, temperature=temperature)
        for name, value in evaluate_colour(pictures, settings, limit, sheet).items():
            click.echo(f"{name:<28}{value:8.2f}")
    except ModuleNotFoundError as error:
        raise click.ClickException(NEEDS_EXTRA.format(error.name)) from error
    except (ValueError, FileNotFoundError) as error:
        raise click.ClickException(str(error)) from error
