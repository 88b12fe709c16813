"""One JSON object a line, for machines."""

from __future__ import annotations

import dataclasses
import json
import time
from typing import Any

import click

from restore.show import events as e
from restore.show.lines import Quiet
from restore.show.words import failures

EVENT_SECONDS = 1
"""Between events of progress."""


class Json(Quiet):
    """Events as JSON, in the order in which they come.

    Args:
        is_last_alone: only the last one is shown.
    """

    def __init__(self, is_last_alone: bool = False) -> None:
        self.is_last_alone, self.last = is_last_alone, 0.0

    def __call__(self, event: e.Event) -> None:
        """Shows an event."""
        if isinstance(event, e.Progress | e.FilmProgress):
            if time.monotonic() - self.last < EVENT_SECONDS:
                return
            self.last = time.monotonic()
        is_last = isinstance(event, e.Finished | e.Failed | e.Stopped | e.ArchiveFinished)
        if is_last or not self.is_last_alone:
            facts = _facts(event)
            if facts:
                click.echo(json.dumps(facts))
        if isinstance(event, e.Stopped):
            super().__call__(event)


def _facts(event: e.Event) -> dict[str, Any]:
    """An event for machines; nothing where it is for people alone."""
    facts: dict[str, Any] = {}
    match event:
        case e.Started():
            facts = {"event": "start", **event.facts, "seconds": float(event.seconds), "notes": list(event.notes)}
        case e.Phase():
            facts = {"event": "phase", "phase": event.name, "seconds": float(event.seconds)}
        case e.Note(text):
            facts = {"event": "note", "note": text}
        case e.Progress():
            facts = {"event": "progress", "seconds": event.seconds, "fps": event.fps}
        case e.Finished():
            facts = {"event": "done", **event.facts, "notes": list(event.notes)}
        case e.Failed(error):
            at = None if error.at is None else float(error.at)
            facts = {"event": "error", "film": error.film, "what": error.what, "hint": error.hint, "at": at}
        case e.Stopped(hint):
            facts = {"event": "stopped", "hint": hint}
        case _:
            facts = _archive_facts(event)
    return facts


def _archive_facts(event: e.Event) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    match event:
        case e.ArchiveStarted(plan):
            todo = [{"film": task.film.url, "bytes": task.film.size} for task in plan.todo]
            before = {"done": len(plan.done), "failed_before": len(plan.failed), "changed": len(plan.changed)}
            facts = {"event": "start", "todo": todo, **before, "left_out": list(plan.left_out)}
        case e.FilmStarted():
            about = dataclasses.asdict(event)
            facts = {"event": "film"} | {name: about[name] for name in ("place", "seconds", "device", "notes")}
        case e.FilmProgress():
            facts = {"event": "progress", "place": event.film.place, "seconds": event.seconds, "fps": event.fps}
        case e.FilmEnded(record):
            facts = {"event": "ended"} | record.row()
        case e.ArchiveFinished():
            failed = failures(event.records)
            facts = {"event": "done", "restored": len(event.records) - failed, "failed": failed, "report": event.report}
    return facts
