"""Real-Time User-Guided Image Colorization (Zhang et al., SIGGRAPH 2017, arXiv 1705.02999), as published.

Lightness and colour hints to ab. Its trunk hands out its features level by level, so that others can be fused in.
"""

from collections.abc import Generator

import torch
from torch import Tensor, nn

from models.published.trunk import Trunk, block, normed, twice_as_large

AB_SCALE = 110.0
GRID = 529
"""Classes of the head that training used: a grid of 23 x 23 in ab."""

Levels = Generator[Tensor, Tensor, None]
"""Yields the features of each of LEVELS and goes on with what is sent back; at last yields ab."""
LEVELS = [(64, 1), (128, 2), (256, 4), (512, 8), (512, 8), (512, 8), (512, 8),
          (256, 4), (256, 4), (128, 2), (128, 2), (128, 1), (128, 1)]  # fmt: skip
"""Channels of each level, and how many times smaller than the input it is."""
SUMS = (7, 9, 11)
"""Levels that are sums of a deeper level and a skip, before their ReLU."""


def _halved(x: Tensor) -> Tensor:
    return x[:, :, ::2, ::2]


def _conv(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1))


class Siggraph17(Trunk):
    """107 tensors, 34.2 million numbers.

    Args:
        mask_centre: taken off the mask of hints: 0 in the published file, 0.5 in what was trained from it later
            (siggraph_retrained, InstColorization).
    """

    def __init__(self, mask_centre: float = 0.0) -> None:
        super().__init__(4, stride=1)
        self.mask_centre = mask_centre
        self.model8up, self.model3short8 = nn.Sequential(twice_as_large(512, 256)), _conv(256, 256)
        self.model8 = nn.Sequential(nn.ReLU(), *block(256, 256, 2))
        self.model9up, self.model2short9 = nn.Sequential(twice_as_large(256, 128)), _conv(128, 128)
        self.model9 = nn.Sequential(nn.ReLU(), *block(128, 128, 1))
        self.model10up, self.model1short10 = nn.Sequential(twice_as_large(128, 128)), _conv(64, 128)
        self.model10 = nn.Sequential(nn.ReLU(), nn.Conv2d(128, 128, 3, padding=1), nn.LeakyReLU(0.2))
        self.model_class = nn.Sequential(nn.Conv2d(256, GRID, 1))  # for training only
        self.model_out = nn.Sequential(nn.Conv2d(128, 2, 1), nn.Tanh())

    def levels(self, lightness: Tensor, hints: Tensor | None = None) -> Levels:
        """The network, level by level.

        Args:
            lightness: (N, 1, h, w), CIE L* 0..100; sides are multiples of 8.
            hints: (N, 3, h, w): a* and b* where colour is given and 0 elsewhere, and a mask of 1 and 0.
        """
        if hints is None:
            hints = lightness.new_zeros((len(lightness), 3, *lightness.shape[2:]))
        shown = torch.cat([normed(lightness), hints[:, :2] / AB_SCALE, hints[:, 2:] - self.mask_centre], dim=1)
        one = yield self.model1(shown)
        two = yield self.model2(_halved(one))
        three = yield self.model3(_halved(two))
        x = yield self.model4(_halved(three))
        for model in (self.model5, self.model6, self.model7):
            x = yield model(x)
        x = yield self.model8up(x) + self.model3short8(three)
        x = yield self.model8(x)
        x = yield self.model9up(x) + self.model2short9(two)
        x = yield self.model9(x)
        x = yield self.model10up(x) + self.model1short10(one)
        x = yield self.model10(x)
        yield AB_SCALE * self.model_out(x).float()

    def forward(self, lightness: Tensor, hints: Tensor | None = None) -> Tensor:
        """ab (N, 2, h, w), float32; see `levels`."""
        levels = self.levels(lightness, hints)
        x = next(levels)
        for _ in LEVELS:
            x = levels.send(x)
        return x
