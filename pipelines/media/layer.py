"""The colour alone, as a layer to be laid over the film, in one of two forms.

Even: Cb and Cr of the result over Y' of mid gray, for programs that put the film's Y' in its place.

Alpha: straight alpha, for programs that lay one picture over another. The result is the film with a coloured gray in
place of each gray. Alpha is how far the colour goes towards the purest that this gray could have, and the layer shows
that purest colour. Its Y' is the film's, so R'G'B' of the layer times alpha and of the film times the rest add up to
the result, and alpha 0 leaves the film as it is.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from models.colour.colorspace import luma_span
from pipelines.frames import Luma
from pipelines.media.target import Target

REACH = 8
"""Pixels to each side from which alpha takes the most, so that it is smooth and small in the file: a colour less pure
under more alpha adds up to the same."""
STEPS = 32
"""Steps of alpha from 0 to 1: its stretches of one value take few bytes."""
MIN_ROOM = 1e-3
"""Of 1: least room for colour above or below Y' that is divided by."""


def layered(target: Target, luma: Luma, cb: Luma, cr: Luma) -> tuple[Luma, ...]:
    """The planes that are written of a coloured frame: as they are where the target is no layer.

    Args:
        target: what is written.
        luma: (H, W), code values of the target.
        cb: at the size of the target's chroma planes, code values.
        cr: as cb.

    Returns:
        Y', Cb and Cr, and alpha, full range, where the layer has it.
    """
    if target.layer == "alpha":
        return _with_alpha(target, luma, cb, cr)
    return luma_in(target, luma), cb, cr


def luma_in(target: Target, luma: Luma) -> Luma:
    """Y' (H, W) as it is written: of a layer over even luma the code half-way between black and white."""
    if target.layer != "even":
        return luma
    black, white = luma_span(target.bits, target.is_full_range)
    return np.full_like(luma, (black + white + 1) // 2)


def _with_alpha(target: Target, luma: Luma, cb: Luma, cr: Luma) -> tuple[Luma, ...]:
    most, middle = (1 << target.bits) - 1, 1 << (target.bits - 1)
    steps = np.ceil(_smooth(_purity(target, luma, cb, cr)) * STEPS)  # fewer would ask for purer colours than there are
    share = np.ceil(steps.clip(0, STEPS) * np.float32(most / STEPS))
    scale = most / np.maximum(share, 1)
    pure = (np.rint((plane - np.float32(middle)) * scale + middle).clip(0, most) for plane in (cb, cr))
    return luma, *(plane.astype(np.uint16) for plane in (*pure, share))


def _purity(target: Target, luma: Luma, cb: Luma, cr: Luma) -> NDArray[np.float32]:
    """How far each pixel's colour goes towards the purest that R'G'B' of its Y' can have, 0 to 1: (H, W)."""
    of_red, of_blue = target.luma_weights
    black, white = luma_span(target.bits, target.is_full_range)
    middle = 1 << (target.bits - 1)
    gain = 2 / ((1 << target.bits) - 1 if target.is_full_range else 224 << (target.bits - 8))
    y = (luma.astype(np.float32) - black) / np.float32(white - black)
    blue, red = (
        (plane.astype(np.float32) - middle) * np.float32(gain * (1 - weight))
        for plane, weight in ((cb, of_blue), (cr, of_red))
    )
    green = (red * np.float32(of_red) + blue * np.float32(of_blue)) * np.float32(-1 / (1 - of_red - of_blue))
    above, below = np.maximum(np.maximum(red, green), blue), -np.minimum(np.minimum(red, green), blue)
    purity: NDArray[np.float32] = np.maximum(above / np.maximum(1 - y, MIN_ROOM), below / np.maximum(y, MIN_ROOM))
    return purity.clip(0, 1)


def _smooth(purity: NDArray[np.float32]) -> NDArray[np.float32]:
    """The most around each pixel, averaged as far: nowhere less than it was."""
    side = 2 * REACH + 1
    return np.asarray(cv2.blur(cv2.dilate(purity, np.ones((side, side), np.uint8)), (side, side)), np.float32)
