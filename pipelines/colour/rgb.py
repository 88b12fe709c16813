"""Coloured frames as R'G'B', for eyes and measures."""

import cv2
import numpy as np
from numpy.typing import NDArray

from models.colour.colorspace import luma_span
from pipelines.frames import ColouredFrame
from pipelines.media.target import Target


def rgb_of(coloured: ColouredFrame, target: Target) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """R'G'B' (H, W, 3), 0 to 1, of a frame without and with its colour; luma and chroma are in the target's codes."""
    black, white = luma_span(target.bits, target.is_full_range)
    luma = ((coloured.frame.luma.astype(np.float32) - black) / (white - black))[..., None]
    span = (1 << target.bits) - 1 if target.is_full_range else 224 << (target.bits - 8)
    size = luma.shape[1], luma.shape[0]
    planes = [
        cv2.resize(plane.astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
        for plane in (coloured.cb, coloured.cr)
    ]
    cb, cr = ((plane - (1 << (target.bits - 1))) / span for plane in planes)
    red, blue = target.luma_weights
    of_red, of_blue = 2 * (1 - red) * cr, 2 * (1 - blue) * cb
    of_green = -(red * of_red + blue * of_blue) / (1 - red - blue)
    before = np.repeat(luma, 3, axis=2)
    return before.clip(0, 1), (before + np.stack([of_red, of_green, of_blue], axis=2)).clip(0, 1)
