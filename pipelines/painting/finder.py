"""Detectors of the instances in anchors."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.compact.detector import best_boxes
from models.compact.network import Compact
from models.judges.maskrcnn import MIN_SCORE, find_instances
from models.networks import NETWORKS
from pipelines.painting.device import half_precision, wait_for
from pipelines.painting.size import network_size

OWN_MIN_SCORE = 0.3
"""Score from which a find of the network that ships counts."""


@dataclass(frozen=True)
class Found:
    """The instances found in a batch of anchors."""

    boxes: list[Tensor]
    """For each anchor (K, 6), as in `frames.InstanceBatch`."""
    features: tuple[Tensor, ...] | None = None
    """The encoder's features, where the network that paints has looked for instances itself; None: it has not."""


Finder = Callable[[Tensor, int], Found]
"""Lightness (N, 1, h, w), 0..100, and how many instances of an anchor at most, to what was found."""


@dataclass(frozen=True)
class OwnFinder:
    """The detector of the network that ships."""

    network: Compact
    is_painter: bool
    """Whether this very network paints, and can go on from the features."""
    least_score: float = OWN_MIN_SCORE

    def __call__(self, lightness: Tensor, most: int) -> Found:
        """The best boxes, and the features where they are of use."""
        seen = lightness if self.is_painter else _at_its_own_size(lightness)
        with torch.autocast(lightness.device.type, dtype=half_precision(lightness.device)):
            features = self.network.features(seen)
            found = self.network.find(features)
        wait_for(lightness.device)
        boxes = best_boxes(found, self.least_score, most)
        return Found(boxes, tuple(features) if self.is_painter else None)


def _at_its_own_size(lightness: Tensor) -> Tensor:
    """The pictures at the size that the network that ships learned from: it does not know things of twice that size."""
    size = network_size(lightness.shape[-2], lightness.shape[-1], NETWORKS["compact"].sees.rows)
    small = F.interpolate(lightness, size=size, mode="bilinear", antialias=True)
    return small.to(memory_format=torch.channels_last)


@dataclass(frozen=True)
class MaskRcnnFinder:
    """torchvision's Mask R-CNN."""

    network: nn.Module
    least_score: float = MIN_SCORE

    def __call__(self, lightness: Tensor, most: int) -> Found:
        """The best boxes."""
        return Found(find_instances(self.network, lightness, self.least_score, most))
