"""Colours that lie over others, as far as their share says."""

import cv2
import numpy as np

from pipelines.frames import Layer
from pipelines.motion.flow import FloatPicture


def laid_over(ab: FloatPicture, layer: Layer, size: tuple[int, int]) -> FloatPicture:
    """Colours with a layer over them, ab and the layer's share: (rows, columns, 3), rows and columns as in `size`."""
    under, over, share = (_at_size(picture, size) for picture in (ab, layer.ab, layer.share))
    return np.dstack([under + (over - under) * share[..., None], share])


def _at_size(picture: FloatPicture, size: tuple[int, int]) -> FloatPicture:
    if picture.shape[:2] == size:
        return picture
    how = cv2.INTER_AREA if picture.shape[0] > size[0] else cv2.INTER_LINEAR
    return cv2.resize(picture, size[::-1], interpolation=how)
