"""Colours that a person gives for points and regions of a film, read from JSON."""

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
GRAY = "none"
"""In place of a colour: the thing has none."""
PLACES = (("x", "y"), ("rectangle",), ("polygon",), ("region",))
"""Keys that say where a hint is: a point; left, top, width and height; corners; a picture, white where it is."""


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
    return tuple(hint_of(entry, f"{path}: hint {number}", path.parent) for number, entry in enumerate(entries, start=1))


def hint_of(entry: Any, where: str, folder: Path | None = None) -> Hint:
    """A hint from its keys.

    Args:
        entry: as JSON or TOML gives it.
        where: the message of an error begins with it.
        folder: in which pictures of regions are looked for; None: the current one.

    Raises:
        ValueError: a key or a value is wrong.
    """
    keys = set(entry) - {"time", "colour"} if isinstance(entry, dict) else set()
    if not isinstance(entry, dict) or not {"time", "colour"} <= set(entry) or tuple(sorted(keys)) not in PLACES:
        kinds = ", or ".join(" and ".join(place) for place in PLACES)
        raise ValueError(f"{where}: must have just colour, time, and {kinds}")
    try:
        time = Place().convert(entry["time"], None, None)
    except click.BadParameter as error:
        raise ValueError(f"{where}: {error.message}") from error
    ab = _colour(entry["colour"], where)
    if "region" in entry:
        mask = (folder or Path()) / str(entry["region"])
        if not mask.is_file():
            raise ValueError(f"{where}: there is no picture {mask}")
        return Hint(time, 0, 0, ab, mask=mask)
    if "x" in entry:
        _check_point([entry["x"], entry["y"]], where)
        return Hint(time, entry["x"], entry["y"], ab)
    outline = _outline(entry, where)
    x, y = (sum(side) / len(outline) for side in zip(*outline, strict=True))
    return Hint(time, x, y, ab, outline)


def _outline(entry: dict[str, Any], where: str) -> tuple[tuple[float, float], ...]:
    """The corners of a rectangle or polygon."""
    corners = entry.get("polygon")
    if corners is None:
        sides = entry["rectangle"]
        if not (isinstance(sides, list) and len(sides) == 4):
            raise ValueError(f"{where}: rectangle must be [left, top, width, height]")
        _check_point(sides, where)
        left, top, width, height = sides
        corners = [[left, top], [left + width, top], [left + width, top + height], [left, top + height]]
    pairs = [each for each in corners if isinstance(each, list) and len(each) == 2] if isinstance(corners, list) else []
    if len(pairs) < 3 or len(pairs) < len(corners):
        raise ValueError(f"{where}: polygon must be [[x, y], [x, y], [x, y], ...]")
    _check_point([number for corner in pairs for number in corner], where)
    return tuple((float(x), float(y)) for x, y in pairs)


def _check_point(numbers: list[Any], where: str) -> None:
    if not all(type(number) in (int, float) and 0 <= number < MAX_SIDE for number in numbers):
        raise ValueError(f"{where}: x and y must be pixels, from 0 at the picture's left and top")


def _colour(written: Any, where: str) -> tuple[float, float]:
    """CIE a* b* of a colour as people write it."""
    if written == GRAY:
        return 0.0, 0.0
    colour = COLOUR.fullmatch(str(written))
    if colour is None:
        raise ValueError(f"{where}: colour must be like #b04030, or none, got {written!r}")
    return _ab(*(int(part, 16) / 255 for part in colour.groups()))


def _ab(red: float, green: float, blue: float) -> tuple[float, float]:
    """CIE a* b* of an sRGB colour."""
    import torch

    from models.colour.colorspace import lab_from_srgb

    _, a, b = lab_from_srgb(torch.tensor([red, green, blue])[:, None, None]).flatten().tolist()
    return round(a, 2), round(b, 2)
