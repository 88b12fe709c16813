"""Processes of a run that is killed, found by a mark in their environment."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

MARK = "RESTORE_TEST_RUN"
"""In the environment of a run's processes."""


def processes(mark: str) -> dict[int, str]:
    """The command line of each process of a run that is alive, whoever is its parent now."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (path / "environ").read_bytes():
                found[int(path.name)] = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it has just ended, or is another's
    return found


def kill(pid: int) -> bool:
    """Kills a process; False: it has ended by itself."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False
