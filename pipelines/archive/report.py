"""The report of an archive run: report.jsonl for programs, report.html for people."""

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from pipelines.archive.records import Done, Failed, Record
from pipelines.archive.storage import Store
from pipelines.errors import timecode

LINES, PAGE = "report.jsonl", "report.html"


def write_report(out: Store, records: Iterable[Record]) -> None:
    """Writes both files under OUT, failures first; what would not change stays as it is.

    Raises:
        OutputError: they cannot be written.
    """
    ordered = sorted(records, key=lambda record: (isinstance(record, Done), record.asked.place))
    lines = "".join(json.dumps(record.row()) + "\n" for record in ordered)
    wanted = {LINES: lines.encode(), PAGE: page(ordered).encode(errors="replace")}  # of names that are not UTF-8
    there = [name for name in wanted if out.about(name)]
    held = out.read(there)
    for name, data in wanted.items():
        if held.get(name) != data:
            out.write(name, data)


@cache
def _template() -> Any:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["timecode"] = timecode
    return environment.from_string(files("pipelines.archive").joinpath("report.html.jinja").read_text("utf-8"))


def page(records: list[Record]) -> str:
    """The report as one page without links to the outside."""
    done = [record for record in records if isinstance(record, Done)]
    failed = [record for record in records if isinstance(record, Failed)]
    frames, length = sum(record.look.frames for record in done), sum(record.length for record in done)
    return str(_template().render(done=done, failed=failed, frames=frames, length=length))
