"""GCP's generator: ab of lightness, with the features of a reference picture that were brought to its places.

SPADE (Park et al., CVPR 2019, arXiv 1903.07291) with a modulated deformable convolution of the reference's features
(Zhu et al., Deformable ConvNets v2, CVPR 2019, arXiv 1811.11168).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTH = 64
REFERENCE = [384, 192, 96]
"""Channels of the reference's features at 64, 128 and 256 places."""
TAPS = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
"""Of a 3 x 3 convolution, row by row."""
NORM_EPS = 1e-5
SLOPE = 0.2


class DeformableConv(nn.Module):
    """A 3 x 3 convolution each of whose taps reads at a place of its own, and counts by a mask of its own."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(channels, channels, 3, 3))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.conv_offset = nn.Conv2d(channels, 3 * len(TAPS), 3, padding=1)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """x (N, C, h, w) convolved, with places and masks made from `condition` (N, C, h, w)."""
        moves, masks = torch.split(self.conv_offset(condition), [2 * len(TAPS), len(TAPS)], dim=1)
        return deformed(x, self.weight, self.bias, moves, masks.sigmoid())


def deformed(x: Tensor, weight: Tensor, bias: Tensor, moves: Tensor, masks: Tensor) -> Tensor:
    """The modulated deformable convolution (eq. 1 of v2), 3 x 3, zero outside of the picture.

    One tap after the other: nine copies of the picture at once would take nine times its memory.

    Args:
        x: (N, C, h, w).
        weight: (D, C, 3, 3).
        bias: (D,).
        moves: (N, 18, h, w), down and right for each tap, in places.
        masks: (N, 9, h, w), 0..1.

    Returns:
        (N, D, h, w).
    """
    height, width = x.shape[2:]
    rows = torch.arange(height, device=x.device, dtype=x.dtype)[:, None]
    columns = torch.arange(width, device=x.device, dtype=x.dtype)
    result = bias[None, :, None, None].expand(len(x), -1, height, width)
    for tap, (dy, dx) in enumerate(TAPS):
        at = torch.stack([2 / (width - 1) * (columns + dx + moves[:, 2 * tap + 1]) - 1,
                          2 / (height - 1) * (rows + dy + moves[:, 2 * tap]) - 1], dim=-1)  # fmt: skip
        read = F.grid_sample(x, at, mode="bilinear", padding_mode="zeros", align_corners=True)
        result = result + F.conv2d(read * masks[:, tap : tap + 1], weight[:, :, dy + 1, dx + 1, None, None])
    return result


class Spade(nn.Module):
    """Features normed at each place, with gain and bias made from the reference's."""

    def __init__(self, channels: int, reference: int) -> None:
        super().__init__()
        inside = (channels + reference) // 8
        self.conv_cond = nn.Sequential(
            nn.Conv2d(channels + reference, inside, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(inside, reference, 3, padding=1),
            nn.ReLU(),
        )
        self.dcn = DeformableConv(reference)
        self.mlp_gamma = nn.Conv2d(reference, channels, 3, padding=1)
        self.mlp_beta = nn.Conv2d(reference, channels, 3, padding=1)

    def forward(self, x: Tensor, reference: Tensor) -> Tensor:
        """x (N, C, h, w) normed, by the reference's features (N, R, h, w)."""
        variance, mean = torch.var_mean(x, dim=1, keepdim=True)
        normed = (x - mean) / torch.sqrt(variance + NORM_EPS)
        moved = self.dcn(reference, self.conv_cond(torch.cat([normed, reference], dim=1)))
        return normed * (1 + self.mlp_gamma(moved)) + self.mlp_beta(moved)


class SpadeBlock(nn.Module):
    """Twice norm by the reference, activation and convolution; plus the input."""

    def __init__(self, channels: int, reference: int) -> None:
        super().__init__()
        self.norm_0, self.norm_1 = Spade(channels, reference), Spade(channels, reference)
        self.pad = nn.ReflectionPad2d(1)
        self.conv_0, self.conv_1 = nn.Conv2d(channels, channels, 3), nn.Conv2d(channels, channels, 3)

    def forward(self, x: Tensor, reference: Tensor) -> Tensor:
        """Features (N, C, h, w) of x (N, C, h, w), by the reference's (N, R, h, w)."""
        inside = self.conv_0(self.pad(_activated(self.norm_0(x, reference))))
        inside = self.conv_1(self.pad(_activated(self.norm_1(inside, reference))))
        return x + inside


class Generator(nn.Module):
    """216 tensors and 60.2 million numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.ReflectionPad2d(3),
            *_brought_down(nn.Conv2d(1, WIDTH, 7)),
            *_brought_down(nn.Conv2d(WIDTH, 2 * WIDTH, 3, stride=2, padding=1)),
            *_brought_down(nn.Conv2d(2 * WIDTH, 4 * WIDTH, 3, stride=2, padding=1)),
        )
        self.res_blks = nn.ModuleList(SpadeBlock(4 * WIDTH, REFERENCE[0]) for _ in range(6))
        self.up_norm1, self.up_conv1 = Spade(4 * WIDTH, REFERENCE[0]), _brought_up(4 * WIDTH)
        self.up_norm2, self.up_conv2 = Spade(2 * WIDTH, REFERENCE[1]), _brought_up(2 * WIDTH)
        self.up_norm3 = Spade(WIDTH, REFERENCE[2])
        self.head = nn.Sequential(nn.Conv2d(WIDTH, 2, 3, padding=1))

    def forward(self, lightness: Tensor, references: list[Tensor]) -> Tensor:
        """ab / 110 before its tanh, (N, 2, 256, 256).

        Args:
            lightness: (N, 1, 256, 256), -1..1.
            references: (N, 384, 64, 64), (N, 192, 128, 128) and (N, 96, 256, 256), of a reference picture.
        """
        deep, middle, shallow = references
        x = self.encoder(lightness)
        for block in self.res_blks:
            x = block(x, deep)
        x = self.up_conv1(_activated(self.up_norm1(x, deep)))
        x = self.up_conv2(_activated(self.up_norm2(x, middle)))
        result: Tensor = self.head(_activated(self.up_norm3(x, shallow)))
        return result


def _brought_down(conv: nn.Conv2d) -> list[nn.Module]:
    return [conv, nn.InstanceNorm2d(conv.out_channels, eps=NORM_EPS), nn.ReLU()]


def _brought_up(channels: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(channels, channels // 2, 3, stride=2, padding=1, output_padding=1)


def _activated(x: Tensor) -> Tensor:
    return F.leaky_relu(x, SLOPE)
