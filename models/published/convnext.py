"""ConvNeXt (Liu et al., CVPR 2022, arXiv 2201.03545) as DDColor's encoder: features at 1/4, 1/8, 1/16 and 1/32."""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

EPSILON = 1e-6
"""Of its layer norms."""


class ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of each place of (N, C, h, w)."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        """The features, normed."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Block(nn.Module):
    """A depthwise convolution, then two linear layers at each place (fig. 4), scaled and added to the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm = nn.LayerNorm(channels, EPSILON)
        self.pwconv1, self.pwconv2 = nn.Linear(channels, 4 * channels), nn.Linear(4 * channels, channels)
        self.gamma = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Features of the input's shape."""
        inside = self.norm(self.dwconv(x).permute(0, 2, 3, 1))  # (N, h, w, C)
        inside = self.pwconv2(F.gelu(self.pwconv1(inside))) * self.gamma
        return x + inside.permute(0, 3, 1, 2)


class ConvNext(nn.Module):
    """The four stages.

    Args:
        depths: blocks of each.
        widths: channels of each.
    """

    def __init__(self, depths: Sequence[int], widths: Sequence[int]) -> None:
        super().__init__()
        stem = nn.Sequential(nn.Conv2d(3, widths[0], 4, 4), ChannelNorm(widths[0]))
        halvings = [nn.Sequential(ChannelNorm(a), nn.Conv2d(a, b, 2, 2)) for a, b in pairwise(widths)]
        self.downsample_layers = nn.ModuleList([stem, *halvings])
        rows = zip(depths, widths, strict=True)
        self.stages = nn.ModuleList(nn.Sequential(*(Block(width) for _ in range(depth))) for depth, width in rows)
        for number, width in enumerate(widths):
            self.add_module(f"norm{number}", ChannelNorm(width))
        self.norm = nn.LayerNorm(widths[-1], EPSILON)  # in the files; a classifier's, and without use here

    def forward(self, x: Tensor) -> list[Tensor]:
        """Normed features of each stage; the next stage takes them as they were before."""
        taps = []
        for number, (downsample, stage) in enumerate(zip(self.downsample_layers, self.stages, strict=True)):
            x = stage(downsample(x))
            taps.append(self.get_submodule(f"norm{number}")(x))
        return taps
