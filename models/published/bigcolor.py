"""BigColor (Kim et al., ECCV 2022, arXiv 2207.09685) as its authors published it.

An encoder brings the gray picture to the features that the third block of BigGAN takes; what is left of BigGAN's
generator makes an RGB picture of them, conditioned on a class of ImageNet and on noise.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.published.biggan import (
    ConditionalNorm,
    Generator,
    Resample,
    halved,
    plain_linear,
    shortcut,
    unchanged,
)
from models.published.biggan_sizes import BigColorConfig

PUBLISHED = BigColorConfig()
DROPPED = 0.2
"""Share of the features that training drops after each level but the last."""


class Level(nn.Module):
    """A residual block of the encoder, under its names."""

    def __init__(self, inputs: int, outputs: int, shared: int, resample: Resample) -> None:
        super().__init__()
        self.resample = resample
        self.conv = nn.Conv2d(inputs, outputs, 1)
        self.conv_1, self.conv_2 = nn.Conv2d(inputs, outputs, 3, padding=1), nn.Conv2d(outputs, outputs, 3, padding=1)
        self.normalize_1 = ConditionalNorm(inputs, shared, plain_linear)
        self.normalize_2 = ConditionalNorm(outputs, shared, plain_linear)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Features (N, outputs, h', w') of x (N, inputs, h, w), conditioned on y (N, shared)."""
        inside = self.conv_1(self.resample(F.relu(self.normalize_1(x, y))))
        inside = self.conv_2(F.relu(self.normalize_2(inside, y)))
        return inside + shortcut(self.conv, self.resample, x)


class Encoder(nn.Module):
    """Gray to the features that enter the generator; as published 70 tensors and 768 channels at a sixteenth."""

    def __init__(self, config: BigColorConfig = PUBLISHED) -> None:
        super().__init__()
        for number, (inputs, outputs) in enumerate(config.levels, start=1):
            level = Level(inputs, outputs, config.shared, unchanged if number == 1 else halved)
            self.add_module(f"res{number}", level)

    def forward(self, gray: Tensor, y: Tensor) -> Tensor:
        """Features F (N, C, h', w'); of a square of the config's side, of its `feature_side`."""
        first, *others = self.children()
        x: Tensor = first(gray, y)
        for level in others:
            x = level(F.dropout(x, DROPPED, self.training), y)
        return x


class BigColor(nn.Module):
    """As published 288 tensors and 105.2 million numbers, of which 38 % are used.

    Args:
        config: sizes.
        is_whole: whether it holds what the published file has, and nothing uses: the generator's first blocks, and
            norms.
    """

    def __init__(self, config: BigColorConfig = PUBLISHED, is_whole: bool = False) -> None:
        super().__init__()
        self.config = config
        self.E = Encoder(config)
        self.G = Generator(config, 0 if is_whole else config.first, has_instance_norms=is_whole)

    def forward(self, gray: Tensor, classes: Tensor, z: Tensor) -> Tensor:
        """RGB -1..1, (N, 3, h, w).

        Args:
            gray: (N, 1, h, w), 0..1; sides are multiples of the picture's side over that of the features, as published
                of 16.
            classes: (N,) int64, as published of ImageNet's 1,000.
            z: (N, used_noise), as published 119 numbers, of which the first 51 do nothing: the blocks that take them
                are left out. The authors draw it with a standard deviation of 0.8.
        """
        y = self.G.shared(classes)
        _, rgb = self.G(y, z, self.E(gray, y))
        return torch.as_tensor(rgb)
