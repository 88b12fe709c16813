"""Weights drawn anew, and the statistics that batch norms of such weights need."""

from collections.abc import Iterable
from typing import Literal

import torch
from torch import Tensor, nn

from models.compact.network import Compact


def draw(network: nn.Module) -> None:
    """Draws the weights of all convolutions (He et al., ICCV 2015, arXiv 1502.01852, sec. 2.2)."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            mode: Literal["fan_in", "fan_out"] = "fan_in" if layer.groups > 1 else "fan_out"  # channels on their own
            nn.init.kaiming_normal_(layer.weight, mode=mode, nonlinearity="relu")


@torch.no_grad()
def settle(network: Compact, pictures: Iterable[Tensor]) -> None:
    """Gives the encoder's batch norms the statistics of pictures; without them its features tell next to nothing.

    Args:
        network: whose decoder and detector stay as they are.
        pictures: batches of lightness (N, 1, h, w), 0..100, sides multiples of 32.
    """
    norms = [layer for layer in network.encoder.modules() if isinstance(layer, nn.BatchNorm2d)]
    usual = [(norm.training, norm.momentum) for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.train().momentum = None  # the mean over all batches
    for lightness in pictures:
        network.features(lightness)
    for norm, (is_training, momentum) in zip(norms, usual, strict=True):
        norm.train(is_training).momentum = momentum
