"""Classes of pictures and of their places, PASCAL VOC's too, and which pictures test."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from pipelines.evaluate.masks import Masks
from pipelines.media.labels import labels_of

TESTED = 4
"""One picture of so many is held out to test on, where nothing else says which."""
VOC_SETS = [("trainval", "test"), ("train", "val")]
"""Lists of PASCAL VOC to learn from and to test on, the first of which both are there."""


def is_tested(key: str) -> bool:
    """Whether a picture is one to test on: the same for the same key."""
    return zlib.crc32(key.encode()) % TESTED == 0


@dataclass(frozen=True)
class Classes:
    """Classes of pictures."""

    names: list[str]
    """By their numbers."""
    of: dict[str, Tensor]
    """By the picture's key: the number of its class, (), int64; or, where a picture has several, 1 or 0 for each class,
    NaN where it does not count, (K,), float32."""
    is_tested: Callable[[str], bool] = is_tested


@dataclass(frozen=True)
class Places:
    """Classes of the places in pictures."""

    masks: Masks
    is_tested: Callable[[str], bool] = is_tested


def one_each(names: Mapping[str, str]) -> Classes:
    """Classes of pictures that have one each: by the picture's key, its name."""
    numbers = labels_of(names)
    return Classes(sorted(set(names.values())), {key: torch.tensor(number) for key, number in numbers.items()})


def is_voc(folder: Path) -> bool:
    """Whether this is a folder of PASCAL VOC as it unpacks, such as VOCdevkit/VOC2007."""
    return (folder / "JPEGImages").is_dir() and (folder / "ImageSets" / "Main").is_dir()


def read_voc(folder: Path) -> tuple[Classes, Places | None]:
    """Classes and class maps of PASCAL VOC (Everingham et al., IJCV 2010), with its own pictures to test on.

    Probes learn from trainval and are tested on test where test has labels, as in 2007, else from train and on val.
    Difficult ones (0 in the lists) count neither way.

    Raises:
        ValueError: lists of two sets are not there.
    """
    main = folder / "ImageSets" / "Main"
    taught, tested = _sets(main, lambda name: any(main.glob(f"*_{name}.txt")))
    names = sorted(path.name.removesuffix(f"_{taught}.txt") for path in main.glob(f"*_{taught}.txt"))
    said: dict[str, list[float]] = {}
    for number, name in enumerate(names):
        for part in (taught, tested):
            for line in (main / f"{name}_{part}.txt").read_text("utf-8").splitlines():
                key, value = line.split()
                said.setdefault(key, [float("nan")] * len(names))[number] = {"1": 1.0, "-1": 0.0}.get(
                    value, float("nan")
                )
    test = set(_keys(main, tested))
    classes = Classes(names, {key: torch.tensor(row) for key, row in said.items()}, test.__contains__)
    return classes, _voc_places(folder)


def _voc_places(folder: Path) -> Places | None:
    lists, maps = folder / "ImageSets" / "Segmentation", folder / "SegmentationClass"
    if not lists.is_dir() or not maps.is_dir():
        return None
    masks = Masks(maps)
    taught, tested = _sets(lists, lambda name: any(key in masks.names for key in _keys(lists, name)))
    test = set(_keys(lists, tested))
    masks.names = {key: masks.names[key] for key in (*_keys(lists, taught), *test) if key in masks.names}
    return Places(masks, test.__contains__)


def _sets(lists: Path, has_labels: Callable[[str], bool]) -> tuple[str, str]:
    for pair in VOC_SETS:
        if all((lists / f"{name}.txt").is_file() and has_labels(name) for name in pair):
            return pair
    pairs = " or ".join(" and ".join(f"{name}.txt" for name in pair) for pair in VOC_SETS)
    raise ValueError(f"{lists}: no lists to learn from and to test on; it must hold {pairs}, with labels")


def _keys(lists: Path, name: str) -> list[str]:
    return [line.split()[0] for line in (lists / f"{name}.txt").read_text("utf-8").splitlines() if line.strip()]
