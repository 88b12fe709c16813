"""How far the colour of a point reaches: through the thing that it lies on, as far as the network's colours show one.

A network colours whatever looks like the place of a point, another's coat or a face, too, and goes but a part of the
way to the colour. It paints with the points and without them; the change is kept where it is joined to a point, and
nearly as strong as there, and what the point's own place lacks of its colour is added there.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.frames import HintTable

ANOTHER, SAME = 0.45, 0.7
"""Of the change at a point: up to the first a place shows another thing, from the second on the same."""
MIN_CHANGE = 4.0
"""Of ab, at a point: with less it asks for what is there already."""
TINY = np.float32(1e-6)
"""Keeps a mean of nothing finite."""
NEAR = 64
"""Of the picture's rows: half the side of the windows in which holes are closed, and in which a thing's rim may lie."""
FloatPicture = NDArray[np.float32]


def held(pointed: FloatPicture, plain: FloatPicture, points: HintTable) -> FloatPicture:
    """The colours of one anchor with its points, as far as these reach.

    Args:
        pointed: (h, w, 2), ab as painted with the points.
        plain: (h, w, 2), ab without them.
        points: of the anchor.
    """
    if not len(points):
        return pointed
    rows, columns = plain.shape[:2]
    side = 2 * (rows // NEAR) + 1
    window = np.ones((side, side), np.uint8)
    change = cv2.blur(pointed - plain, (side, side))
    lacks, weight, reached = (
        np.zeros_like(plain),
        np.full((rows, columns, 1), TINY, np.float32),
        np.zeros_like(plain[..., :1]),
    )
    for x, y, *asked in points:
        place = min(int(y * rows), rows - 1), min(int(x * columns), columns - 1)
        own = change[place]
        size = float(own @ own)
        if size < MIN_CHANGE**2:
            continue
        share = _thing(change @ own / np.float32(size), place, window)[..., None]
        lacks += share * (np.array(asked, np.float32) - plain[place] - own)
        weight, reached = weight + share, np.maximum(reached, share)
    return np.asarray(plain + (pointed - plain + lacks / weight) * reached, np.float32)


def _thing(like: FloatPicture, place: tuple[int, int], window: NDArray[np.uint8]) -> FloatPicture:
    """The share of each place in the thing that a point lies on, 0..1, from how its change is like the point's, 1."""
    _, parts = cv2.connectedComponents((like >= SAME).astype(np.uint8))
    is_joined = parts == parts[place]
    core = cv2.morphologyEx(is_joined.astype(np.uint8), cv2.MORPH_CLOSE, window)
    rim = cv2.dilate(core, window) * ((like - ANOTHER) / (SAME - ANOTHER)).clip(0, 1)
    return cv2.blur(np.maximum(core, rim).astype(np.float32), (3, 3))
