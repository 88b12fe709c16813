"""Figures of a measurement, as tables for people and JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:  # a start that shows help does not pay for it
    from pipelines.evaluate.report import Report, Section

COLUMN = 12
"""Characters of a figure, at least."""


def printer(json_out: Path | None, counted: str = "picture") -> Callable[[Report], None]:
    """Prints a report, and writes it as JSON where `json_out` names a file; `counted` is what its numbers count."""
    return partial(_show, json_out=json_out, counted=counted)


def _show(report: Report, json_out: Path | None, counted: str = "picture") -> None:
    """Prints tables, and writes all figures as JSON."""
    by = f", judged by {report.judge}" if report.judge else ""
    heads = [f"{each.title}, {each.pictures} {counted}{'s' * (each.pictures != 1)}{by}" for each in report.sections]
    width = max(len(name) + 2 for row in (heads, *(section.figures for section in report.sections)) for name in row)
    tables = zip(heads, report.sections, strict=True)
    click.echo("\n\n".join(_table(head, section, width) for head, section in tables))
    if json_out:
        json_out.write_text(json.dumps(report.as_json(), indent=1) + "\n", "utf-8")


def _table(head: str, section: Section, width: int) -> str:
    columns = list(dict.fromkeys(kind for row in section.figures.values() for kind in row))
    wide = {kind: max(COLUMN, len(kind) + 2) for kind in columns}
    lines = [f"{head:<{width}}" + "".join(f"{kind:>{wide[kind]}}" for kind in columns)]
    for name, row in section.figures.items():
        cells = "".join(f"{_figure(row.get(kind)):>{wide[kind]}}" for kind in columns)
        lines.append(f"  {name:<{width - 2}}{cells}".rstrip())
    return "\n".join(lines)


def _figure(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value}" if isinstance(value, int) else f"{value:.3f}"
