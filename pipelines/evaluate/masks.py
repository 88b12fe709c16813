"""Class maps of pictures, and the things in them: connected places of one class."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.media.maps import Maps

Mask = NDArray[np.bool_]
SMALLEST, LARGEST = 0.03, 0.6
"""Shares of the picture that a thing takes."""
PERSON = 15
"""Class of PASCAL VOC's 21, in the maps; 0 is background."""


class Masks:
    """Class maps in a zip file or a folder of PNGs, by the key of their picture: their file name without the suffix.

    Raises:
        ValueError: there are none.
    """

    def __init__(self, path: Path) -> None:
        self.maps = Maps(path)
        self.names = self.maps.names

    def classes(self, key: str, height: int, width: int) -> NDArray[np.uint8]:
        """The classes of a picture's places, (H, W)."""
        return self.maps.read(key, height, width)

    def largest(self, key: str, height: int, width: int) -> Mask | None:
        """The largest thing in a picture, (H, W); None where there is none of a size that counts."""
        classes = self.classes(key, height, width)
        things = [thing for label in np.unique(classes[classes > 0]) for thing in _connected(classes == label)]
        fit = [thing for thing in things if SMALLEST <= thing.mean() <= LARGEST]
        return max(fit, key=np.sum, default=None)


def _connected(mask: Mask) -> list[Mask]:
    count, labels = cv2.connectedComponents(mask.astype(np.uint8))
    return [labels == number for number in range(1, count)]
