"""The identity of a run: all that the bytes of a result depend on, by name.

A run goes on from the finished segments of another only where all of it is the same, so its words stay as they are.
"""

import dataclasses
import hashlib
from dataclasses import replace
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipelines import product_version
from pipelines.job.job import Job
from pipelines.source import Film

SAMPLE = 1 << 20
"""Bytes read at the film's head, middle and tail, by which it is known again."""


def about(job: Job) -> dict[str, str]:
    """All that the bytes of a result depend on, by name: a run goes on only where all of it is the same."""
    versions = {"restore": product_version()} | {name: version(name) for name in ("av", "torch", "opencv-python")}
    source = {"film": _fingerprint_of(job.film), "container": job.container}
    settings = replace(job.settings, paint=job.chosen.settings)
    return source | job.chosen.digests | flattened(settings) | versions


def _fingerprint_of(film: Film) -> str:
    """The fingerprint of a film's file; of scans that of the sizes of all pictures, and of the first and the last."""
    if film.scans is None:
        return fingerprint(film.path)
    scans, digest = film.scans, hashlib.sha256()
    missing = set(scans.missing)
    there = [scans.path(pts) for pts in range(scans.frames) if scans.first + pts not in missing]
    for path in there:
        digest.update(f"{path.name} {path.stat().st_size}\n".encode())
    ends = [fingerprint(path) for path in (there[0], there[-1], scans.sound) if path]
    return f"{len(there)}-{digest.hexdigest()}-{'-'.join(ends)}"


def fingerprint(path: Path) -> str:
    """Size and sha256 of the film's head, middle and tail, 1 MiB each."""
    size = path.stat().st_size
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for start in (0, max(0, size // 2), max(0, size - SAMPLE)):
            file.seek(start)
            digest.update(file.read(SAMPLE))
    return f"{size}-{digest.hexdigest()}"


def flattened(value: Any, name: str = "") -> dict[str, str]:
    """Nested settings as flat text, so that two runs can be told apart by name: {"motion.steady": "1", ...}."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {
            field.name: getattr(value, field.name)
            for field in dataclasses.fields(value)
            if not (field.metadata.get("is_left_out") and getattr(value, field.name) == field.default)
        }
    if not isinstance(value, dict):
        return {name: str(float(value)) if isinstance(value, Fraction) else str(value)}
    flat: dict[str, str] = {}
    for key, inner in value.items():
        flat |= flattened(inner, f"{name}.{key}" if name else key)
    return flat
