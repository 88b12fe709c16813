"""The manual page and the shells' completions, made from the commands: `python -m restore.manual FOLDER`."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from pipelines import product_version
from restore.options.layout import GROUPS, HELP, REPORTING

WIDTH = 100
COMPLETIONS = {
    "bash": "share/bash-completion/completions/restore",
    "zsh": "share/zsh/site-functions/_restore",
    "fish": "share/fish/vendor_completions.d/restore.fish",
}
"""Shells, and where each looks for completions under a prefix such as ~/.local."""


def commands(
    command: click.Command, name: str = "restore", parent: click.Context | None = None
) -> Iterator[tuple[str, click.Context]]:
    """Each command below, with its whole name and a context that knows its parents; the groups come first."""
    own = name.rpartition(" ")[2]
    ctx = click.Context(command, parent=parent, info_name=own, max_content_width=WIDTH, help_option_names=HELP)
    ctx.terminal_width = WIDTH
    yield name, ctx
    if isinstance(command, click.Group):
        for each in command.list_commands(ctx):
            yield from commands(command.commands[each], f"{name} {each}", ctx)


def help_of(ctx: click.Context) -> str:
    """The help of a command, as --help shows it."""
    with ctx:
        return ctx.get_help()


def man_page(command: click.Command) -> str:
    """The manual page restore(1), in roff: every command with its options by heading."""
    found = list(commands(command))
    lines = [
        f'.TH RESTORE 1 "" "restore {product_version()}" "User commands"',
        ".SH NAME",
        _escaped("restore - steady colour for black-and-white film"),
        ".SH SYNOPSIS",
        *(f".B {_escaped(name)}\n{_escaped(_usage(ctx))}\n.br" for name, ctx in found if _is_leaf(ctx)),
        ".SH DESCRIPTION",
        *_paragraphs(command.help or ""),
        *_options(found[0][1]),
    ]
    for name, ctx in found[1:]:
        lines += [f".SH {_escaped(name.upper())}", *_paragraphs(ctx.command.help or ""), *_options(ctx)]
    return "\n".join(lines) + "\n"


def _is_leaf(ctx: click.Context) -> bool:
    return not isinstance(ctx.command, click.Group)


def _usage(ctx: click.Context) -> str:
    return " ".join(ctx.command.collect_usage_pieces(ctx))


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.split("\n\n"):
        yield ".PP"
        yield _escaped(" ".join(paragraph.split()))


def _options(ctx: click.Context) -> Iterator[str]:
    """A command's options under their headings."""
    for group in GROUPS:
        params = [param for param in ctx.command.get_params(ctx) if getattr(param, "group", REPORTING) == group]
        records = [record for param in params if (record := param.get_help_record(ctx))]
        if records:
            yield f".SS {_escaped(group)}"
        for names, said in records:
            yield f".TP\n.B {_escaped(names)}\n{_escaped(said)}"


def _escaped(text: str) -> str:
    """Text as roff shows it, letter for letter."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text


def completion(command: click.Command, shell: str) -> str:
    """A shell's own script that completes commands and options: bash | zsh | fish."""
    kind = get_completion_class(shell)
    if kind is None:
        raise ValueError(f"click completes no {shell}")
    made = kind(command, {}, "restore", "_RESTORE_COMPLETE")
    return made.source_template % made.source_vars()


def write(command: click.Command, prefix: Path) -> list[Path]:
    """Writes manual page and completions to where systems look for them under a prefix; gives their paths."""
    texts = {"share/man/man1/restore.1": man_page(command)}
    texts |= {place: completion(command, shell) for shell, place in COMPLETIONS.items()}
    for place, text in texts.items():
        (prefix / place).parent.mkdir(parents=True, exist_ok=True)
        (prefix / place).write_text(text, "utf-8")
    return [prefix / place for place in texts]


if __name__ == "__main__":
    from restore.cli import main

    for path in write(main, Path(sys.argv[1]).expanduser()):
        click.echo(path)
