"""The identity of a run: all that the bytes of a result depend on, by name.

A run goes on from the finished segments of another only where all of it is the same, so its words stay as they are.
"""

import dataclasses
from dataclasses import replace
from fractions import Fraction
from importlib.metadata import version
from typing import Any

from pipelines import product_version
from pipelines.job.job import Job
from pipelines.places import film_fingerprint


def about(job: Job) -> dict[str, str]:
    """All that the bytes of a result depend on, by name: a run goes on only where all of it is the same."""
    versions = {"restore": product_version()} | {name: version(name) for name in ("av", "torch", "opencv-python")}
    source = {"film": film_fingerprint(job.film), "container": job.container}
    settings = replace(job.settings, paint=job.chosen.settings)
    return source | job.chosen.digests | flattened(settings) | versions


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
