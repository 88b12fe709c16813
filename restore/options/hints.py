"""Colours that a person gives for points of a film, read from JSON."""

import json
import re
from pathlib import Path
from typing import Any

import click

from pipelines.settings import Hint
from restore.options.values import Place

COLOUR = re.compile(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")
MAX_SIDE = 1_000_000
"""Pixels: more than any picture has."""
KEYS = {"time", "x", "y", "colour"}


def read_hints(path: Path) -> tuple[Hint, ...]:
    """The hints of a JSON file: a list of {"time": "00:00:03.5", "x": 310, "y": 122, "colour": "#b04030"}.

    Raises:
        ValueError: it is no such list; the message says which hint and what is wrong.
    """
    try:
        entries = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path}: no JSON ({error})") from error
    if not isinstance(entries, list):
        raise ValueError(f"{path}: must be a list of hints")
    return tuple(hint_of(entry, f"{path}: hint {number}") for number, entry in enumerate(entries, start=1))


def hint_of(entry: Any, where: str) -> Hint:
    """A hint from its keys.

    Raises:
        ValueError: a key or a value is wrong; the message begins with `where`.
    """
    if not isinstance(entry, dict) or entry.keys() != KEYS:
        raise ValueError(f"{where}: must have just {', '.join(sorted(KEYS))}")
    colour = COLOUR.fullmatch(str(entry["colour"]))
    if colour is None:
        raise ValueError(f"{where}: colour must be like #b04030, got {entry['colour']!r}")
    if not all(type(entry[key]) in (int, float) and 0 <= entry[key] < MAX_SIDE for key in ("x", "y")):
        raise ValueError(f"{where}: x and y must be pixels, from 0 at the picture's left and top")
    try:
        time = Place().convert(entry["time"], None, None)
    except click.BadParameter as error:
        raise ValueError(f"{where}: {error.message}") from error
    return Hint(time, entry["x"], entry["y"], _ab(*(int(part, 16) / 255 for part in colour.groups())))


def _ab(red: float, green: float, blue: float) -> tuple[float, float]:
    """CIE a* b* of an sRGB colour."""
    import torch

    from models.colour.colorspace import lab_from_srgb

    _, a, b = lab_from_srgb(torch.tensor([red, green, blue])[:, None, None]).flatten().tolist()
    return round(a, 2), round(b, 2)
