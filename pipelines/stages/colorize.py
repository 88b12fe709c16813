"""The network on anchors and their instances, in batches: lightness to ab."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from models.bins import annealed_mean
from models.compact import INSTANCE_SIDE, Compact
from models.instance_fusion import cut_out, with_context
from pipelines.batch import AbBatch, InstanceBatch
from pipelines.painter import Painter

GROUP = 8
"""Instances seen at a time, filled up where they lack: an anchor's colour must not depend on how many there are."""


@dataclass
class Colorize:
    """The stage: full frame and instances of each anchor, fused."""

    painter: Painter

    @torch.inference_mode()
    def __call__(self, batch: InstanceBatch) -> AbBatch:
        """ab of a batch of anchors, at the size of its lightness.

        A batch is always as large as the settings say, filled up where anchors lack, so that an anchor's colour does
        not depend, not even in the last bit, on how many others came with it.
        """
        settings, network = self.painter.settings, self.painter.network
        lightness = batch.anchors.lightness
        full = np.zeros((settings.batch, *lightness.shape[1:]), np.uint8)
        full[: len(lightness)] = lightness
        x = torch.from_numpy(full).to(self.painter.device)[:, None].float() * (100 / 255)
        x = x.to(memory_format=torch.channels_last)
        with torch.autocast(self.painter.device.type, dtype=torch.bfloat16):
            logits = self._with_instances(network, x, batch) if isinstance(network, Compact) else network(x)
        # one picture at a time: the distributions of a batch would take hundreds of megabytes
        small = torch.cat([annealed_mean(one[None], self.painter.temperature) for one in logits[: len(lightness)]])
        return AbBatch(batch.anchors, _at_size(small * self.painter.saturation, *lightness.shape[1:]))

    def _with_instances(self, network: Compact, lightness: Tensor, batch: InstanceBatch) -> Tensor:
        features = list(batch.features) if batch.features else network.features(lightness)
        boxes, owners = self._instances(batch)
        if not len(boxes):
            return network.colour(features)
        squares = cut_out(lightness, boxes, owners, INSTANCE_SIDE)
        squares = torch.cat([squares, squares.new_zeros((-len(squares) % GROUP, *squares.shape[1:]))])
        groups = [network.see(group) for group in torch.split(squares, GROUP)]
        instances = [torch.cat(level)[: len(boxes)] for level in zip(*groups, strict=True)]
        return network.fuse(features, instances, boxes, owners)

    def _instances(self, batch: InstanceBatch) -> tuple[Tensor, Tensor]:
        """Boxes of all anchors with their context, (K, 4), and the anchor of each, (K,)."""
        boxes = torch.from_numpy(np.concatenate(batch.boxes)[:, :4]).to(self.painter.device)
        owners = torch.tensor([i for i, of_one in enumerate(batch.boxes) for _ in of_one], device=self.painter.device)
        return with_context(boxes), owners


def _at_size(ab: Tensor, height: int, width: int) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    """(N, 2, h/4, w/4) to (N, h, w, 2): bicubic loses least on true colours (DESIGN 2.1)."""
    pictures = ab.permute(0, 2, 3, 1).float().cpu().numpy()
    return np.stack([cv2.resize(picture, (width, height), interpolation=cv2.INTER_CUBIC) for picture in pictures])
