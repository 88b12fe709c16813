"""How often pictures are drawn, by their kind: so that the many of one kind do not drown the rest."""

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

COLUMNS = ("key", "kind", "weight")


@dataclass(frozen=True)
class Sampled:
    """The kind of a picture, and how often it is drawn beside one of weight 1."""

    kind: str
    weight: float


OTHER = Sampled("other", 1.0)
"""Of pictures that the table does not have, and of frames of films."""


def read_kinds(path: Path) -> dict[str, Sampled]:
    """The table of kinds by key, from tab-separated lines under the header key, kind, weight.

    Raises:
        ValueError: it is not such a table; it names the line.
    """
    found = {}
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t")
        if not set(COLUMNS) <= set(rows.fieldnames or ()):
            raise ValueError(f"{path}: its first line must name the columns {', '.join(COLUMNS)}, with tabs between")
        for row in rows:
            try:
                weight = float(row["weight"])
            except (TypeError, ValueError):
                weight = math.nan
            if not 0 <= weight < math.inf:
                raise ValueError(f"{path}, line {rows.line_num}: weight must be a number, 0 or more")
            found[row["key"]] = Sampled(row["kind"], weight)
    return found


def chances(keys: Sequence[str], kinds: Mapping[str, Sampled]) -> NDArray[np.float64]:
    """Chance of each picture to be drawn, (N,) of sum 1.

    Raises:
        ValueError: all weights are 0.
    """
    weights = np.array([kinds.get(key, OTHER).weight for key in keys])
    if not weights.any():
        raise ValueError("all pictures have weight 0 in the table of kinds, so that none is drawn")
    return weights / weights.sum()


def shares(keys: Sequence[str], kinds: Mapping[str, Sampled]) -> Iterator[str]:
    """A line for each kind: its pictures, their weights, and their share of the squares; the largest share first."""
    each = chances(keys, kinds)
    table: dict[str, list[tuple[float, float]]] = {}
    for key, chance in zip(keys, each, strict=True):
        own = kinds.get(key, OTHER)
        table.setdefault(own.kind, []).append((own.weight, chance))
    for kind, rows in sorted(table.items(), key=lambda item: -sum(chance for _, chance in item[1])):
        weights = sorted({weight for weight, _ in rows})
        weight = f"{weights[0]:g}" if len(weights) == 1 else f"{weights[0]:g} to {weights[-1]:g}"
        yield f"{kind}: {len(rows)} pictures of weight {weight}, {sum(c for _, c in rows):.1%} of the squares"
