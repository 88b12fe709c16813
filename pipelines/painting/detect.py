"""Finds the instances in the anchors, so that each can be coloured on its own.

The network that ships finds them in the features from which it colours, too: these go along with the anchors.
"""

from dataclasses import dataclass

import numpy as np
import torch

from pipelines.frames import AnchorBatch, InstanceBatch
from pipelines.painting.finish import lightness_of
from pipelines.painting.painter import Painter

BOX_FIELDS = 6


def without_instances(anchors: AnchorBatch) -> InstanceBatch:
    """The anchors with no instances: only the full frame is coloured."""
    return InstanceBatch(anchors, tuple(np.empty((0, BOX_FIELDS), np.float32) for _ in anchors.pts))


@dataclass
class Detect:
    """The stage: the best boxes of each anchor, at most as many as the settings say."""

    painter: Painter

    @torch.inference_mode()
    def __call__(self, anchors: AnchorBatch) -> InstanceBatch:
        """Boxes of a batch of anchors, and the encoder's features.

        The network always gets a full batch, filled up with black, so that what is found does not depend, not even in
        the last bit, on how many others came with an anchor.
        """
        painter, find = self.painter, self.painter.find
        if find is None or not painter.instances:
            return without_instances(anchors)
        found = find(lightness_of(anchors, painter.batch, painter.device), painter.instances)
        boxes = found.boxes[: len(anchors.pts)]
        return InstanceBatch(anchors, tuple(table.cpu().numpy() for table in boxes), found.features)
