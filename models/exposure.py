"""Pictures brought to one exposure: what a network sees must not depend on how a film was printed or scanned."""

import torch
import torch.nn.functional as F
from torch import Tensor

ORDER = 6
"""Of the Minkowski mean: between the mean (1) and the brightest place (infinity), as Shades of Gray takes it."""
BLOCK = 8
"""Pixels, a side, over which lightness is averaged first: grain, specks and glints must not count."""
LEVEL = 71.0
"""L* to which the Minkowski mean is brought: that of the training pictures is, in the mean, about a tenth below."""
LEAST_GAIN, LARGEST_GAIN = 0.7, 1.6
"""A night stays darker than a day."""


def evenly_exposed(lightness: Tensor) -> Tensor:
    """Each picture's lightness times a factor of its own, which brings its Minkowski mean to LEVEL.

    Finlayson, Trezzi, Shades of Gray and Colour Constancy, CIC 2004, on lightness alone.

    Args:
        lightness: (N, 1, h, w), CIE L* 0..100, h and w at least BLOCK.

    Returns:
        (N, 1, h, w), float32, 0..100.
    """
    with torch.autocast(lightness.device.type, enabled=False):
        lightness = lightness.float()
        blocks = F.avg_pool2d(lightness, BLOCK).flatten(1)
        mean = (blocks**ORDER).mean(dim=1) ** (1 / ORDER)
        gain = (LEVEL / mean.clamp(min=1e-3)).clamp(LEAST_GAIN, LARGEST_GAIN)
        return (lightness * gain[:, None, None, None]).clamp(max=100)
