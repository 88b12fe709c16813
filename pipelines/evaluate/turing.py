"""Pictures for people who say which of two is real, and what they said.

As in Zhang, Isola, Efros: Colorful Image Colorization (ECCV 2016), sec. 3.1: a true picture and a coloured one beside
each other for a second, 256 pixels square; "taken for real" is the share of pairs in which the coloured one was chosen.
"""

import csv
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
from jinja2 import Environment, StrictUndefined, Template
from numpy.typing import NDArray
from torch import Tensor

from pipelines.evaluate.paint import Coloured, Named
from pipelines.media.image import png

SIDE = 256
"""Pixels of a picture that is shown."""
SECONDS = 1.0
"""For which a pair is shown."""
SAMPLES = 10_000
"""Of the bootstrap."""
COLUMNS = ("picture", "network", "taken_for_real")
"""Of the results that the page gives."""


@dataclass(frozen=True)
class Answers:
    """Answers of people about the pictures of one network."""

    network: str
    pairs: int
    taken: float
    """Share of the pairs in which the coloured picture was taken for real, 0 to 1."""
    error: float
    """Its standard error, by a bootstrap over the pairs."""
    interval: tuple[float, float]
    """In which 95 % of the samples lie."""


def write_turing(pictures: Iterable[Named], painters: dict[str, Callable[[Named], Coloured]], folder: Path) -> int:
    """Writes a page that shows true and coloured pictures in pairs, and their files; gives the number of pairs.

    Args:
        pictures: true ones.
        painters: of networks, by their names.
        folder: is made; index.html in it is the page.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pairs = []
    for named in pictures:
        for network, paint in painters.items():
            coloured = paint(named)
            true, ours = (_put(coloured.rgb[kind], folder) for kind in ("true", "ours"))
            pairs.append({"picture": named.key, "network": network, "true": true, "ours": ours})
    page = _template().render(pairs=pairs, seconds=SECONDS, side=SIDE, columns=COLUMNS)
    (folder / "index.html").write_text(page, "utf-8")
    return len(pairs)


def answers_of(results: Sequence[Path]) -> list[Answers]:
    """Answers of people from files of results, one entry for each network.

    Args:
        results: CSV files that the page gave.

    Raises:
        ValueError: a file is none of these.
    """
    said: dict[str, list[bool]] = {}
    for path in results:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            if rows.fieldnames is None or set(COLUMNS) - set(rows.fieldnames):
                raise ValueError(f"{path}: is no result of the page; its columns are {', '.join(COLUMNS)}")
            for row in rows:
                if row["taken_for_real"] not in ("0", "1"):
                    raise ValueError(f"{path} line {rows.line_num}: taken_for_real must be 0 or 1")
                said.setdefault(row["network"], []).append(row["taken_for_real"] == "1")
    if not said:
        raise ValueError("the results have no answers")
    return [_answers(network, np.array(each, np.float64)) for network, each in sorted(said.items())]


def _answers(network: str, said: NDArray[np.float64]) -> Answers:
    random = np.random.default_rng(0)
    shares = random.binomial(len(said), said.mean(), SAMPLES) / len(said)  # pairs drawn anew, with replacement
    low, high = np.percentile(shares, [2.5, 97.5])
    return Answers(network, len(said), float(said.mean()), float(shares.std()), (float(low), float(high)))


def _put(rgb: Tensor, folder: Path) -> str:
    """Writes the middle of a picture, (1, 3, H, W) of 0..1, under a name that tells nothing."""
    picture = rgb[0].permute(1, 2, 0).numpy()
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    way = cv2.INTER_AREA if side > SIDE else cv2.INTER_CUBIC
    square = cv2.resize(picture[top : top + side, left : left + side], (SIDE, SIDE), interpolation=way)
    file = png(np.rint(square.clip(0, 1) * 255).astype(np.uint8))
    name = f"{hashlib.sha256(file).hexdigest()[:16]}.png"
    (folder / name).write_bytes(file)
    return name


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    return environment.from_string((files("pipelines.evaluate") / "turing.html.jinja").read_text("utf-8"))
