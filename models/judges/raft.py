"""RAFT (Teed, Deng, ECCV 2020, arXiv 2003.12039) of torchvision: finds the flow from one picture to another.

It judges results; it does not carry colours.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.judges.torchvision_networks import load_from_torchvision

STEP, MIN_SIDE = 8, 128
"""Pixels: sides of its input are multiples of STEP, at least MIN_SIDE."""


def load_raft(path: Path) -> nn.Module:
    """The network with the weights at `path`, in evaluation mode.

    Raises:
        ValueError: torchvision is not installed or made for another PyTorch, or these are not its weights.
    """
    return load_from_torchvision("raft", "optical_flow.raft_large", path, "--judge raft")


@torch.inference_mode()
def find_flow(network: nn.Module, one: Tensor, other: Tensor) -> Tensor:
    """Flow from one picture to the other, (N, 2, h, w): columns and rows, in pixels.

    Args:
        network: from `load_raft`.
        one: (N, 1, h, w), CIE L* 0..100, of any size; seen as a gray picture.
        other: the same.
    """
    height, width = one.shape[-2:]
    with torch.autocast(one.device.type, enabled=False):
        refined = network(_padded(one), _padded(other))
    return refined[-1][..., :height, :width]


def _padded(lightness: Tensor) -> Tensor:
    """(N, 3, H, W), -1..1: three equal channels, padded with their edges to sides that the network takes."""
    missing = [max(MIN_SIDE, -(-side // STEP) * STEP) - side for side in lightness.shape[-2:]]
    padded = F.pad(lightness, (0, missing[1], 0, missing[0]), mode="replicate")
    return (padded / 50 - 1).expand(-1, 3, -1, -1)
