"""BigColor (Kim et al., ECCV 2022, arXiv 2207.09685) as its authors published it.

An encoder brings the gray picture to the features that the third block of BigGAN takes; what is left of BigGAN's
generator makes an RGB picture of them, conditioned on a class of ImageNet and on noise.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.published.biggan import (
    SHARED,
    ConditionalNorm,
    Generator,
    Resample,
    halved,
    plain_linear,
    shortcut,
    unchanged,
)

NOISE = 119
"""Numbers of z; the first 51 do nothing, as the blocks that take them are left out."""
MULTIPLE = 16
"""Of which the sides of a picture are multiples."""
FIRST = 2
"""The block of the generator that the encoder's features enter."""
LEVELS = [1, 96, 192, 384, 768, 768]


class Level(nn.Module):
    """A residual block of the encoder, under its names."""

    def __init__(self, inputs: int, outputs: int, resample: Resample) -> None:
        super().__init__()
        self.resample = resample
        self.conv = nn.Conv2d(inputs, outputs, 1)
        self.conv_1, self.conv_2 = nn.Conv2d(inputs, outputs, 3, padding=1), nn.Conv2d(outputs, outputs, 3, padding=1)
        self.normalize_1 = ConditionalNorm(inputs, SHARED, plain_linear)
        self.normalize_2 = ConditionalNorm(outputs, SHARED, plain_linear)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Features (N, outputs, h', w') of x (N, inputs, h, w), conditioned on y (N, 128)."""
        inside = self.conv_1(self.resample(F.relu(self.normalize_1(x, y))))
        inside = self.conv_2(F.relu(self.normalize_2(inside, y)))
        return inside + shortcut(self.conv, self.resample, x)


class Encoder(nn.Module):
    """70 tensors: gray to 768 channels at a sixteenth of the size."""

    def __init__(self) -> None:
        super().__init__()
        for number, (inputs, outputs) in enumerate(pairwise(LEVELS), start=1):
            self.add_module(f"res{number}", Level(inputs, outputs, unchanged if number == 1 else halved))

    def forward(self, gray: Tensor, y: Tensor) -> Tensor:
        """Features (N, 768, h/16, w/16)."""
        for level in self.children():
            gray = level(gray, y)
        return gray


class BigColor(nn.Module):
    """288 tensors and 105.2 million numbers in the published file, of which 38 % are used.

    Args:
        is_whole: whether it holds what the published file has, and nothing uses: the generator's first blocks, and
            norms.
    """

    def __init__(self, is_whole: bool = False) -> None:
        super().__init__()
        self.E = Encoder()
        self.G = Generator(0 if is_whole else FIRST, has_instance_norms=is_whole)

    def forward(self, gray: Tensor, classes: Tensor, z: Tensor) -> Tensor:
        """RGB -1..1, (N, 3, h, w).

        Args:
            gray: (N, 1, h, w), 0..1; sides are multiples of 16.
            classes: (N,) int64, of ImageNet's 1,000.
            z: (N, 119), noise; the authors draw it with a standard deviation of 0.8.
        """
        y = self.G.shared(classes)
        _, rgb = self.G(y, z, self.E(gray, y))
        return torch.as_tensor(rgb)
