"""A run's settings as the options that a person would type, on any machine."""

import dataclasses
import shlex
from fractions import Fraction
from pathlib import PurePath
from typing import Any

from pipelines.errors import timecode
from pipelines.look import Look
from pipelines.repair_settings import RepairSettings
from pipelines.settings import Settings

OF_THE_MACHINE = (
    "paint.weights_dir",
    "paint.device",
    "paint.memory",
    "sidecar",
    "checksum",
    "verify",
    "c2pa_cert",
    "c2pa_key",
)
"""Settings of which the result does not depend, or of which the digests of the weights tell better."""
GUIDES = ("hints", "stills", "references", "repairs")
"""Settings that a person gives in files of their own: the record lists these."""
WITHOUT_OPTION = (
    "paint.batch",
    "paint.least_score",
    "motion.closest",
    "motion.residual",
    "motion.rows",
    "encode.threads",
    "segment",
)
"""Settings that programs give alone, or that another option means too."""
NAMES = {"is_off": "no-colour"}
"""Options that have another name than their setting."""


def typed(settings: Settings) -> dict[str, str]:
    """Options that are not at their defaults, by their names without dashes in front; "" for one without a value."""
    return dict(_options("", settings, Settings()))


def command_of(film: str, result: str, settings: Settings) -> str:
    """The command line that makes such a result: names without folders.

    Args:
        film: its name.
        result: the name of the result.
        settings: of the run.
    """
    words = ["restore", film, "-o", result]
    for name, text in typed(settings).items():
        words += [f"--{name}", *([text] if text else [])]
    return shlex.join(words)


def _options(above: str, value: Any, default: Any) -> list[tuple[str, str]]:
    """Of one level of the settings, whose names begin with `above`, and of those below."""
    found: list[tuple[str, str]] = []
    for field in dataclasses.fields(value):
        name, own, usual = field.name, getattr(value, field.name), getattr(default, field.name)
        if own == usual or above + name in (*OF_THE_MACHINE, *GUIDES, *WITHOUT_OPTION):
            continue
        if isinstance(own, RepairSettings):
            found += _repairs(own)
        elif isinstance(own, Look):
            found.append((name, own.path.name))
        elif dataclasses.is_dataclass(own) and dataclasses.is_dataclass(usual):
            found += _options(f"{name}.", own, usual)
        else:
            found.append((NAMES.get(name, name.replace("_", "-")), _text(name, own)))
    return found


def _repairs(repair: RepairSettings) -> list[tuple[str, str]]:
    words = ",".join(f"{name}:{strength}" for name, strength in repair.strengths.items() if strength)
    found = [("repair", words)] if words else []
    if repair.mask_in is not None:
        threshold = f"<{-repair.mask_threshold}" if repair.mask_threshold < 0 else str(repair.mask_threshold)
        found += [("mask-in", repair.mask_in.name), ("mask-threshold", threshold)]
        found.append(("mask-growth", str(repair.mask_growth)))
    return found if repair.mask_out is None else [*found, ("mask-out", repair.mask_out.name)]


def _text(name: str, value: Any) -> str:
    """A value as it is typed."""
    if isinstance(value, bool):
        return "" if value else "off"
    if name == "anchors":
        return "every" if not value else f"{float(value):g}"
    if name in ("start", "end") and isinstance(value, Fraction):
        return timecode(value)
    if name == "network":
        return "+".join(PurePath(part).name for part in value.split("+"))
    if isinstance(value, Fraction):
        return str(value) if name == "fps" else f"{float(value):g}"
    return value.name if isinstance(value, PurePath) else str(value)
