"""A run: a process of the command itself, which goes on when the page or the studio is closed."""

import json
import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

POLL_SECONDS = 0.25
NICENESS = 10
"""Less urgent than the worker that makes what is on the screen."""
State = dict[str, Any]
"""`state`: running, done, failed or stopped; `command`; and what the run says of itself, see `restore.show.json`."""

FactsOf = Callable[[State, str, dict[str, Any]], State]
"""The state by now, an event's name and its values in; what changes out."""


def command_of(words: Sequence[str]) -> str:
    """A command of restore as it is typed."""
    return shlex.join(["restore", *words])


class Run:
    """A run of `restore FILM` or `restore archive`.

    Args:
        words: of the command, without its name.
        log: a file for what the run says; it is written even when nobody reads it any more.
        on_change: called in a thread with the run's state each time that this changes.
        facts_of: what of the state an event of the run changes.
    """

    def __init__(
        self, words: Sequence[str], log: Path, on_change: Callable[[State], object], facts_of: FactsOf
    ) -> None:
        self.state: State = {"state": "running", "command": command_of(words)}
        self._on_change, self._facts_of = on_change, facts_of
        command = [sys.executable, "-m", "restore", *words, "--json"]
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )
        if hasattr(os, "setpriority"):
            os.setpriority(os.PRIO_PROCESS, self.process.pid, NICENESS)
        on_change(self.state)
        threading.Thread(target=self._follow, args=(log,), daemon=True).start()

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self.process.poll() is None

    def cancel(self) -> None:
        """Stops it as Ctrl-C does: the same command goes on from what is finished."""
        if self.is_running:
            self.process.terminate()

    def _follow(self, log: Path) -> None:
        said = rest = ""
        with log.open(encoding="utf-8", errors="replace") as file:
            while True:
                has_ended = not self.is_running
                *lines, rest = (rest + file.read()).split("\n")
                for line in filter(None, lines):
                    said = line
                    self._take(line)
                if has_ended:
                    break
                time.sleep(POLL_SECONDS)
        code = self.process.returncode
        state = {0: "done", 130: "stopped", 143: "stopped"}.get(code, "failed")
        if state == "failed" and "what" not in self.state:
            self.state = self.state | {"what": said or f"the run ended with code {code}"}
        self._change(state=state)

    def _take(self, line: str) -> None:
        """Takes a line that the run said."""
        try:
            event = json.loads(line)
        except ValueError:
            return  # a warning of a library
        if isinstance(event, dict):
            self._change(**self._facts_of(self.state, event.pop("event", ""), event))

    def _change(self, **facts: Any) -> None:
        self.state = self.state | facts
        self._on_change(self.state)


def film_facts(state: State, name: str, event: State) -> State:
    """The part of a run's state that an event changes."""
    match name:
        case "start":
            return {"out": event.get("out"), "total": event.get("seconds"), "notes": event.get("notes", [])}
        case "phase":
            return {"phase": event.get("phase"), "total": event.get("seconds"), "seconds": 0}
        case "note":
            return {"notes": [*state.get("notes", []), event.get("note")]}
        case "progress" | "done" | "stopped" | "error":
            return event
    return {}


def archive_facts(state: State, name: str, event: State) -> State:
    """The part of an archive's state that an event changes.

    `films` are all of them, `ended` so many of them; `begun` has by place what is being worked on; `share` is what of
    all films is done, 0 to 1.
    """
    facts: State = {}
    begun, place = dict(state.get("begun", {})), event.get("place")
    match name:
        case "start":
            ended = event["done"] + event["failed_before"]
            facts = {"films": len(event["todo"]) + ended, "ended": ended, "changed": event["changed"]}
        case "film":
            begun[place] = {"length": event["seconds"], "seconds": 0}
        case "progress":
            begun[place] = begun.get(place, {}) | event
        case "ended":
            begun.pop(place, None)
            facts = {"ended": state.get("ended", 0) + 1}
        case "done" | "stopped" | "error":
            facts = event
    now = state | facts
    parts = sum(min(1, each["seconds"] / each["length"]) for each in begun.values() if each.get("length"))
    return facts | {"begun": begun, "share": min(1, (now.get("ended", 0) + parts) / max(1, now.get("films", 1)))}
