"""Full frame and instances fused, feature by feature (Su, Chu, Huang, CVPR 2020, arXiv 2005.10825, sec. 3.3).

Each place of the full frame's features takes the softmax-weighted mean of the full frame and of the instances that
cover it; what an instance does not cover it does not touch. Boxes are left, top, right, bottom as shares of the sides.
"""

import torch
from torch import Tensor, nn

CONTEXT = 0.1
"""What is cut out around a box on each side, as a share of its width and height."""
HIDDEN = 16
LARGEST_LOGIT = 8.0
"""Logits are bent towards it, so that their exponentials need no common maximum."""


def with_context(boxes: Tensor) -> Tensor:
    """Boxes (K, 4) widened by CONTEXT, within the picture."""
    around = CONTEXT * (boxes[:, 2:] - boxes[:, :2])
    return torch.cat([boxes[:, :2] - around, boxes[:, 2:] + around], dim=1).clamp(0, 1)


def _tents(places: Tensor, count: int, reach: Tensor) -> Tensor:
    """Weights with which `count` samples in a row make the values at `places` (K, n), in samples: (K, n, count).

    Each is a tent of half-width `reach` (K,), at least 1 (bilinear), wider where values lie closer than samples; rows
    sum to 1.
    """
    distance = (places[..., None] - torch.arange(count, device=places.device)).abs()
    weights = (1 - distance / reach[:, None, None]).clamp(min=0)
    return weights / weights.sum(dim=-1, keepdim=True)


def cut_out(pictures: Tensor, boxes: Tensor, owners: Tensor, side: int) -> Tensor:
    """What the boxes show, each a square: (N, C, h, w), (K, 4), (K,) to (K, C, side, side), without aliasing."""
    steps = (torch.arange(side, device=boxes.device) + 0.5) / side

    def along(start: Tensor, end: Tensor, count: int) -> Tensor:
        places = torch.lerp(start[:, None], end[:, None], steps) * count - 0.5
        reach = ((end - start) * count / side).clamp(min=1)
        return _tents(places.clamp(0, count - 1), count, reach)

    down = along(boxes[:, 1], boxes[:, 3], pictures.shape[-2])[:, None]
    across = along(boxes[:, 0], boxes[:, 2], pictures.shape[-1])[:, None]
    with torch.autocast(pictures.device.type, enabled=False):  # half precision would leave steps of half an L*
        return down @ pictures[owners].float() @ across.mT


def _put_back(boxes: Tensor, height: int, width: int, side: int) -> tuple[Tensor, Tensor]:
    """Weights that bring squares of `side` back to where their boxes lie: (K, height, side), (K, side, width).

    Bilinear; rows and columns outside the box are 0.
    """

    def along(start: Tensor, end: Tensor, count: int) -> Tensor:
        steps = (torch.arange(count, device=boxes.device) + 0.5) / count
        within = (steps - start[:, None]) / (end - start)[:, None].clamp(min=1e-6)
        weights = _tents((within * side - 0.5).clamp(0, side - 1), side, torch.ones_like(start))
        return weights * ((within >= 0) & (within <= 1))[..., None]

    return along(boxes[:, 1], boxes[:, 3], height), along(boxes[:, 0], boxes[:, 2], width).mT


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
        return (LARGEST_LOGIT * torch.tanh(logit.float() / LARGEST_LOGIT)).exp()

    def weighed(self, instances: Tensor) -> Tensor:
        """Features of what boxes show, (K, C, g, g), with the logit of how much they count: (K, C + 1, g, g)."""
        return torch.cat([instances.float(), self.instance(instances).float()], dim=1)

    def forward(self, full: Tensor, weighed: Tensor, boxes: Tensor, owners: Tensor) -> Tensor:
        """The fused features.

        Args:
            full: (N, C, h, w), of the full frames.
            weighed: (K, C + 1, g, g), of what the boxes show, see `weighed`.
            boxes: (K, 4).
            owners: (K,) int64, the frame each belongs to.

        Returns:
            (N, C, h, w), in the type of `full`.
        """
        down, across = _put_back(boxes, full.shape[-2], full.shape[-1], weighed.shape[-1])
        total = self._strength(self.full(full))
        # in float32, whatever autocast would take, and over the full frame and the covering instances only
        with torch.autocast(full.device.type, enabled=False):
            placed = down[:, None] @ weighed @ across[:, None]
            is_inside = (down.amax(dim=2)[:, :, None] * across.amax(dim=1)[:, None, :] > 0)[:, None]
            strength = self._strength(placed[:, -1:]) * is_inside
            blended = (full.float() * total).index_add(0, owners, placed[:, :-1] * strength)
            return (blended / total.index_add(0, owners, strength)).to(full.dtype)
