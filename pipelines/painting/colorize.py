"""The network on anchors and their instances, in batches: lightness to ab."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from models.network_input import NetworkInput
from models.paint import paint
from pipelines.frames import AbBatch, AnchorBatch, InstanceBatch
from pipelines.painting.painter import Painter


@dataclass
class Colorize:
    """The stage: full frame and instances of each anchor, fused."""

    painter: Painter

    @torch.inference_mode()
    def __call__(self, batch: InstanceBatch) -> AbBatch:
        """ab of a batch of anchors, at the size of its lightness, that of the flow.

        The network always gets a full batch, filled up with black, so that an anchor's colour does not depend, not even
        in the last bit, on how many others came with it.
        """
        painter, lightness = self.painter, batch.anchors.lightness
        with torch.autocast(painter.device.type, dtype=torch.bfloat16, enabled=painter.kind.in_bf16):
            seen = self._seen(batch)
            small = paint(painter.kind, painter.network, seen)
        ab = painter.finish(small, seen.lightness)[: len(lightness)]
        return AbBatch(batch.anchors, _at_size(ab, *lightness.shape[1:]))

    def _seen(self, batch: InstanceBatch) -> NetworkInput:
        lightness, device = batch.anchors.seen, self.painter.device
        full = np.zeros((self.painter.batch, *lightness.shape[1:]), np.uint8)
        full[: len(lightness)] = lightness
        frames = torch.from_numpy(full).to(device)[:, None].float() * (100 / 255)
        boxes = torch.from_numpy(np.concatenate(batch.boxes)[:, :4]).to(device)
        owners = torch.tensor([i for i, of_one in enumerate(batch.boxes) for _ in of_one], dtype=torch.int64)
        return NetworkInput(
            lightness=frames.to(memory_format=torch.channels_last),
            rows=self.painter.rows,
            boxes=boxes,
            owners=owners.to(device),
            hints=_hint_rows(batch.anchors).to(device),
            temperature=self.painter.temperature,
            classes=self._classes(batch.anchors).to(device) if "class" in self.painter.kind.takes else None,
            features=batch.features,
        )

    def _classes(self, anchors: AnchorBatch) -> Tensor:
        """(batch,): of the anchors, then of what fills the batch up."""
        if len(anchors.classes) != len(anchors.pts):
            raise ValueError(f"classes of {len(anchors.classes)} anchors for {len(anchors.pts)} anchors")
        return torch.tensor([*anchors.classes, *[0] * (self.painter.batch - len(anchors.classes))])


def _hint_rows(anchors: AnchorBatch) -> Tensor:
    """(M, 5): the anchor's place in the batch, then its hints as they are."""
    rows = [np.insert(table, 0, number, axis=1) for number, table in enumerate(anchors.hints)]
    return torch.from_numpy(np.concatenate([np.empty((0, 5), np.float32), *rows]))


def _at_size(ab: Tensor, height: int, width: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    """(N, 2, h/4, w/4) to (N, h, w, 2): bicubic loses least on true colours."""
    pictures = ab.permute(0, 2, 3, 1).float().cpu().numpy()
    return np.stack([cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC) for picture in pictures])
