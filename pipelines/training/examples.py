"""Pictures of a training run, and the prior over their colours."""

import math
import time
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.colour.bins import BINS, smoothed_prior, soft_encode
from pipelines.media.pictures import Picture, Pictures, read_boxes
from pipelines.training.config import TrainConfig
from pipelines.training.crops import Boxes, CropSettings, boxes_of, crops, held_out, key_of
from pipelines.training.sampling import chances, read_kinds, shares
from pipelines.training.stages import true_ab

LOGGED_SECONDS = 20
"""Seconds after which a line says how a run goes."""


@dataclass(frozen=True)
class Sources:
    """Paths of a run's pictures."""

    images: Sequence[Path] = ()
    """Folders, zip files and WebDataset shards."""
    films: Sequence[Path] = ()
    """Colour films."""
    boxes: Path | None = None
    """JSON lines of the instances in the images (`pictures.read_boxes`)."""
    kinds: Path | None = None
    """Table of the images' kinds and weights (`sampling.read_kinds`); None: all are drawn alike."""
    others: Mapping[str, Path] = field(default_factory=dict)
    """Other files and folders that the run reads, by the option's name."""

    @property
    def paths(self) -> dict[str, Sequence[Path]]:
        """All of it, by the option's name."""
        boxes, kinds = ([path] if path else [] for path in (self.boxes, self.kinds))
        others = {name: [path] for name, path in self.others.items()}
        return {"images": self.images, "films": self.films, "boxes": boxes, "kinds": kinds} | others


@dataclass(frozen=True)
class Examples(Sequence[Picture]):
    """Pictures of a training run: images, then frames of films."""

    images: Pictures | None
    films: Sequence[Picture]
    numbers: list[int]
    """Of the images that are not held out."""
    boxes: list[Boxes]
    """Of each example."""
    held_out: list[str]
    """Keys left out."""
    chances: NDArray[np.float64] | None = None
    """(N,) of sum 1, of each to be drawn; None: all alike."""
    shares: tuple[str, ...] = ()
    """Lines that say how often each kind is drawn."""

    @property
    def keys(self) -> list[str]:
        """Of the images, in their order; frames of films have none."""
        return [key_of(self.images.keys[number][1]) for number in self.numbers] if self.images else []

    def __len__(self) -> int:
        return len(self.boxes)

    def __getitem__(self, index: int) -> Picture:  # type: ignore[override]  # no slices
        if index < len(self.numbers):
            assert self.images is not None
            return self.images[self.numbers[index]]
        return self.films[index - len(self.numbers)]


def examples(
    sources: Sources, left_out: int, box_score: float | None = None, among: Container[str] | None = None
) -> Examples:
    """The pictures of the sources with their boxes, without those held out.

    Args:
        sources: where they are.
        left_out: how many are held out.
        box_score: only images with boxes of this score or a better one, each with these; None: all pictures.
        among: only images of these keys; None: all pictures.

    Raises:
        ValueError: a source cannot be read as one, or no picture is left.
    """
    images = Pictures(sources.images) if sources.images else None
    films: Sequence[Picture] = ()
    if sources.films:
        from pipelines.training.film_pictures import FilmPictures

        films = FilmPictures(sources.films)
    keys = [key_of(name) for _, name in images.keys] if images else []
    known = [key for key in keys if among is None or key in among]
    kept_away = held_out(known, left_out)
    learnt = set(known) - set(kept_away)
    numbers = [number for number, key in enumerate(keys) if key in learnt]
    found = read_boxes(sources.boxes) if sources.boxes else {}
    boxes = boxes_of([keys[number] for number in numbers], found)
    if box_score is not None:
        boxes = [table[table[:, 5] >= box_score] for table in boxes]
        numbers = [number for number, table in zip(numbers, boxes, strict=True) if len(table)]
        boxes, films = [table for table in boxes if len(table)], ()
        if not boxes:
            raise ValueError("no boxes, and this stage learns from what they show; give --boxes")
    boxes += boxes_of([""] * len(films), {})
    if not boxes:
        raise ValueError(f"all {len(known)} pictures are held out to test on; give more, or --set held_out=N")
    if not sources.kinds:
        return Examples(images, films, numbers, boxes, kept_away)
    drawn, kinds = [*(keys[number] for number in numbers), *[""] * len(films)], read_kinds(sources.kinds)
    return Examples(images, films, numbers, boxes, kept_away, chances(drawn, kinds), tuple(shares(drawn, kinds)))


def count_prior(data: Examples, config: TrainConfig, log: Callable[[str], None] = print) -> Tensor:
    """Prior over the bins, the smoothed share of pixels nearest to each: (313,) of sum 1.

    Args:
        data: the pictures.
        config: of the run.
        log: takes a line every LOGGED_SECONDS.
    """
    counts = torch.zeros(BINS)
    settings = CropSettings(config.crop, config.zoom, seed=config.seed + 1)
    steps = range(math.ceil(config.prior_pictures / config.batch))
    logged = time.monotonic()
    squares = crops(data, data.boxes, settings, config.batch, steps, config.workers, data.chances)
    for number, (light, _) in enumerate(squares, start=1):
        counts += torch.bincount(soft_encode(true_ab(light))[0][:, 0].flatten(), minlength=BINS)
        if time.monotonic() - logged > LOGGED_SECONDS:
            logged = time.monotonic()
            log(f"colours of {number * config.batch} pictures counted")
    return smoothed_prior(counts)
