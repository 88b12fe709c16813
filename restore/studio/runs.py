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


class Run:
    """A run of `restore FILM`.

    Args:
        words: of the command, without its name.
        log: a file for what the run says; it is written even when nobody reads it any more.
        on_change: called in a thread with the run's state each time that this changes.
    """

    def __init__(self, words: Sequence[str], log: Path, on_change: Callable[[State], object]) -> None:
        self.state: State = {"state": "running", "command": shlex.join(["restore", *words])}
        self._on_change = on_change
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
        if not isinstance(event, dict):
            return
        match event.pop("event", ""):
            case "start":
                self._change(out=event.get("out"), total=event.get("seconds"), notes=event.get("notes", []))
            case "phase":
                self._change(phase=event.get("phase"), total=event.get("seconds"), seconds=0)
            case "note":
                self._change(notes=[*self.state.get("notes", []), event.get("note")])
            case "progress" | "done" | "stopped" | "error":
                self._change(**event)

    def _change(self, **facts: Any) -> None:
        self.state = self.state | facts
        self._on_change(self.state)
