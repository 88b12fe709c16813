"""The report of an archive run: report.jsonl and report.csv for programs, report.html for people."""

import csv
import io
import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from pipelines.archive.ended import STILLS
from pipelines.archive.records import Done, Failed, Record, Run
from pipelines.archive.storage import Store
from pipelines.errors import timecode

LINES, TABLE, PAGE = "report.jsonl", "report.csv", "report.html"
COLUMNS = (
    "status", "film", "place", "out", "written", "length", "frames", "width", "height", "bytes", "sha256",
    "source_sha256", "colourfulness", "cuts", "seconds", "ended", "version", "notes", "error", "what", "hint", "at",
    "options", "weights",
)  # fmt: skip
"""Of report.csv, after which come a manifest's own."""


def write_report(
    out: Store, records: Iterable[Record], run: Run | None = None, left: int = 0, is_live: bool = False
) -> None:
    """Writes the report under OUT, failures first; a file that would not change stays as it is.

    Args:
        out: where the results are.
        records: of all films that have ended, from `Ended.all`.
        run: the last one that had something to do.
        left: films that the run has still to do.
        is_live: whether the run goes on.

    Raises:
        OutputError: it cannot be written.
    """
    ordered = sorted(records, key=lambda record: (isinstance(record, Done), record.asked.place))
    lines = "".join(json.dumps(record.row()) + "\n" for record in ordered)
    named = {TABLE: table(ordered), PAGE: page(ordered, run, left, is_live)}
    # names of films need not be UTF-8
    wanted = {LINES: lines.encode()} | {name: text.encode(errors="replace") for name, text in named.items()}
    there = [name for name in wanted if out.about(name)]
    held = out.read(there)
    for name, data in wanted.items():
        if held.get(name) != data:
            out.write(name, data)


def cost_of(seconds: float, rate: float | None) -> str:
    """Machine hours, and their price at `rate` an hour, where there is one."""
    hours = seconds / 3600
    return f"{hours:.2f} machine hours" + ("" if rate is None else f", {hours * rate:,.2f} at {rate:g} an hour")


def table(records: list[Record]) -> str:
    """The report as CSV, with a mark first by which spreadsheets know UTF-8."""
    own = dict.fromkeys(name for record in records for name in record.asked.columns)
    written = io.StringIO("\ufeff", newline="")
    written.seek(1)
    rows = csv.writer(written)
    rows.writerow([*COLUMNS, *own])
    for record in records:
        row = record.row()
        cuts = row.get("cuts")
        row |= {"cuts": "" if cuts is None else len(cuts), "notes": "; ".join(row.get("warnings") or ())}
        rows.writerow([row.get(name, "") for name in COLUMNS] + [record.asked.columns.get(name, "") for name in own])
    return written.getvalue()


@cache
def _template() -> Any:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["timecode"] = timecode
    return environment.from_string(files("pipelines.archive").joinpath("report.html.jinja").read_text("utf-8"))


def page(records: list[Record], run: Run | None = None, left: int = 0, is_live: bool = False) -> str:
    """The report as one page without links to the outside. Args as for `write_report`."""
    done = [record for record in records if isinstance(record, Done)]
    failed = [record for record in records if isinstance(record, Failed)]
    frames, length = sum(record.look.frames for record in done), sum(record.length for record in done)
    cost = "" if run is None else cost_of(run.seconds, run.rate)
    said = {"frames": frames, "length": length, "run": run, "cost": cost, "left": left, "is_live": is_live}
    said["stills"] = STILLS
    return str(_template().render(done=done, failed=failed, **said))
