"""restore.toml, and other TOML files of options: what stands there is read as if it were typed."""

import json
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeGuard

import click
from click.core import ParameterSource

from restore.exits import Refused
from restore.options.layout import REPORTING, Option

CONFIG = Path("restore.toml")
"""Of the current folder, where there is one and no other is named."""
TYPED = {"out", "overwrite", "update", "retry_failed", "dry_run", "as_json", "quiet", "address", "webhook"}
"""Options that no file gives: a file may come along with films, and must not say what is replaced or whom to trust."""
PLACES = {"weights_dir", "scratch"}
"""The files and folders that it gives; all others, read or written, are typed."""


class ConfigError(Refused):
    """A fault in a file of options."""


def take_config(group: click.Group) -> None:
    """Lets the commands of a group take options from a file too; they say which before all else."""
    for command in _commands(group):
        if any(_is_setting(param) for param in command.params):
            command.callback = _announced(command.callback)
            command.params.append(
                Option(
                    ["--config"],
                    group=REPORTING,
                    envvar="RESTORE_CONFIG",
                    type=click.Path(exists=True, dir_okay=False, path_type=Path),
                    is_eager=True,  # before the options that it gives
                    callback=_read,
                    help=f"Read options from a TOML file; RESTORE_CONFIG names one too. [{CONFIG}, if there is one]",
                )
            )


def _announced(run: Any) -> Any:
    """A command that first says which options a file gives, and names the file where one of these is wrong."""

    def command(config: Path | None, **options: Any) -> None:
        ctx, given = click.get_current_context(), ParameterSource.DEFAULT_MAP
        taken = [_key(each) for each in ctx.command.params if ctx.get_parameter_source(str(each.name)) is given]
        if taken and options.get("as_json"):
            click.echo(json.dumps({"event": "config", "file": str(config), "options": taken}))
        elif taken and not options.get("quiet"):
            click.echo(f"note: {config} sets {', '.join(taken)}", err="quiet" not in options)
        try:
            run(**options)
        except click.ClickException as error:
            said = {word.strip("-:;,'") for word in error.message.split()}
            if named := [key for key in taken if key in said]:
                raise ConfigError(f"{config}: {', '.join(named)}: {error.message}") from error
            raise

    return command


def _commands(command: click.Command) -> list[click.Command]:
    if isinstance(command, click.Group):
        return [each for inner in command.commands.values() for each in _commands(inner)]
    return [command]


def _key(param: click.Parameter) -> str:
    return param.opts[-1].removeprefix("--")


def _keys(param: click.Parameter) -> list[str]:
    """Its long names; an argument has its own alone."""
    return [opt.removeprefix("--") for opt in param.opts if opt.startswith("--")] or [_key(param)]


def _is_setting(param: click.Parameter) -> TypeGuard[click.Option]:
    is_place = isinstance(param.type, click.Path) and param.name not in PLACES
    return isinstance(param, click.Option) and param.name not in TYPED and not is_place


def _read(ctx: click.Context, _: click.Parameter, named: Path | None) -> Path | None:
    """The file, if there is one; what it gives becomes the defaults of the command."""
    path = named or (CONFIG if CONFIG.is_file() else None)
    if path:
        try:
            tables = tomllib.loads(path.read_text("utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise ConfigError(f"{path}: cannot be read as TOML: {error}") from error
        _check(f"{path}: ", tables, ctx.find_root().command)
        given = {key: value for each in _tables(tables, ctx) for key, value in each.items() if type(value) is not dict}
        settings = {key: param for param in ctx.command.params if _is_setting(param) for key in _keys(param)}
        ctx.default_map = {
            str(param.name): _typed(f"{path}: {key}", param, given[key], ctx)
            for key, param in settings.items()
            if key in given
        }
    return path


def _check(where: str, table: dict[str, Any], command: click.Command) -> None:
    """Raises ConfigError where a key is no setting of the command or of one in it, or a table is for none of these."""
    inner = command.commands if isinstance(command, click.Group) else {}
    params = sorted((param for each in _commands(command) for param in each.params), key=_is_setting)
    options = {key: _is_setting(param) for param in params for key in _keys(param)}
    for key, value in table.items():
        is_table = isinstance(value, dict)
        if key not in (inner if is_table else options):
            near = get_close_matches(key, inner if is_table else options, 1)
            hint = f"did you mean {near[0]}?" if near else "keys are long names of options, tables those of commands"
            raise ConfigError(f"{where}{key}: no such {'command' if is_table else 'option'}; {hint}")
        if is_table:
            _check(f"{where}{key}.", value, inner[key])
        elif not options[key]:
            raise ConfigError(f"{where}{key}: never comes from a file; give it on the command line")


def _tables(tables: dict[str, Any], ctx: click.Context) -> list[dict[str, Any]]:
    """Those that a command heeds, the most general first."""
    if not ctx.parent:
        return [tables]
    outer = _tables(tables, ctx.parent)
    return [*outer, outer[-1].get(str(ctx.info_name), {})]


def _typed(where: str, option: click.Option, value: Any, ctx: click.Context) -> Any:
    """A value as a person would type it, so that it means the same.

    Raises:
        ConfigError: the option takes no such value.
    """
    values = value if option.multiple and isinstance(value, list) else [value]
    if any(isinstance(each, bool) != option.is_flag or isinstance(each, list) for each in values):
        raise ConfigError(f"{where}: must be {'true or false' if option.is_flag else 'a number, or words in quotes'}")
    words = [str(each) for each in values]
    typed = words if option.multiple else words[0]
    try:
        option.type_cast_value(ctx, typed)
    except click.BadParameter as error:
        raise ConfigError(f"{where}: {error.message}") from error
    return typed
