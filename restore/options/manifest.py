"""Options of `restore FILM` as columns of a manifest."""

from pathlib import Path
from typing import Any

import click

from pipelines.settings import Settings
from restore.options.guides import GUIDES
from restore.options.layout import join
from restore.options.shared import SETTING_OPTIONS, look_option, settings_from

COLUMNS = {
    name: param
    for param in join(SETTING_OPTIONS, GUIDES, look_option())(click.Command("manifest")).params
    for name in (*(opt.removeprefix("--") for opt in param.opts), param.name)
}
"""Columns that a manifest may have beside `film` and `out`, in either spelling."""
SEVERAL = "|"
"""Parts the values of a cell where an option may be given more than once."""


def settings_of_row(cells: dict[str, str], base: Settings, folder: str = "") -> Settings:
    """Settings from a row of a manifest, over those of the run.

    Args:
        cells: by column; empty ones are left out.
        base: settings of the run.
        folder: of the manifest, in which files that cells name are looked for before the current one.

    Raises:
        ValueError: there is no such option, or it has no such value.
    """
    unknown = [name for name in cells if name not in COLUMNS]
    if unknown:
        own = f"a column of your own is x-{unknown[0]}, or named with --columns"
        raise ValueError(f"no option {unknown[0]!r}; {own}; options are {', '.join(sorted(set(COLUMNS)))}")
    try:
        return settings_from({COLUMNS[name].name: _of_cell(name, cell, folder) for name, cell in cells.items()}, base)
    except click.UsageError as error:
        raise ValueError(error.message) from error


def _of_cell(name: str, cell: str, folder: str) -> Any:
    param = COLUMNS[name]
    try:
        if isinstance(param, click.Option) and param.multiple:
            return tuple(_value(param, each.strip(), folder) for each in cell.split(SEVERAL))
        return _value(param, cell, folder)
    except click.BadParameter as error:
        raise ValueError(f"{name}: {error.message}") from error


def _value(param: click.Parameter, cell: str, folder: str) -> Any:
    if isinstance(param.type, click.Path) and Path(folder, cell).exists():
        cell = str(Path(folder, cell))
    return param.type.convert(cell, None, None)
