"""Upsampling by shuffled channels, as the decoders of DDColor and DeOldify do it (both from fastai's U-Net)."""

import torch.nn.functional as F
from torch import Tensor, nn

from models.published.normed_weights import SpectralConv2d


def spread(x: Tensor, factor: int) -> Tensor:
    """Channels (N, C factor^2, h, w) to pixels (N, C, h factor, w factor), each then the mean of 2 x 2.

    The mean lies half a pixel above and to the left: a row and a column are repeated there.
    """
    larger = F.pixel_shuffle(x, factor)
    return F.avg_pool2d(F.pad(larger, (1, 0, 1, 0), mode="replicate"), 2, stride=1)


class Shuffle(nn.Module):
    """A 1 x 1 convolution to `factor`^2 times the channels, ReLU, and these spread.

    Args:
        conv: to outputs * factor^2 channels.
        norm: between it and its ReLU; none by default.
        factor: to how many times the size.
    """

    def __init__(self, conv: nn.Conv2d, norm: nn.Module | None = None, factor: int = 2) -> None:
        super().__init__()
        self.conv = nn.Sequential(conv, *([norm] if norm else []), nn.ReLU())
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, outputs, h factor, w factor)."""
        return spread(self.conv(x), self.factor)


def normed_shuffle(inputs: int, outputs: int) -> Shuffle:
    """Features to twice the size, with spectral norm and batch norm."""
    return Shuffle(SpectralConv2d(inputs, 4 * outputs, 1, bias=False), nn.BatchNorm2d(4 * outputs))


def norm_last(inputs: int, outputs: int) -> list[nn.Module]:
    """A 3 x 3 convolution with spectral norm, ReLU, and batch norm after it."""
    return [SpectralConv2d(inputs, outputs, 3, padding=1, bias=False), nn.ReLU(), nn.BatchNorm2d(outputs)]
