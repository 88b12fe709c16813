"""Mask R-CNN (He et al., ICCV 2017, arXiv 1703.06870) of torchvision: finds instances as InstColorization does.

Only its boxes are used.
"""

from pathlib import Path

import torch
from torch import Tensor, nn

from models.judges.torchvision_networks import load_from_torchvision

UNUSED = (12, 26, 29, 30, 45, 66, 68, 69, 71, 83)
"""Numbers that COCO's 80 classes leave out of 1 to 90."""
MIN_SCORE = 0.7
"""As in the paper."""


def load_maskrcnn(path: Path) -> nn.Module:
    """The detector with the weights at `path`, in evaluation mode.

    Raises:
        ValueError: torchvision is not installed or made for another PyTorch, or these are not its weights.
    """
    return load_from_torchvision(
        "maskrcnn", "detection.maskrcnn_resnet50_fpn_v2", path, "--detector maskrcnn", weights_backbone=None
    )


def find_instances(network: nn.Module, lightness: Tensor, least: float, most: int) -> list[Tensor]:
    """The boxes of each picture, best first: (K, 6) each: corners as shares of the sides, class 0..79, score.

    Args:
        network: from `load_maskrcnn`.
        lightness: (N, 1, h, w), CIE L* 0..100; seen as a gray picture.
        least: score below which a box is left out.
        most: boxes of one picture.
    """
    with torch.autocast(lightness.device.type, enabled=False):
        found = network(list((lightness / 100).expand(-1, 3, -1, -1)))
    size = lightness.new_tensor([lightness.shape[3], lightness.shape[2]] * 2)
    tables = []
    for one in found:
        order = one["scores"].sort(descending=True, stable=True).indices
        order = order[one["scores"][order] >= least][:most]
        skipped = lightness.new_tensor(UNUSED)
        labels = one["labels"][order].to(lightness.dtype)
        classes = labels - 1 - (labels[:, None] > skipped).sum(dim=1)
        corners = (one["boxes"][order] / size).clamp(0, 1)
        tables.append(torch.cat([corners, classes[:, None], one["scores"][order][:, None]], dim=1))
    return tables
