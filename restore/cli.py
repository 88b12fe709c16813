"""The command line: `restore FILM`, and what else a person types."""

import gc
import os
import sys
import time
from difflib import get_close_matches
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click
from click_default_group import DefaultGroup

from restore.archive import archive
from restore.config import settings_from, take_config
from restore.evaluate import evaluate
from restore.options import DEVICE_OPTIONS, HINTS, SETTING_OPTIONS, SHOW_OPTIONS, join
from restore.preview import preview, sheet, shots, still
from restore.train import train
from restore.weights import weights

FILM_COMMAND = "film"
FAILED = 1


class _Group(DefaultGroup):  # type: ignore[misc]
    """Its help shows the options of `restore FILM` too: that is what people look for."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Takes what follows `--` for a film, whatever its name: the group drops one `--`, and passes on another."""
        first = next((arg for arg in args if arg == "--" or not arg.startswith("-")), None)
        if first == "--":
            args.insert(args.index("--"), "--")
        return super().parse_args(ctx, args)  # type: ignore[no-any-return]

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Refuses what is no film and nearly a command: the words behind it would be told as faults of a film."""
        name, film = args[0], Path(args[0])
        near = get_close_matches(name, self.commands.keys() - {FILM_COMMAND}, n=1)
        if near and name not in self.commands and not film.suffix and not film.exists():
            ctx.fail(f"No such command {name!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

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
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # PyTorch's threads leave the cores to the codecs' meanwhile
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as stderr does: names of films need not be UTF-8
    gc.disable()  # until imports are done, see `keep_what_was_imported`
    click.get_current_context().call_on_close(gc.enable)  # of commands that import little


FILM_OPTIONS = join(
    click.argument("film", type=click.Path(path_type=Path)),
    click.option("-o", "--out", type=click.Path(path_type=Path), help="The result; its suffix chooses the container."),
    click.option(
        "--overwrite", is_flag=True, help="Replace a result that exists, or what a run with other settings began."
    ),
    SETTING_OPTIONS,
    HINTS,
    DEVICE_OPTIONS,
    SHOW_OPTIONS,
)


def _check_alone(film: Path, others: list[str]) -> None:
    """Raises click.UsageError where more than the film is named."""
    if others and not film.suffix and not film.exists():
        raise click.UsageError(f"{film} is neither a film here nor a command; restore --help lists these")
    if others:
        raise click.UsageError(f"{others[0]} is one film too many; restore archive FILM... --out FOLDER takes several")


@main.command(FILM_COMMAND, context_settings={"allow_extra_args": True})
@FILM_OPTIONS
def film_command(film: Path, out: Path | None, overwrite: bool, as_json: bool, quiet: bool, **options: Any) -> None:
    """Colour one film (the default command)."""
    from pipelines.job.job import prepare
    from pipelines.process import keep_freed_memory, keep_what_was_imported
    from restore.devices import Devices
    from restore.progress import begin_run, choose_show, end_run, listener_for, told

    _check_alone(film, click.get_current_context().args)
    devices, settings = Devices.of(options), settings_from(options)
    keep_freed_memory()
    keep_what_was_imported()
    show, began = choose_show(as_json, quiet), time.monotonic()
    with told(show, "start the same command again: it goes on from its last finished segment"):
        job = prepare(film, out, devices.applied(settings), overwrite, has_pool=bool(devices.address))
        begin_run(show, job)
        for note in devices.notes_on(job):
            show.note(note)
        with devices.needed_for(job).at_work() as restore:
            result = restore(job, listener_for(job, show))
        end_run(show, job, result, time.monotonic() - began)


@main.command()
def doctor() -> None:
    """Say whether this machine can restore films, and with what."""
    from restore.doctor import examine

    is_well = True
    for is_right, fact in examine():
        is_well &= is_right
        click.echo(f"{'ok ' if is_right else 'BAD'}  {fact}")
    sys.exit(0 if is_well else FAILED)


main.add_command(archive)
main.add_command(train)
main.add_command(evaluate)
for command in (preview, still, sheet, shots, weights):
    main.add_command(command)
take_config(main)
