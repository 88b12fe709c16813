"""Maps of pictures, such as classes of places: zip files and folders of PNGs, named like the pictures."""

import io
import os
import zipfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipelines.media.pictures import DAMAGE, open_zip


def _names_in(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


class Maps:
    """Maps in a zip file or a folder of PNGs, by the key of their picture: their file name without the suffix.

    Raises:
        ValueError: it is neither, or has none.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            names = [found.name for found in path.glob("*.png")] if path.is_dir() else _names_in(path)
        except zipfile.BadZipFile as error:
            raise ValueError(f"{path}: not a zip file; give one of .png files named like the pictures") from error
        self.names = {Path(name).stem: name for name in names if name.endswith(".png")}
        if not self.names:
            raise ValueError(f"{path}: no masks in it; it must hold .png files named like the pictures")

    def _bytes(self, name: str) -> bytes:
        if self.path.is_dir():
            return (self.path / name).read_bytes()
        return open_zip(self.path, os.getpid()).read(name)

    def read(self, key: str, height: int, width: int) -> NDArray[np.uint8]:
        """The map of a picture, (H, W), each place with the value nearest to it.

        Raises:
            ValueError: it is damaged.
        """
        try:
            with Image.open(io.BytesIO(self._bytes(self.names[key]))) as opened:
                small = np.array(opened, np.uint8)
        except DAMAGE as error:
            raise ValueError(f"{self.path}, {self.names[key]}: not a map that can be read ({error})") from error
        resized = cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)
        return resized.astype(np.uint8, copy=False)


SALIENT = 255


class SaliencyMaps:
    """Where people look in pictures, by key; what class maps show is salient where no other map is given.

    Args:
        maps: a zip file or folder of PNGs, 0..255.
        classes: a zip file or folder of PNGs, of classes, 0 the background.

    Raises:
        ValueError: one holds no maps.
    """

    def __init__(self, maps: Path | None, classes: Path | None) -> None:
        self.maps = Maps(maps) if maps else None
        self.classes = Maps(classes) if classes else None

    @property
    def keys(self) -> set[str]:
        """Of the pictures that have a map."""
        return {key for source in (self.maps, self.classes) if source for key in source.names}

    def of(self, key: str, height: int, width: int) -> NDArray[np.uint8]:
        """The map of a picture, (H, W), 0..255."""
        if self.maps and key in self.maps.names:
            return self.maps.read(key, height, width)
        if not self.classes:
            raise KeyError(key)
        return np.where(self.classes.read(key, height, width) > 0, np.uint8(SALIENT), np.uint8(0))
