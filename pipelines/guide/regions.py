"""Regions of a frame that a person gives one colour, or none."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.errors import InputError
from pipelines.frames import Layer
from pipelines.guide.painted import read_picture
from pipelines.ranges import in_seconds
from pipelines.settings import Hint
from pipelines.source import Film

FINE = 4
"""Bits of a pixel to which corners are drawn."""
RIM = 0.8
"""Pixels: sigma of the blur of a region's rim."""


def region_layer(film: Film, region: Hint) -> Layer:
    """The colour of a region, at the film's size, upright.

    Raises:
        InputError: it lies outside the picture.
        SettingsError: its mask cannot be read.
    """
    picture = film.picture
    rows, columns = picture.upright((picture.height, picture.width))
    share = np.asarray(cv2.GaussianBlur(_drawn(region, rows, columns), (0, 0), RIM), np.float32)
    if share.max() == 0:
        what = f"a region lies outside the picture ({columns}x{rows})"
        raise InputError(film.path, what, "change it in the hints", in_seconds(region.time))
    ab = np.broadcast_to(np.array(region.ab, np.float32), (rows, columns, 2))
    return Layer(np.ascontiguousarray(ab), share)


def _drawn(region: Hint, rows: int, columns: int) -> NDArray[np.float32]:
    """The region's share of each pixel, 0..1."""
    if region.mask is not None:
        mask = read_picture(region.mask)
        drawn = mask.rgb.mean(axis=2) if mask.alpha.min() == 1 else mask.alpha
        return np.asarray(cv2.resize(drawn, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)
    corners = np.rint(np.array(region.outline, np.float64) * (1 << FINE)).astype(np.int32)
    share = np.zeros((rows, columns), np.uint8)
    cv2.fillPoly(share, [corners], 255, cv2.LINE_AA, FINE)
    return share.astype(np.float32) / np.float32(255)
