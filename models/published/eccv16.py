"""Colorful Image Colorization (Zhang, Isola, Efros, ECCV 2016, arXiv 1603.08511), as its authors published it.

Lightness to a distribution over the 313 ab bins at a quarter of its size, and that distribution's annealed mean.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.colour.bins import BINS
from models.published.trunk import Trunk, convs, normed, twice_as_large

AB_SCALE = 110.0
"""ab of 1 in the network's own units."""


class Centres(nn.Module):
    """The colours of the bins, in the network's own units, as the file has them: no convolution to be run in halves."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2, BINS, 1, 1))

    def forward(self, probability: Tensor) -> Tensor:
        """The mean colour (..., 2) of distributions (..., 313)."""
        return probability @ self.weight[:, :, 0, 0].T


class Eccv16(Trunk):
    """82 tensors, 32.2 million numbers."""

    def __init__(self) -> None:
        super().__init__(1, stride=2)
        rest = [nn.ReLU(), *convs(256, 256, 2), nn.Conv2d(256, BINS, 1)]
        self.model8 = nn.Sequential(twice_as_large(512, 256), *rest)
        self.model_out = Centres()

    def logits(self, lightness: Tensor) -> Tensor:
        """Of the 313 ab bins, (N, 313, h/4, w/4), from lightness (N, 1, h, w), 0..100; sides are multiples of 8."""
        x = normed(lightness)
        for model in (self.model1, self.model2, self.model3, self.model4, self.model5, self.model6, self.model7):
            x = model(x)
        return self.model8(x)

    def mean(self, logits: Tensor, temperature: float) -> Tensor:
        """ab (N, 2, h, w), float32, of logits at a quarter of that size (eq. 5; T = 1 as in the published code).

        On a CPU one picture at a time: the distributions of a batch would take hundreds of megabytes.
        """
        with torch.autocast(logits.device.type, enabled=False):
            means, together = [], 1 if logits.device.type == "cpu" else len(logits)
            for one in torch.split(logits, together):  # bins last: no bit depends on how many threads share the work
                probability = torch.softmax(one.permute(0, 2, 3, 1).float() / temperature, dim=-1)
                means.append(self.model_out(probability).permute(0, 3, 1, 2))
            small = AB_SCALE * torch.cat(means)
            return F.interpolate(small, scale_factor=4, mode="bilinear", align_corners=False)

    def forward(self, lightness: Tensor, temperature: float = 1.0) -> Tensor:
        """ab (N, 2, h, w) of lightness (N, 1, h, w), 0..100."""
        return self.mean(self.logits(lightness), temperature)
