"""How far a flow may be trusted, and how much light there is, by how pictures look where it leads."""

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.motion.flow import COARSE, MAX_BREATH_GAIN, FloatPicture, Flow, blurred, brightness, brought, in_squares

LIGHT_OFFSET = np.float32(16 * 2.55)
"""Added to L* (of 255) where it stands for light: L* + 16 goes with the cube root of light."""
BREATH, FADED = 0.03, 0.1
"""Falls of the logarithm of L* + 16: up to the first the exposure only varies, from the second on the film fades and
colour falls as much."""
LEFT = 0.8
"""Quantile, over bright places, of the share of L* + 16 that is left: it stands for the light of the scene."""
MIN_TRUST = np.float32(1e-3)
"""Above 0, so that weights can be divided by their sum."""


def appearance(lightness: NDArray[Any]) -> FloatPicture:
    """The picture (h, w) as it is compared with others: blurred squares, (h / COARSE, w / COARSE), 0..255."""
    return blurred(in_squares(lightness))


def trust(here: FloatPicture, there: FloatPicture, flow: Flow, residual: float) -> FloatPicture:
    """How well motion explains what is seen, above 0 and up to 1.

    Args:
        here: an appearance, see `appearance`.
        there: the appearance of the picture that the flow leads to.
        flow: from here to there.
        residual: difference of lightness (of 255) at which trust falls to 1/e.

    Returns:
        (h / COARSE, w / COARSE).
    """
    gain, shift = brightness(there, here)
    error = (brought(there, flow) * np.float32(gain) + np.float32(shift) - here) / np.float32(residual)
    return cv2.exp(-error * error) * np.float32(clearness(there, here)) + MIN_TRUST


def dimness(here: FloatPicture, there: FloatPicture, flow: Flow) -> float:
    """Factor on a* and b*, 1 or less, for the light that is less here than there.

    Where light falls to a share of itself, L* + 16, a* and b* all fall to its cube root (CIE 15:2004). It has fallen
    where nearly all that is bright has: what an iris leaves open, and what something dark does not hide, has not.

    Args:
        here: an appearance, see `appearance`.
        there: the appearance of the picture that the flow leads to.
        flow: from here to there.
    """
    seen = brought(there, flow)
    is_bright = seen >= seen.mean(dtype=np.float64)  # in single precision a flat picture may lie below its own mean
    left = float(np.quantile((here[is_bright] + LIGHT_OFFSET) / (seen[is_bright] + LIGHT_OFFSET), LEFT))
    fallen = -math.log(min(1.0, left))
    return math.exp(-fallen * min(1.0, max(0.0, (fallen - BREATH) / (FADED - BREATH))))


def returns(forth: Flow, back: Flow) -> FloatPicture:
    """How nearly a flow comes back from where it leads, above 0 and up to 1."""
    miss = np.square(forth + brought(back, forth)).sum(axis=-1) * np.float32(COARSE**2)
    length = np.square(forth).sum(axis=-1) * np.float32(COARSE**2)
    return 1 / (1 + miss / (1 + np.float32(0.04) * length))


def clearness(picture: FloatPicture, other: FloatPicture) -> float:
    """How clearly one picture's appearance shows what there is to see in another's, 0 to 1.

    A flash or a fade flattens what it hides: then contrast is missing.
    """
    spread, wanted = (float(np.ravel(cv2.meanStdDev(one))[1]) for one in (picture, other))
    return min(1.0, MAX_BREATH_GAIN * spread / wanted) if wanted > 1 else 1.0
