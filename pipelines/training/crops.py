"""Training pictures: random squares of colour pictures with the boxes in them, or of the boxes."""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from models.colour.colorspace import linear_from_srgb
from models.compact.instance_fusion import CONTEXT
from pipelines.media.pictures import Picture
from pipelines.training.lettering import lettered

Boxes = NDArray[np.float32]
"""(K, 6): left, top, right, bottom as shares of the sides, COCO class 0..79, score 0..1."""
UNKNOWN: Boxes = np.full((1, 6), -2, np.float32)
"""Boxes of a picture in which nobody looked for instances, so that it counts neither for nor against any."""
MAX_BOXES = 20
MIN_VISIBLE = 0.4
"""Share of a box that must lie in the square for it to count."""
JITTER = 0.08
"""Largest shift of a box's sides, as a share of its width and height: detectors do not find boxes exactly."""


@dataclass(frozen=True)
class CropSettings:
    """Settings of the squares."""

    side: int = 128
    """Pixels, a multiple of 32."""
    zoom: tuple[float, float] = (0.55, 1.0)
    """Side of the square cut from a picture, as a share of its short side."""
    shows: Literal["squares", "boxes"] = "squares"
    """boxes: a random box of the picture, made square; the picture must have boxes."""
    lettering: float = 0.0
    """Share of squares with words laid over them, or that are title cards."""
    seed: int = 0


def key_of(name: str) -> str:
    """The key of a picture in the table of boxes: its file's name without the suffix."""
    return PurePath(name).stem


def held_out(keys: Sequence[str], count: int) -> list[str]:
    """The `count` keys held out of training: those of the smallest CRC-32, in any order of `keys`."""
    return sorted(sorted(keys, key=lambda key: (zlib.crc32(key.encode()), key))[:count])


def boxes_within(boxes: Boxes, left: float, top: float, right: float, bottom: float) -> Boxes:
    """Boxes in the coordinates of a window (shares of the sides); those mostly outside it are left out."""
    if len(boxes) and boxes[0, 4] == UNKNOWN[0, 4]:
        return UNKNOWN.copy()
    start, size = np.array([left, top], np.float32), np.array([right - left, bottom - top], np.float32)
    corners = ((boxes[:, :4].reshape(-1, 2, 2) - start) / size).reshape(-1, 4)
    clipped = corners.clip(0, 1)
    area, seen = (np.prod(box[:, 2:] - box[:, :2], axis=1) for box in (corners, clipped))
    return np.hstack([clipped, boxes[:, 4:]])[seen > MIN_VISIBLE * np.maximum(area, 1e-9)]


def _filled(boxes: Boxes) -> Boxes:
    """The best MAX_BOXES boxes, filled up with rows of class -1; a first row of class -2 says that none are known."""
    rows = np.full((MAX_BOXES, 6), -1, np.float32)
    best = boxes[np.argsort(-boxes[:, 5], kind="stable")][:MAX_BOXES]
    rows[: len(best)] = best
    return rows


class Crops(Dataset[tuple[NDArray[Any], Boxes]]):
    """A random square of a random picture for every index: (3, side, side), sRGB; and its boxes (MAX_BOXES, 6)."""

    def __init__(
        self,
        pictures: Sequence[NDArray[Any]],
        boxes: Sequence[Boxes],
        settings: CropSettings,
        first: int,
        count: int,
        chances: NDArray[np.float64] | None = None,
    ) -> None:
        self.reached = None if chances is None else chances.cumsum() / chances.sum()
        self.pictures, self.boxes, self.settings, self.first, self.count = pictures, boxes, settings, first, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[NDArray[Any], Boxes]:
        random, side = np.random.default_rng((self.settings.seed, self.first + index)), self.settings.side
        if self.reached is None:
            number = int(random.integers(len(self.pictures)))
        else:
            number = int(np.searchsorted(self.reached, random.random(), side="right"))
        picture, boxes = self.pictures[number], self.boxes[number]
        size = np.array([picture.shape[1], picture.shape[0]])
        if self.settings.shows == "boxes":
            window = _around(boxes[random.integers(len(boxes))], random)
        else:
            window = _square(size, self.settings.zoom, random)
        low, high = np.rint(window.reshape(2, 2) * size).astype(int)
        (left, top), (right, bottom) = np.minimum(low, size - 1), np.maximum(high, low + 1)  # a pixel at least
        cut: NDArray[Any] = picture[top:bottom, left:right]
        interpolation = cv2.INTER_AREA if min(cut.shape[:2]) > side else cv2.INTER_LINEAR
        square: NDArray[Any] = cv2.resize(cut, (side, side), interpolation=interpolation)
        seen = boxes_within(boxes, *window)
        if random.random() < 0.5:
            square = square[:, ::-1]
            seen[:, [0, 2]] = 1 - seen[:, [2, 0]]
        if self.settings.lettering and random.random() < self.settings.lettering:
            square = lettered(square, random)
        return np.ascontiguousarray(square.transpose(2, 0, 1)), _filled(seen)


def _square(size: NDArray[Any], zoom: tuple[float, float], random: np.random.Generator) -> NDArray[Any]:
    """A random square of a picture of `size` (width, height): left, top, right, bottom as shares of the sides."""
    side = int(size.min() * random.uniform(*zoom))
    corner = random.integers(size - side + 1)
    return np.concatenate([corner, corner + side]) / np.tile(size, 2)


def _around(box: Boxes, random: np.random.Generator) -> NDArray[Any]:
    """A box with its context, its sides shifted at random, within the picture."""
    extent = np.tile(box[2:4] - box[:2], 2)
    return (box[:4] + extent * (CONTEXT * np.array([-1, -1, 1, 1]) + random.uniform(-JITTER, JITTER, 4))).clip(0, 1)


def _one_thread(_worker: int) -> None:
    cv2.setNumThreads(1)


def squares(
    pictures: Sequence[NDArray[Any]],
    boxes: Sequence[Boxes],
    settings: CropSettings,
    batch: int,
    steps: range,
    workers: int = 1,
    chances: NDArray[np.float64] | None = None,
) -> Iterator[tuple[Tensor, Tensor]]:
    """Batches of the steps: sRGB (batch, 3, side, side), uint8, and boxes (batch, MAX_BOXES, 6).

    Args:
        pictures: the pictures; further channels, such as a map, are cut alike.
        boxes: of each picture, as many.
        settings: of the squares.
        batch: squares of a step.
        steps: which steps; a step's squares depend on its number alone.
        workers: processes that decode pictures.
        chances: of each picture to be drawn; None: all alike.

    Raises:
        ValueError: a picture cannot be read.
    """
    dataset = Crops(pictures, boxes, settings, steps.start * batch, len(steps) * batch, chances)
    prefetch = 4 if workers else None
    loader = DataLoader(dataset, batch, num_workers=workers, prefetch_factor=prefetch, worker_init_fn=_one_thread)
    try:
        yield from loader
    except (ValueError, RuntimeError) as error:  # a worker's own error, at the end of its traceback
        raise ValueError(str(error).strip().splitlines()[-1].removeprefix("ValueError: ")) from error


def crops(
    pictures: Sequence[Picture],
    boxes: Sequence[Boxes],
    settings: CropSettings,
    batch: int,
    steps: range,
    workers: int = 1,
    chances: NDArray[np.float64] | None = None,
) -> Iterator[tuple[Tensor, Tensor]]:
    """`squares` as linear RGB in 0..1, and their boxes."""
    for cut, found in squares(pictures, boxes, settings, batch, steps, workers, chances):
        yield linear_from_srgb(cut.float() / 255), found


def boxes_of(names: Sequence[str], found: Mapping[str, Boxes]) -> list[Boxes]:
    """The boxes of the pictures of these file names, UNKNOWN where `found` does not have the key."""
    return [found.get(key_of(name), UNKNOWN) for name in names]
