"""Figures, in a form to print and to keep."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

Figures = dict[str, dict[str, float]]
"""Name -> of which picture (ours, gray, true) -> value."""


@dataclass(frozen=True)
class Section:
    """Figures of some pictures, or of the same part of each."""

    title: str
    pictures: int
    figures: Figures


@dataclass(frozen=True)
class Report:
    """All that was measured."""

    sections: list[Section]
    pictures: list[dict[str, object]]
    """For each its key and what was measured on it alone."""
    judge: str | None = None
    """Name of the method that found the motion; None: the figures have nothing to do with motion."""

    def as_json(self) -> dict[str, object]:
        """As objects that JSON knows; a figure that does not exist (NaN) is none."""
        plain = asdict(self)
        return {key: _without_nan(value) for key, value in plain.items()}


def _without_nan(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nan(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and np.isnan(value) else value


def with_mean(sections: Sequence[Section]) -> list[Section]:
    """The sections of films, and behind several their means: of the figures that all of them have."""
    if len(sections) < 2:
        return list(sections)
    shared = [name for name in sections[0].figures if all(name in each.figures for each in sections)]
    mean = means([{name: each.figures[name] for name in shared} for each in sections])
    return [*sections, Section("all films", sum(each.pictures for each in sections), mean)]


def means(rows: Sequence[Figures]) -> Figures:
    """The mean of each figure over the pictures that have it; NaN where none has."""
    return {name: {kind: _mean([row[name][kind] for row in rows]) for kind in rows[0][name]} for name in rows[0]}


def _mean(values: list[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
