"""Training pictures with maps of where people look, beside their colours."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.media.maps import SaliencyMaps
from pipelines.training.examples import Examples


class WithSaliency(Sequence[NDArray[np.uint8]]):
    """Pictures (H, W, 4): sRGB, and the map, 0..255.

    Args:
        data: images that have maps.
        maps: theirs.
    """

    def __init__(self, data: Examples, maps: SaliencyMaps) -> None:
        self.data, self.keys, self.maps = data, data.keys, maps

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, index: int) -> NDArray[np.uint8]:  # type: ignore[override]  # no slices
        picture = self.data[index]
        return np.dstack([picture, self.maps.of(self.keys[index], *picture.shape[:2])])
