"""A person's colours as features of the decoder (in the manner of Zhang et al., SIGGRAPH 2017, arXiv 1705.02999).

A colour reaches as far as its thing does: besides convolutions, which see the places around it, each place looks for
the given places that are like it in the encoder's features, and takes their mean colour by likeness and distance.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

POOLED = 4
"""Pixels along each side that become one: the branch begins at the size of the decoder's last steps."""
CHANNELS = (32, 64, 128)
"""At 1/4, 1/8 and 1/16 of the input."""
AB_SCALE = 110.0
LIKE_CHANNELS = 32
"""By which places are compared, from each of the encoder's levels."""
SHARPNESS, FALL, NOTHING = (3.0, 3.7, 7.6, 0.5), 4.0, 6.0
"""At the beginning of training: factors of the cosines of two places in what the encoder has at 1/4, 1/8, 1/16 and
1/32; what the logit loses over the short side; the logit of taking nothing."""
PACE = 10.0
"""Factor on the steps by which these are learned."""


def _conv(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1), nn.ReLU())


class Likeness(nn.Module):
    """Given colours to a map of colours at 1/8: at each place the mean of those given at places like it.

    Args:
        taps: channels of the encoder's features at 1/4, 1/8, 1/16 and 1/32.
    """

    def __init__(self, taps: Sequence[int]) -> None:
        super().__init__()
        self.looks = nn.ModuleList(nn.Conv2d(channels, LIKE_CHANNELS, 1) for channels in taps)
        self.sharpness = nn.Parameter(torch.tensor([math.log(factor) / PACE for factor in SHARPNESS]))
        self.fall = nn.Parameter(torch.tensor(math.log(FALL) / PACE))
        self.nothing = nn.Parameter(torch.tensor(NOTHING / PACE))

    def forward(self, given: Tensor, features: Sequence[Tensor]) -> Tensor:
        """ab / 110 and how much was found, (N, 3, h/8, w/8): zeros where nothing given is like the place.

        Args:
            given: (N, 3, h/8, w/8), ab / 110 and the share of the place that is given.
            features: of the encoder at 1/4, 1/8, 1/16 and 1/32.
        """
        count, _, height, width = given.shape
        seen = [look(level) for look, level in zip(self.looks, features, strict=True)]
        with torch.autocast(given.device.type, enabled=False):
            codes = self._codes([one.float() for one in seen], (height, width))
            rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
            places = torch.stack([rows, columns], dim=-1).reshape(-1, 2).to(codes) / min(height, width)
            logits = codes.transpose(1, 2) @ codes - (PACE * self.fall).exp() * torch.cdist(places, places)
            logits = logits + torch.log(given[:, 2].float().flatten(1))[:, None]  # -inf where nothing is given
            nothing = (PACE * self.nothing).expand(count, logits.shape[1], 1)
            weights = torch.softmax(torch.cat([logits, nothing], dim=2), dim=2)[..., :-1]
            ab = weights @ given[:, :2].float().flatten(2).transpose(1, 2)
            found = weights.sum(dim=2, keepdim=True)
        return torch.cat([ab, found], dim=2).transpose(1, 2).reshape(count, 3, height, width)

    def _codes(self, seen: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
        """A code for each place, (N, C, h/8 x w/8): the product of two is the sum of the levels' cosines, weighed."""
        levels = []
        for level, factor in zip(seen, (PACE * self.sharpness).exp().sqrt(), strict=True):
            is_larger = level.shape[-1] > size[1]
            sized = F.avg_pool2d(level, 2) if is_larger else F.interpolate(level, size=size, mode="bilinear")
            levels.append(factor * F.normalize(sized, dim=1))
        return torch.cat(levels, dim=1).flatten(2)


class Listener(nn.Module):
    """Colours at places to what they add to the decoder's features; untrained it adds nothing.

    Args:
        widths: channels of the decoder after its steps at 1/16, 1/8 and 1/4 of the input.
        taps: channels of the encoder's features at 1/4, 1/8, 1/16 and 1/32.
    """

    def __init__(self, widths: Sequence[int], taps: Sequence[int]) -> None:
        super().__init__()
        ends = (6, *CHANNELS)
        self.likeness = Likeness(taps)
        self.down = nn.ModuleList(_conv(ends[i], ends[i + 1], 1 if i == 0 else 2) for i in range(len(CHANNELS)))
        self.adds = nn.ModuleList(nn.Conv2d(c, width, 1) for c, width in zip(reversed(CHANNELS), widths, strict=True))
        for conv in self.adds:
            nn.init.zeros_(conv.weight)  # type: ignore[arg-type]
            nn.init.zeros_(conv.bias)  # type: ignore[arg-type]

    def forward(self, planes: Tensor, features: Sequence[Tensor]) -> list[Tensor]:
        """Features to add after each of the decoder's first three steps; zeros for a frame without given colours.

        Args:
            planes: (N, 3, h, w): a* and b* where colour is given and 0 elsewhere, and a mask of 1 and 0.
            features: of the encoder at 1/4, 1/8, 1/16 and 1/32.
        """
        near, wide = _pooled(planes, POOLED), self.likeness(_pooled(planes, 2 * POOLED), features)
        x, levels = torch.cat([near, F.interpolate(wide, size=near.shape[-2:], mode="bilinear")], dim=1), []
        for down in self.down:
            x = down(x)
            levels.append(x)
        has_some = planes[:, 2:].amax(dim=(1, 2, 3), keepdim=True).to(x.dtype)
        return [add(level) * has_some for add, level in zip(self.adds, reversed(levels), strict=True)]


def _pooled(planes: Tensor, side: int) -> Tensor:
    """Means of the given ab / 110 in squares of `side` pixels, and the share of each square that is given."""
    mask = planes[:, 2:]
    covered = F.avg_pool2d(mask, side)
    ab = F.avg_pool2d(planes[:, :2] * mask, side) / covered.clamp(min=1 / side**2) / AB_SCALE
    return torch.cat([ab, covered], dim=1)
