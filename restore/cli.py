"""The command line: `restore FILM`, and what else a person types."""

import errno
import gc
import os
import signal
import sys
from difflib import get_close_matches
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click
from click_default_group import DefaultGroup

from pipelines import product_version
from restore.commands.archive import archive
from restore.commands.doctor import doctor
from restore.commands.evaluate import evaluate
from restore.commands.film import EXAMPLES, film_command
from restore.commands.inversion import inversion
from restore.commands.preview import preview, sheet, shots, still
from restore.commands.studio import studio
from restore.commands.train import train
from restore.commands.turing import turing
from restore.commands.verify import verify
from restore.commands.weights import weights
from restore.exits import Refused, stopped_code, terminate
from restore.options.file import take_config
from restore.options.layout import HELP, write_examples, write_options

FILM_COMMAND = "film"
WHOLE_SENTENCE = 200
"""Characters of a command's summary in help: all of it."""


class _Group(DefaultGroup):  # type: ignore[misc]
    """The commands. Its help shows the options of `restore FILM` too: that is what people look for."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Takes the word after `--` for a film, whatever its name: the group drops one `--`, and passes on another."""
        first = next((arg for arg in args if arg == "--" or not arg.startswith("-")), None)
        if first == "--":
            args.insert(args.index("--"), "--")
        return super().parse_args(ctx, args)  # type: ignore[no-any-return]

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Rejects a misspelt command; otherwise its arguments would be reported as errors in a film."""
        name, film = args[0], Path(args[0])
        near = get_close_matches(name, self.commands.keys() - {FILM_COMMAND}, n=1)
        if near and name not in self.commands and not film.suffix and not film.exists():
            ctx.fail(f"No such command {name!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; one that a person or the system stops has an exit code that says so."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            click.echo("restore: stopped", err=True)
            ctx.exit(stopped_code(stop))
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
            raise Refused(f"{error.filename}: no file may have so long a name; choose a shorter one") from error

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes both ways to use it."""
        formatter.write_usage(ctx.command_path, "FILM [OPTIONS]  |  COMMAND [ARGS]...")

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes examples, the commands, and the options of `restore FILM` by heading."""
        write_examples(EXAMPLES, formatter)
        self.format_commands(ctx, formatter)
        film = self.commands[FILM_COMMAND]
        own = [param for param in self.get_params(ctx) if param.name == "version"]
        write_options([*film.get_params(click.Context(film, parent=ctx, info_name="restore")), *own], ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the commands, each with the whole of its first sentence."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, self.commands[name].get_short_help_str(WHOLE_SENTENCE)) for name in self.list_commands(ctx)]
            )


def _show_version(ctx: click.Context, _: click.Parameter, is_wanted: bool) -> None:
    if is_wanted and not ctx.resilient_parsing:
        click.echo(f"restore, version {product_version()}")
        ctx.exit()


CONTEXT = {"max_content_width": 100, "help_option_names": HELP}


@click.group(cls=_Group, default=FILM_COMMAND, default_if_no_args=False, context_settings=CONTEXT)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def main() -> None:  # fmt: skip
    """Turns black-and-white film into colour film: `restore film.mp4` writes film.restored.mp4.

    The picture's own detail, its times, the sound and everything else in the file stay as they are. Finished parts
    are kept while it works: a run that was stopped goes on when it is started again.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # PyTorch's threads leave the cores to the codecs meanwhile
    os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")  # what MPS cannot do, the CPU does
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as stderr does: names of films need not be UTF-8
    signal.signal(signal.SIGTERM, terminate)
    gc.disable()  # until imports are done, see `pipelines.process.start_work`
    click.get_current_context().call_on_close(gc.enable)  # of commands that import little


main.add_command(film_command)
evaluate.add_command(turing)
evaluate.add_command(inversion)
for command in (archive, studio, verify, preview, still, sheet, shots, evaluate, train, weights, doctor):
    main.add_command(command)
take_config(main)
