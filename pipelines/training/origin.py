"""Origin of a training run: settings and digests by which its checkpoint is known."""

import dataclasses
from pathlib import Path
from typing import Any, ClassVar, Protocol

from models.weights.catalogue import weights_digest
from pipelines.errors import OutputError
from pipelines.training.examples import Sources
from pipelines.training.provenance import digest_of


class Settings(Protocol):
    """Settings of a run: a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


FREE = ("steps", "workers")
"""Settings that may change before a run goes on: its length, and the processes that decode."""
PROCESSES = "processes"
SHA256 = 64
"""Digits."""


def digests_of(sources: Sources, start: Path | None) -> dict[str, str]:
    """sha256, in hex, of all that a run is given to read, by the option's name."""
    digests = {name: digest_of(paths) for name, paths in sources.paths.items() if paths}
    return digests | ({"start": weights_digest(start)} if start else {})


def settings_of(config: Settings, processes: int) -> dict[str, str]:
    """Settings that a run must keep, as text, and the number of processes, since each draws pictures of its own."""
    kept = {name: str(value) for name, value in dataclasses.asdict(config).items() if name not in FREE}
    return kept | {PROCESSES: str(processes)}


def check_origin(checkpoint: Path, was: dict[str, str], now: dict[str, str]) -> None:
    """Raises OutputError, which names all that differs, where a checkpoint is that of another run."""
    unsaid = {PROCESSES: now[PROCESSES], "encoder": "start", "detector": "start"}  # older checkpoints have none
    was = {name: value for name, value in unsaid.items() if name in now} | was
    names = [name for name in was | now if was.get(name) != now.get(name)]
    differences = ", ".join(f"{name} was {_short(was.get(name))}, is {_short(now.get(name))}" for name in names)
    if differences:
        raise OutputError(checkpoint, f"of another run ({differences})", "take another -o, or move the checkpoint away")


def _short(value: str | None) -> str:
    if value is None:
        return "none"
    return f"sha256 {value[:12]}..." if len(value) == SHA256 else value
