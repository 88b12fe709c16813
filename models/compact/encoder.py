"""Encoders of the compact network: rows of layers of which some are read, with TensorFlow's SAME padding."""

import torch.nn.functional as F
from torch import Tensor, nn


class SamePad(nn.Module):
    """TensorFlow's SAME padding for a convolution of stride 2 on even sides: one more row below and column right."""

    def __init__(self, kernel: int = 3) -> None:
        super().__init__()
        self.before, self.after = (kernel - 2) // 2, (kernel - 1) // 2

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x, (self.before, self.after, self.before, self.after))


class Encoder(nn.Module):
    """A classifier's layers for one input channel in -1..1.

    Args:
        layers: first to last.
        taps: number of each layer that the decoder reads, at 1/4, 1/8, 1/16 and 1/32 of the input, and its channels.
    """

    def __init__(self, layers: list[nn.Module], taps: dict[int, int]) -> None:
        super().__init__()
        self.features = nn.Sequential(*layers)
        self.taps = taps

    def forward(self, x: Tensor) -> list[Tensor]:
        """Features at 1/4, 1/8, 1/16 and 1/32 of (N, 1, h, w)."""
        taps = []
        for i, layer in enumerate(self.features):
            x = layer(x)
            if i in self.taps:
                taps.append(x)
        return taps
