"""Frames that repeat the one before them, as changed frame rates leave them: twins."""

import cv2
import numpy as np

from pipelines.frames import Luma
from pipelines.repair.levels import eight_bits

MEAN = 0.4
"""Levels by which twins differ in the mean: what a codec makes of one frame twice."""
FAR, SHARE = 12, 0.001
"""Levels by which a sample differs that is not the same one coded again, and the share of them that twins may have."""


def is_twin(luma: Luma, before: Luma, bits: int) -> bool:
    """Whether a frame (H, W) is the one before it shown again."""
    difference = cv2.absdiff(eight_bits(luma, bits), eight_bits(before, bits))
    if cv2.mean(difference)[0] > MEAN:
        return False
    return int(np.count_nonzero(difference > FAR)) <= SHARE * difference.size
