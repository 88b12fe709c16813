"""A person's colours as features of the decoder (in the manner of Zhang et al., SIGGRAPH 2017, arXiv 1705.02999)."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

POOLED = 4
"""Pixels along each side that become one: the branch begins at the size of the decoder's last steps."""
CHANNELS = (32, 64, 128)
"""At 1/4, 1/8 and 1/16 of the input."""
AB_SCALE = 110.0


def _conv(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1), nn.ReLU())


class Listener(nn.Module):
    """Colours at places to what they add to the decoder's features; untrained it adds nothing.

    Args:
        widths: channels of the decoder after its steps at 1/16, 1/8 and 1/4 of the input.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        ends = (3, *CHANNELS)
        self.down = nn.ModuleList(_conv(ends[i], ends[i + 1], 1 if i == 0 else 2) for i in range(len(CHANNELS)))
        self.adds = nn.ModuleList(nn.Conv2d(c, width, 1) for c, width in zip(reversed(CHANNELS), widths, strict=True))
        for conv in self.adds:
            nn.init.zeros_(conv.weight)  # type: ignore[arg-type]
            nn.init.zeros_(conv.bias)  # type: ignore[arg-type]

    def forward(self, planes: Tensor) -> list[Tensor]:
        """Features to add after each of the decoder's first three steps; zeros for a frame without given colours.

        Args:
            planes: (N, 3, h, w): a* and b* where colour is given and 0 elsewhere, and a mask of 1 and 0.
        """
        mask = planes[:, 2:]
        covered = F.avg_pool2d(mask, POOLED)
        ab = F.avg_pool2d(planes[:, :2] * mask, POOLED) / covered.clamp(min=1 / POOLED**2) / AB_SCALE
        x, levels = torch.cat([ab, covered], dim=1), []
        for down in self.down:
            x = down(x)
            levels.append(x)
        has_some = mask.amax(dim=(1, 2, 3), keepdim=True).to(x.dtype)
        return [add(level) * has_some for add, level in zip(self.adds, reversed(levels), strict=True)]
