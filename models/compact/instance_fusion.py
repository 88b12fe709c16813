"""Full frame and instances fused, feature by feature (Su, Chu, Huang, CVPR 2020, arXiv 2005.10825, sec. 3.3).

Each place of the full frame's features takes the softmax-weighted mean of the full frame and of the instances that
cover it; what an instance does not cover it does not touch. Boxes are left, top, right, bottom as shares of the sides.
"""

import functools
import math

import torch
from torch import Tensor, nn

CONTEXT = 0.1
"""Margin cut out around a box on each side, as a share of its width and height."""
HIDDEN = 16
MAX_LOGIT = 8.0
"""Logits saturate at it, so that their exponentials need no common maximum."""


def with_context(boxes: Tensor) -> Tensor:
    """Boxes (K, 4) widened by CONTEXT, within the picture."""
    around = CONTEXT * (boxes[:, 2:] - boxes[:, :2])
    return torch.cat([boxes[:, :2] - around, boxes[:, 2:] + around], dim=1).clamp(0, 1)


def _tents(places: Tensor, count: int, reach: Tensor | None = None) -> Tensor:
    """Weights with which `count` samples in a row make the values at `places` (K, n), in samples: (K, n, count).

    Each is a tent of half-width `reach` (K,), by default 1 (bilinear), wider where values lie closer than samples; rows
    sum to 1.
    """
    distance = (places[..., None] - torch.arange(count, device=places.device)).abs()
    weights = (1 - (distance if reach is None else distance / reach[:, None, None])).clamp(min=0)
    return weights / weights.sum(dim=-1, keepdim=True)


def cut_out(pictures: Tensor, boxes: Tensor, owners: Tensor, side: int) -> Tensor:
    """The box's part of its picture as a square: (N, C, h, w), (K, 4), (K,) to (K, C, side, side), antialiased."""
    steps = (torch.arange(side, device=boxes.device) + 0.5) / side

    def along(start: Tensor, end: Tensor, count: int) -> Tensor:
        places = torch.lerp(start[:, None], end[:, None], steps) * count - 0.5
        reach = ((end - start) * count / side).clamp(min=1)
        return _tents(places.clamp(0, count - 1), count, reach)

    down = along(boxes[:, 1], boxes[:, 3], pictures.shape[-2])[:, None]
    across = along(boxes[:, 0], boxes[:, 2], pictures.shape[-1])[:, None]
    with torch.autocast(pictures.device.type, enabled=False):  # half precision would leave steps of half an L*
        return down @ pictures[owners].float() @ across.mT


def _put_back(start: float, end: float, count: int, side: int) -> tuple[slice, Tensor]:
    """The pixels of `count` whose middles a box from `start` to `end` (shares) covers, and the weights to fill them.

    Returns:
        The pixels, and (pixels, side) bilinear weights that resample `side` samples to them.
    """
    first, last = max(0, math.ceil(start * count - 0.5)), min(count, math.floor(end * count - 0.5) + 1)
    within = ((torch.arange(first, last) + 0.5) / count - start) / max(end - start, 1e-6)
    return slice(first, last), _tents((within * side - 0.5).clamp(0, side - 1)[None], side)[0]


def _put_all_back(boxes: Tensor, size: torch.Size, side: int) -> tuple[Tensor, Tensor]:
    """Matrices of `_put_back` for all boxes (K, 4): for the frame's rows, then its columns; made on the boxes' device.

    Returns:
        (K, h + w, side) weights, and (K, h + w), whether a box covers the row's or the column's middle.
    """
    middles, starts, ends = _middles(size, boxes.device)
    start, end = boxes[:, starts], boxes[:, ends]
    within = (middles - start) / (end - start).clamp(min=1e-6)
    weights = _tents((within * side - 0.5).clamp(0, side - 1), side)
    return weights, (start <= middles) & (middles <= end)


@functools.cache
@torch.inference_mode(mode=False)
def _middles(size: torch.Size, device: torch.device) -> tuple[Tensor, ...]:
    """Middles of a frame's rows and then of its columns, (h + w,), and which sides of a box they lie between."""
    height, width = size
    middles = [(torch.arange(count) + 0.5) / count for count in size]
    starts = torch.tensor([1] * height + [0] * width)
    return torch.cat(middles).to(device), starts.to(device), (starts + 2).to(device)


def _weigher(channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, HIDDEN, 1), nn.ReLU(), nn.Conv2d(HIDDEN, HIDDEN, 3, padding=1), nn.ReLU(),
        nn.Conv2d(HIDDEN, 1, 3, padding=1),
    )  # fmt: skip


class Fusion(nn.Module):
    """Fuses one level of features."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.full, self.instance = _weigher(channels), _weigher(channels)

    @staticmethod
    def _strength(logit: Tensor) -> Tensor:
        return (MAX_LOGIT * torch.tanh(logit.float() / MAX_LOGIT)).exp()

    def weighed(self, instances: Tensor) -> Tensor:
        """Features of instances, (K, C, g, g), with the logit of their weight as one more channel: (K, C + 1, g, g)."""
        return torch.cat([instances.float(), self.instance(instances).float()], dim=1)

    def forward(self, full: Tensor, weighed: Tensor, boxes: Tensor, owners: Tensor | None) -> Tensor:
        """The fused features.

        Args:
            full: (N, C, h, w), of the full frames.
            weighed: (K, C + 1, g, g), of the instances, see `weighed`.
            boxes: (K, 4).
            owners: (K,) int64, the frame each belongs to: one after the other is added, where it lies. None: each frame
                has as many boxes, in order, and all are added at once, which a GPU does sooner.

        Returns:
            (N, C, h, w), in the type of `full`.
        """
        # in float32, whatever autocast would take, over the full frame and the covering instances only; channels last
        strength = self._strength(self.full(full)).permute(0, 2, 3, 1)
        with torch.autocast(full.device.type, enabled=False):
            if owners is None:
                placed, covered = self._placed_at_once(boxes, weighed.permute(0, 2, 3, 1), full.shape[-2:])
                counts = (self._strength(placed[..., -1:]) * covered).view(len(full), -1, *covered.shape[1:])
                placed = placed[..., :-1].view(len(full), -1, *placed.shape[1:3], full.shape[1])
                total = strength + counts.sum(dim=1)
                blended = full.permute(0, 2, 3, 1) * strength + (placed * counts).sum(dim=1)
                return (blended / total).permute(0, 3, 1, 2).to(full.dtype)
            total, blended = strength.clone(), full.permute(0, 2, 3, 1).float() * strength
            for owner, box, instance in zip(owners.tolist(), boxes.tolist(), weighed.permute(0, 2, 3, 1), strict=True):
                rows, columns, placed = self._placed(box, instance.contiguous(), full.shape[-2:])
                counts = self._strength(placed[..., -1:])
                total[owner, rows, columns] += counts
                blended[owner, rows, columns] += placed[..., :-1] * counts
            return (blended / total).permute(0, 3, 1, 2).to(full.dtype)

    @staticmethod
    def _placed_at_once(boxes: Tensor, instances: Tensor, size: torch.Size) -> tuple[Tensor, Tensor]:
        """Instances resampled to whole frames, (K, g, g, C) to (K, h, w, C), and where they lie: (K, h, w, 1)."""
        count, side, _, channels = instances.shape
        weights, covered = _put_all_back(boxes, size, side)
        down, across = torch.split(weights, list(size), dim=1)
        rows, columns = torch.split(covered, list(size), dim=1)
        tall = (down @ instances.flatten(2)).view(count, size[0], side, channels)
        return across[:, None] @ tall, rows[:, :, None, None] & columns[:, None, :, None]

    @staticmethod
    def _placed(box: list[float], instance: Tensor, size: torch.Size) -> tuple[slice, slice, Tensor]:
        """Rows and columns that a box covers, and the instance resampled to them: (g, g, C) to (rows, columns, C)."""
        left, top, right, bottom = box
        side, _, channels = instance.shape
        rows, down = _put_back(top, bottom, size[0], side)
        columns, across = _put_back(left, right, size[1], side)
        tall = (down.to(instance) @ instance.view(side, -1)).view(-1, side, channels)
        return rows, columns, across.to(instance) @ tall
