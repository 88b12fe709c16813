"""How help shows a command: options by what they are about, examples, all of each sentence."""

from collections.abc import Callable, Sequence
from typing import Any

import click

TASK, COLOUR, REPAIR, OUTPUT = "What to do", "Colour", "Repair", "Output"
MACHINES, REPORTING = "Machines", "Reporting"
GROUPS = (TASK, COLOUR, REPAIR, OUTPUT, MACHINES, REPORTING)
"""Headings of help, in order."""
HELP = ["-h", "--help"]
"""Options that show help."""
Decorator = Callable[[Any], Any]


class Option(click.Option):
    """An option under a heading of help."""

    def __init__(self, *names: Any, group: str = TASK, **how: Any) -> None:
        super().__init__(*names, **how)
        self.group = group


def option(group: str, *names: str, **how: Any) -> Decorator:
    """An option of a command, shown under the heading `group`."""
    return click.option(*names, cls=Option, group=group, **how)


def join(*options: Decorator) -> Decorator:
    """Several options as one decorator, shown in this order."""

    def add(command: Any) -> Any:
        for each in reversed(options):
            command = each(command)
        return command

    return add


def write_options(params: Sequence[click.Parameter], ctx: click.Context, formatter: click.HelpFormatter) -> None:
    """Writes options under their headings; those without one, such as --help, are about reporting."""
    for group in GROUPS:
        records = [
            record
            for param in params
            if isinstance(param, click.Option)
            and getattr(param, "group", REPORTING) == group
            and (record := param.get_help_record(ctx)) is not None
        ]
        if records:
            with formatter.section(group):
                formatter.write_dl(records)


def write_examples(examples: Sequence[tuple[str, str]], formatter: click.HelpFormatter) -> None:
    """Writes command lines, each with what it does."""
    if examples:
        with formatter.section("Examples"):
            formatter.write_dl(examples, col_max=60)


class Command(click.Command):
    """A command whose help has headings and examples, and that understands American spelling.

    Args:
        examples: command lines, each with what it does.
    """

    def __init__(self, *args: Any, examples: Sequence[tuple[str, str]] = (), **how: Any) -> None:
        super().__init__(*args, **how)
        self.context_settings.setdefault("help_option_names", HELP)  # click keeps the names of its first call
        self.examples = examples

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the examples, then the options by heading."""
        write_examples(self.examples, formatter)
        write_options(self.get_params(ctx), ctx, formatter)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parses the arguments; an unknown option with `color` in it names those with `colour`."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if "color" not in error.option_name:
                raise
            known = [name for param in self.params for name in (*param.opts, *param.secondary_opts) if "colour" in name]
            raise click.NoSuchOption(error.option_name, possibilities=known, ctx=ctx) from error
