"""Local flicker: light that breathes differently from place to place, measured along motion over a few frames."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.frames import Luma
from pipelines.motion.flow import FloatPicture, Flow, brought, joined
from pipelines.repair.references import motion, without_specks

ROWS = 120
"""Pixels: short side of the small pictures in which light is compared."""
REACH, SIGMA = 5, 2.5
"""Frames looked at on either side, and sigma of their weight."""
PLACE = 1 / 32
"""Of the width: sigma of the blur that leaves light and no things."""
FOOT = 8.0
"""Levels added before light is divided: the noise of black is no flicker."""
LIKE = 0.25
"""Logarithm of a ratio, beyond the frame's own, at which two places hardly show one thing."""
MAX_CHANGE = 0.4
"""Logarithm of the gain of a whole frame beyond which it is a flash, or a cut."""
DEEP, SHALLOW = 1, 4
"""Levels above black up to which nothing changes, and from which on all does."""


def small(luma: Luma, bits: int) -> FloatPicture:
    """(h, w), float32 levels, a small picture of a frame (H, W)."""
    factor = min(1.0, ROWS / min(luma.shape))
    size = (max(1, round(luma.shape[1] * factor)), max(1, round(luma.shape[0] * factor)))
    return cv2.resize(luma, size, interpolation=cv2.INTER_AREA).astype(np.float32) / (1 << (bits - 8))


def step(one: FloatPicture, other: FloatPicture) -> tuple[Flow, Flow]:
    """The flow from one small picture (h, w) to the next, and that back, whatever their light."""
    first, second = _detail(one), _detail(other)
    return motion(first, second), motion(second, first)


def _detail(picture: FloatPicture) -> NDArray[np.uint8]:
    light = cv2.GaussianBlur(picture, (0, 0), PLACE * 2 * picture.shape[1])
    return without_specks(np.clip(128 + 2 * (picture - light), 0, 255).astype(np.uint8))


def gain(smalls: Sequence[FloatPicture], steps: Sequence[tuple[Flow, Flow]], at: int) -> FloatPicture:
    """(h, w), the factor that gives a frame the light of the trend around it; 1 where it has it.

    Args:
        smalls: of the unlike frames of one shot around it, at most REACH on either side.
        steps: flows between each and the next, see `step`.
        at: which of them the frame is.
    """
    own = np.log(smalls[at] + FOOT)
    ratios, offsets = [np.zeros_like(own)], [0]
    for way in (1, -1):
        flow: Flow | None = None
        other = at + way
        while 0 <= other < len(smalls) and abs(other - at) <= REACH:
            forth = steps[other - 1][0] if way > 0 else steps[other][1]
            flow = forth if flow is None else joined(flow, forth)
            ratio = np.log(brought(smalls[other], flow) + FOOT) - own
            if abs(float(np.median(ratio))) > MAX_CHANGE:
                break
            ratios.append(ratio)
            offsets.append(other - at)
            other += way
    if len(ratios) < 3:
        return np.ones_like(own)
    return cv2.exp(_light(np.stack(ratios), np.array(offsets, np.float32)))


def _light(ratios: NDArray[np.float32], offsets: NDArray[np.float32]) -> FloatPicture:
    """(h, w), the logarithm of the gain: the line through the ratios over time, where it passes the frame itself."""
    sigma = PLACE * ratios.shape[2]
    wide = [cv2.GaussianBlur(ratio, (0, 0), sigma) for ratio in ratios]
    trust = np.stack(
        [cv2.exp(-np.square((ratio - light) / np.float32(LIKE))) for ratio, light in zip(ratios, wide, strict=True)]
    )
    light = np.stack(
        [
            cv2.GaussianBlur(ratio * sure, (0, 0), sigma)
            / np.maximum(cv2.GaussianBlur(sure, (0, 0), sigma), np.float32(1e-3))
            for ratio, sure in zip(ratios, trust, strict=True)
        ]
    )
    weight = np.exp(-0.5 * np.square(offsets / SIGMA))
    zero, one, two = (float((weight * offsets**power).sum()) for power in range(3))
    line = weight * (two - one * offsets) / max(zero * two - one * one, 1e-6)
    return np.tensordot(line.astype(np.float32), light, 1)


def evened(luma: Luma, factor: FloatPicture, bits: int, black: float = 0) -> Luma:
    """A frame (H, W) of `bits` bits with its light times a small picture of factors.

    Args:
        luma: (H, W).
        factor: (h, w), see `gain`.
        bits: 8 to 16.
        black: level of black: 16 where the range is limited.
    """
    unit = np.float32(1 << (bits - 8))
    light = luma.astype(np.float32) / unit - np.float32(black)
    share = np.clip((light - DEEP) / (SHALLOW - DEEP), 0, 1)
    wide = cv2.resize(factor, luma.shape[::-1], interpolation=cv2.INTER_LINEAR)
    changed = (light + share * light * (wide - 1) + np.float32(black)) * unit
    whole: Any = np.clip(np.rint(changed), 0, (1 << bits) - 1)
    return whole.astype(luma.dtype)
