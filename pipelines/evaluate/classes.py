"""Classes of pictures and of their places: from folders, a table, class maps or PASCAL VOC; and which pictures test."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from pipelines.evaluate.masks import Masks
from pipelines.media.pictures import Pictures

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


def _of_names(names: dict[str, str]) -> Classes:
    kinds = sorted(set(names.values()))
    return Classes(kinds, {key: torch.tensor(kinds.index(name)) for key, name in names.items()})


def classes_by_folder(sources: Sequence[Path]) -> Classes | None:
    """Classes by the folder in which each picture lies; None where all lie in one."""
    found = {Path(name).stem: Path(name).parent.name for _, name in Pictures(sources).keys}
    return _of_names(found) if len(set(found.values())) > 1 else None


def read_classes(path: Path) -> Classes:
    """Classes from a table: lines of a picture's key and its class, with a tab between.

    Raises:
        ValueError: a line is not of this form; it names the line.
    """
    found = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        key, tab, name = line.partition("\t")
        if not (key and tab and name):
            raise ValueError(f"{path}, line {number}: a line must be a key and a class, with a tab between")
        found[key] = name
    return _of_names(found)


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
