"""The network on anchors and their instances, in batches: lightness to ab."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.colour.finish import Finish
from models.network_input import NetworkInput
from models.paint import paint
from pipelines.frames import AnchorBatch, InstanceBatch, Painted
from pipelines.painting.device import half_precision, wait_for
from pipelines.painting.finish import lightness_of
from pipelines.painting.painter import Painter


@dataclass
class Colorize:
    """The stage: full frame and instances of each anchor, fused."""

    painter: Painter

    @torch.inference_mode()
    def __call__(self, batch: InstanceBatch) -> Painted:
        """ab of a batch of anchors, as the network gives it.

        The network always gets a full batch, filled up with black, so that an anchor's colour does not depend, not even
        in the last bit, on how many others came with it.
        """
        painter, device = self.painter, self.painter.device
        with torch.autocast(device.type, dtype=half_precision(device), enabled=painter.kind.in_bf16):
            small = paint(painter.kind, painter.network, self._seen(batch))
        wait_for(device)
        ab = small.permute(0, 2, 3, 1).contiguous().cpu()
        return Painted(ab[: len(batch.anchors.pts)].numpy(), painter.finish)

    def _seen(self, batch: InstanceBatch) -> NetworkInput:
        owners = [number for number, of_one in enumerate(batch.boxes) for _ in of_one]
        return NetworkInput(
            lightness=lightness_of(batch.anchors, self.painter.batch, self.painter.device),
            rows=self.painter.rows,
            boxes=torch.from_numpy(np.concatenate(batch.boxes)[:, :4]),
            owners=torch.tensor(owners, dtype=torch.int64),
            hints=_hint_rows(batch.anchors, self.painter.finish),
            temperature=self.painter.temperature,
            classes=self._classes(batch.anchors) if "class" in self.painter.kind.takes else None,
            features=batch.features,
            instances=self.painter.instances,
        )

    def _classes(self, anchors: AnchorBatch) -> Tensor:
        """(batch,): of the anchors, then of what fills the batch up."""
        if len(anchors.classes) != len(anchors.pts):
            raise ValueError(f"classes of {len(anchors.classes)} anchors for {len(anchors.pts)} anchors")
        classes = [*anchors.classes, *[0] * (self.painter.batch - len(anchors.classes))]
        return torch.tensor(classes).to(self.painter.device)


def _hint_rows(anchors: AnchorBatch, finish: Finish) -> Tensor:
    """(M, 5): the anchor's place in the batch, then its hints, of the colours that they have before the finish."""
    tables = [np.insert(table, 0, number, axis=1) for number, table in enumerate(anchors.hints)]
    rows = torch.from_numpy(np.concatenate([np.empty((0, 5), np.float32), *tables]))
    return torch.cat([rows[:, :3], finish.before(rows[:, 3:])], dim=1)
