"""Colour pictures for training and evaluation, from folders, zip files and WebDataset shards, and boxes in them."""

import functools
import io
import json
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

Picture = NDArray[np.uint8]
"""(H, W, 3), sRGB."""
SUFFIXES = {".avif", ".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"}
DAMAGE = (OSError, SyntaxError, ValueError, EOFError, KeyError, struct.error, zlib.error, zipfile.BadZipFile)
"""Exceptions that Pillow and zipfile raise at damaged data."""


class _Source(Protocol):
    """A folder or file of pictures."""

    names: list[str]

    def read(self, name: str) -> bytes:
        """The file of that name."""


def _pictures_among(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if Path(name).suffix.lower() in SUFFIXES)


class _Folder:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.names = _pictures_among(found.relative_to(path).as_posix() for found in path.rglob("*"))

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()


def pictures_in(folder: Path) -> list[Path]:
    """The files under a folder that are pictures by their suffix."""
    return [folder / name for name in _Folder(folder).names]


@functools.cache
def open_zip(path: Path, _process: int) -> zipfile.ZipFile:
    """One handle a process: forked readers that share a file offset would read each other's bytes."""
    return zipfile.ZipFile(path)


class _Zip:
    def __init__(self, path: Path) -> None:
        self.path = path
        with zipfile.ZipFile(path) as archive:
            self.names = _pictures_among(archive.namelist())

    def read(self, name: str) -> bytes:
        return open_zip(self.path, os.getpid()).read(name)


class _Shard:
    """A tar file, whose headers are read once.

    As in WebDataset, what follows a name's first dot tells the kind: 000123.jpg is a picture, 000123.mask.png is not.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with tarfile.open(path, "r:") as shard:
            members = [m for m in shard if m.isreg() and Path(m.name).name.count(".") == 1]
        self.places = {member.name: (member.offset_data, member.size) for member in members}
        self.names = _pictures_among(self.places)

    def read(self, name: str) -> bytes:
        offset, size = self.places[name]
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(size)


def _source(path: Path) -> _Source:
    if path.is_dir():
        return _Folder(path)
    if not path.exists():
        raise ValueError(f"{path}: no such file or folder; check its name")
    try:
        return _Zip(path) if zipfile.is_zipfile(path) else _Shard(path)
    except (tarfile.TarError, *DAMAGE) as error:
        kinds = "a folder, a zip file or an uncompressed tar file"
        raise ValueError(f"{path}: cannot be opened ({error}); give {kinds} of pictures") from error


class Pictures(Sequence[Picture]):
    """The pictures of folders (searched in depth), zip files and WebDataset shards, decoded when asked for.

    Raises:
        ValueError: a source cannot be opened or holds no pictures, or, when asked for, a picture is damaged.
    """

    def __init__(self, sources: Sequence[Path]) -> None:
        self.sources = {path: _source(path) for path in sources}
        self.keys = [(path, name) for path in sources for name in self.sources[path].names]
        """The source of each picture, and its name there."""
        for path, source in self.sources.items():
            if not source.names:
                raise ValueError(f"{path}: no pictures in it; it must hold {', '.join(sorted(SUFFIXES))} files")

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, index: int) -> Picture:  # type: ignore[override]  # no slices
        path, name = self.keys[index]
        try:
            with Image.open(io.BytesIO(self.sources[path].read(name))) as opened:
                return np.array(opened.convert("RGB"))
        except DAMAGE as error:
            reason = "unknown format" if isinstance(error, UnidentifiedImageError) else error
            raise ValueError(f"{path}, {name}: not a picture that can be read ({reason}); take it out") from error


def _boxes(found: Any) -> NDArray[np.float32]:
    """Boxes as JSON gives them, checked: (K, 6)."""
    boxes = np.array(found, np.float32).reshape(len(found), 6)
    x0, y0, x1, y1, kind, score = boxes.T
    if not np.all((x0 >= 0) & (x0 < x1) & (x1 <= 1) & (y0 >= 0) & (y0 < y1) & (y1 <= 1)):
        raise ValueError("corners must be shares of the sides, the upper left one first")
    if not np.all((kind >= 0) & (kind == np.floor(kind)) & (score >= 0) & (score <= 1)):
        raise ValueError("a class must be a whole number, a score 0 to 1")
    return boxes


def read_boxes(path: Path) -> dict[str, NDArray[np.float32]]:
    """Boxes of the instances in pictures, by the stem of a picture's file name.

    Args:
        path: a line of JSON for each picture: {"key": stem, "boxes": [[x0, y0, x1, y1, class, score], ...]}.

    Returns:
        (K, 6) for each key: corners as shares of width and height, class as a number, score 0..1.

    Raises:
        ValueError: a line is not of this form, or repeats a key; it names the file and the line.
    """
    boxes: dict[str, NDArray[np.float32]] = {}
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                entry = json.loads(line)
                key, found = entry["key"], _boxes(entry["boxes"])
                if not isinstance(key, str) or key in boxes:
                    raise ValueError(f"key {key!r} is no text, or was there before")
            except (ValueError, TypeError, KeyError) as error:
                form = '{"key": name, "boxes": [[x0, y0, x1, y1, class, score], ...]}'
                raise ValueError(f"{path}, line {number}: {error}; a line must be {form}") from error
            boxes[key] = found
    return boxes
