"""Pictures of a training run with their classes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.measures.metrics import colourfulness
from pipelines.media.labels import classes_by_folder, read_classes
from pipelines.media.pictures import Pictures
from pipelines.training.crops import CropSettings, key_of, squares
from pipelines.training.examples import Examples, Sources, examples

SAMPLED = 4
"""Pixels along each side of which one is taken to measure a picture's colourfulness."""
Labelled = NDArray[np.uint16]
"""(H, W, 4): sRGB 0..255, and the picture's class as a plane that is cut with it."""


def classes_of(sources: Sources) -> dict[str, str]:
    """The class of each picture by its key: from the table `classes` among the sources, or by folder.

    Raises:
        ValueError: the table cannot be read, or has none of the pictures.
    """
    table = sources.others.get("classes")
    if table is None:
        return classes_by_folder(sources.images)
    given = read_classes(table)
    keys = [key_of(name) for _, name in Pictures(sources.images).keys]
    found = {key: given[key] for key in keys if key in given}
    if not found:
        raise ValueError(f"{table}: none of its keys is that of a picture; a key is a file name without its suffix")
    return found


class LabelledExamples(Sequence[Labelled]):
    """Pictures and their classes; one of too little colour gives way to the next.

    Args:
        sources: the pictures, and their classes.
        held_out: how many pictures are held out.
        names: of the classes that count, in the order of their numbers; None: all, in the order of their names.
        min_colourfulness: of a picture, absolute, see `metrics.colourfulness`.

    Raises:
        ValueError: a source cannot be read, or no picture has a class.
    """

    def __init__(
        self, sources: Sources, held_out: int, names: Sequence[str] | None = None, min_colourfulness: float = 0.0
    ) -> None:
        classes = classes_of(sources)
        self.names = list(names or sorted(set(classes.values())))
        known = {key: name for key, name in classes.items() if name in self.names}
        if not known:
            raise ValueError(f"no picture is of a class that is known; there are {_a_few(self.names)}")
        self.examples: Examples = examples(sources, held_out, among=known)
        self.labels = _numbers(self.examples.keys, known, self.names)
        self.min_colourfulness = min_colourfulness

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> Labelled:  # type: ignore[override]  # no slices
        for number in (*range(index, len(self)), *range(index)):
            picture = self.examples[number]
            if not self.min_colourfulness or _colourfulness(picture) >= self.min_colourfulness:
                plane = np.full((*picture.shape[:2], 1), self.labels[number], np.uint16)
                return np.concatenate([picture.astype(np.uint16), plane], axis=2)
        raise ValueError(f"no picture has a colourfulness of {self.min_colourfulness:g}; --set min_colourfulness=0.0")

    def batches(
        self, settings: CropSettings, batch: int, steps: range, workers: int
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Squares of the steps, sRGB 0..1 (batch, 3, side, side), and their classes (batch,), int64.

        Args:
            settings: of the squares.
            batch: squares of a step.
            steps: which steps; a step's squares depend on its number alone.
            workers: processes that decode pictures.
        """
        data = self.examples
        for cut, _ in squares(self, data.boxes, settings, batch, steps, workers, data.chances):
            yield cut[:, :3].float() / 255, cut[:, 3, 0, 0].long()


def _numbers(keys: Sequence[str], classes: Mapping[str, str], names: Sequence[str]) -> list[int]:
    number = {name: i for i, name in enumerate(names)}
    return [number[classes[key]] for key in keys]


def _colourfulness(picture: NDArray[Any]) -> float:
    few = torch.from_numpy(picture[::SAMPLED, ::SAMPLED].copy()).permute(2, 0, 1)[None]
    return float(colourfulness(few.float() / 255, is_absolute=True))


def _a_few(names: Sequence[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
