"""Full frame and instances fused, feature by feature (Su, Chu, Huang, CVPR 2020, arXiv 2005.10825, sec. 3.3).

Each place of the full frame's features takes the softmax-weighted mean of the full frame and of the instances that
cover it; what an instance does not cover it does not touch. Boxes are left, top, right, bottom as shares of the sides.
"""

import torch
import torch.nn.functional as F
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


def cut_out(pictures: Tensor, boxes: Tensor, owners: Tensor, side: int) -> Tensor:
    """What the boxes show, each a square: (N, C, h, w), (K, 4), (K,) to (K, C, side, side).

    Each value is the mean of 2 x 2 bilinear samples, so that boxes up to four times the square do not alias.
    """
    steps = (torch.arange(2 * side, device=boxes.device) + 0.5) / (2 * side)
    across = torch.lerp(boxes[:, None, 0], boxes[:, None, 2], steps)
    down = torch.lerp(boxes[:, None, 1], boxes[:, None, 3], steps)
    shape = (len(boxes), 2 * side, 2 * side)
    grid = torch.stack([across[:, None, :].expand(shape), down[:, :, None].expand(shape)], dim=-1)
    fine = F.grid_sample(pictures[owners], 2 * grid - 1, padding_mode="border", align_corners=False)
    return F.avg_pool2d(fine, 2)


def _places(boxes: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Where each pixel of the full frame lies in each box: (K, h, w, 2) in -1..1, and (K, 1, h, w) whether inside."""
    x = (torch.arange(width, device=boxes.device) + 0.5) / width
    y = (torch.arange(height, device=boxes.device) + 0.5) / height
    size = (boxes[:, 2:] - boxes[:, :2]).clamp(min=1e-6)
    across = (x - boxes[:, :1]) / size[:, :1]
    down = (y - boxes[:, 1:2]) / size[:, 1:]
    shape = (len(boxes), height, width)
    grid = 2 * torch.stack([across[:, None, :].expand(shape), down[:, :, None].expand(shape)], dim=-1) - 1
    return grid, (grid.abs() <= 1).all(dim=-1)[:, None]


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
        grid, is_inside = _places(boxes, *full.shape[-2:])
        placed = F.grid_sample(weighed, grid, padding_mode="border", align_corners=False)
        # exponentials in float32, over the full frame and the covering instances only
        strength = self._strength(placed[:, -1:]) * is_inside
        total = self._strength(self.full(full))
        blended = (full.float() * total).index_add(0, owners, placed[:, :-1] * strength)
        return (blended / total.index_add(0, owners, strength)).to(full.dtype)
