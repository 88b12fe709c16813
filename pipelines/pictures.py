"""Colour pictures for training and evaluation, from zip files and folders."""

import functools
import io
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.uint8]
"""(H, W, 3), sRGB."""
SUFFIXES = {".avif", ".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"}


@functools.cache
def _archive(path: Path, _process: int) -> zipfile.ZipFile:
    """One handle a process: forked readers that share a file offset would read each other's bytes."""
    return zipfile.ZipFile(path)


def _names(source: Path) -> list[str]:
    if source.is_dir():
        found = [path.relative_to(source).as_posix() for path in source.rglob("*")]
    else:
        with zipfile.ZipFile(source) as archive:
            found = archive.namelist()
    return sorted(name for name in found if Path(name).suffix.lower() in SUFFIXES)


class Pictures(Sequence[Picture]):
    """The pictures of zip files and folders (searched in depth), decoded when asked for.

    Raises:
        ValueError: a source holds no pictures.
    """

    def __init__(self, sources: Sequence[Path]) -> None:
        self.keys: list[tuple[Path, str]] = []
        for source in sources:
            names = _names(source)
            if not names:
                raise ValueError(f"{source}: no pictures found; give a folder or zip of {', '.join(sorted(SUFFIXES))}")
            self.keys += [(source, name) for name in names]

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, index: int) -> Picture:  # type: ignore[override]  # no slices
        source, name = self.keys[index]
        data = (source / name).read_bytes() if source.is_dir() else _archive(source, os.getpid()).read(name)
        with Image.open(io.BytesIO(data)) as opened:
            return np.asarray(opened.convert("RGB"))
