"""Classes of pictures: by the folders that they lie in, or from a table."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pipelines.media.pictures import Pictures

HEADER = ("key", "class")


def labels_of(classes: Mapping[str, str]) -> dict[str, int]:
    """Numbers of classes by key, from 0 in the order of their names."""
    kinds = sorted(set(classes.values()))
    return {key: kinds.index(name) for key, name in classes.items()}


def classes_by_folder(sources: Sequence[Path]) -> dict[str, str]:
    """The class of each picture by its key: the folder that it lies in.

    Raises:
        ValueError: all lie in one.
    """
    found = {Path(name).stem: Path(name).parent.name for _, name in Pictures(sources).keys}
    if len(set(found.values())) < 2:
        raise ValueError("all pictures lie in one folder; sort them into folders by class, or give --classes")
    return found


def read_classes(path: Path) -> dict[str, str]:
    """The class of each picture by its key, from lines of both with a tab between, under `key` and `class` or not.

    Raises:
        ValueError: a line is not of this form; it names the line.
    """
    found = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        key, tab, name = line.partition("\t")
        if (number, key, name) == (1, *HEADER):
            continue
        if not (key and tab and name):
            raise ValueError(f"{path}, line {number}: a line must be a key and a class, with a tab between")
        found[key] = name
    return found
