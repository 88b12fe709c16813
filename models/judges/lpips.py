"""LPIPS (Zhang et al., CVPR 2018, arXiv 1801.03924), where its package and backbone are here."""

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

BACKBONE = "alexnet-owt-7be5be79.pth"
"""AlexNet's file as torchvision names it; the package would fetch it without asking."""
PerceptualDistance = Callable[[Tensor, Tensor], Tensor]
"""Two (N, 3, H, W), sRGB 0..1, to (N,); 0 for equal ones."""


def backbone_folder() -> Path:
    """Where the package looks for its backbone."""
    return Path(torch.hub.get_dir()) / "checkpoints"


def open_lpips() -> PerceptualDistance | None:
    """LPIPS on AlexNet, as papers on colourization give it; None where package or backbone is missing."""
    if not importlib.util.find_spec("lpips") or not (backbone_folder() / BACKBONE).is_file():
        return None
    network = importlib.import_module("lpips").LPIPS(net="alex", verbose=False).eval()
    return lambda one, other: network(2 * one - 1, 2 * other - 1).flatten()
