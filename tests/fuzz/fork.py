"""Work done in a fork of this process, within a time and within memory, so that a crash ends the fork alone."""

from __future__ import annotations

import faulthandler
import gc
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SECONDS = 60.0
"""Most time of one input."""
MEGABYTES = 2048.0
"""Most memory of one input, above that of the warm process."""
LOOK = 0.005
"""Seconds between two looks at the fork."""
PAGE = os.sysconf("SC_PAGE_SIZE")
Work = Callable[[Path], object]
OUTCOME, WORDS, CRASH = "outcome.json", "words.txt", "crash.txt"


@dataclass(frozen=True)
class Ended:
    """How a fork ended."""

    outcome: object
    """The work's return value; None where it did not come so far."""
    fault: str
    """A traceback, a signal, too much time or memory; empty where there was none."""
    words: str
    """All that it wrote on stdout and stderr."""
    seconds: float
    megabytes: float
    """Most memory above that of the warm process, pages of programs and libraries among it."""


def in_fork(work: Work, folder: Path) -> Ended:
    """Runs `work(folder)` in a fork whose current folder is `folder`; what it gives must go into JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    base, began = _resident(os.getpid(), is_own=True), time.monotonic()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if not child:
        _run(work, folder)
    excess, status, peak = "", 0, 0.0
    while not excess:
        ended, status, usage = os.wait4(child, os.WNOHANG)
        peak = max(peak, (usage.ru_maxrss / 1024 if ended else _resident(child)) - base)
        if ended:
            break
        excess = _excess(time.monotonic() - began, peak)
        time.sleep(LOOK)
    if excess:
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
    seconds = time.monotonic() - began
    excess = excess or _excess(seconds, peak)
    return Ended(_outcome(folder), excess or _crash(folder, status), _text(folder / WORDS), seconds, peak)


def _excess(seconds: float, megabytes: float) -> str:
    if seconds > SECONDS:
        return f"over {SECONDS:.0f} s"
    return f"{megabytes:.0f} MB above the warm process" if megabytes > MEGABYTES else ""


def _resident(process: int, is_own: bool = False) -> float:
    """Megabytes of a process that are in memory; `is_own`: without files' pages, which a fork does not take over."""
    try:
        resident, shared = map(int, Path(f"/proc/{process}/statm").read_text().split()[1:3])
        return (resident - shared * is_own) * PAGE / (1 << 20)
    except (OSError, ValueError):
        return 0


def _run(work: Work, folder: Path) -> None:
    """The fork's own part; it never comes back."""
    code = 1
    try:
        gc.freeze()  # decoders that wait for the collector would wait for threads that are not in the fork
        os.setsid()
        os.chdir(folder)
        words = os.open(folder / WORDS, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(words, 1)
        os.dup2(words, 2)
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  # whoever took it before
        sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        crash = (folder / CRASH).open("w")
        faulthandler.enable(crash)
        faulthandler.dump_traceback_later(max(SECONDS - 3, 0.1), file=crash)
        try:
            (folder / OUTCOME).write_text(json.dumps(work(folder)))
            code = 0
        except BaseException:
            traceback.print_exc(file=crash)
            crash.flush()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _crash(folder: Path, status: int) -> str:
    if not status:
        return ""
    how = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else "exception"
    return f"{how}\n{_text(folder / CRASH)}"


def _outcome(folder: Path) -> object:
    text = _text(folder / OUTCOME)
    return json.loads(text) if text else None


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""
