"""ResNet (He et al., CVPR 2016, arXiv 1512.03385) without its classifier, with torchvision's names."""

import torch.nn.functional as F
from torch import Tensor, nn


class Residual(nn.Module):
    """A row of convolutions, each with batch norm, added to the input.

    Args:
        inputs: channels.
        width: of the convolutions inside.
        stride: of the 3 x 3 convolution that may have one.
        expansion: 4: 1 x 1, 3 x 3, 1 x 1 to four times the width; 1: two of 3 x 3.
    """

    def __init__(self, inputs: int, width: int, stride: int, expansion: int) -> None:
        super().__init__()
        outputs = width * expansion
        if expansion == 1:
            self._add(1, nn.Conv2d(inputs, width, 3, stride, 1, bias=False))
            self._add(2, nn.Conv2d(width, width, 3, padding=1, bias=False))
        else:
            self._add(1, nn.Conv2d(inputs, width, 1, bias=False))
            self._add(2, nn.Conv2d(width, width, 3, stride, 1, bias=False))
            self._add(3, nn.Conv2d(width, outputs, 1, bias=False))
        if stride > 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def _add(self, number: int, conv: nn.Conv2d) -> None:
        self.add_module(f"conv{number}", conv)
        self.add_module(f"bn{number}", nn.BatchNorm2d(conv.out_channels))
        self.count = number

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, width * expansion, h / stride, w / stride)."""
        inside = x
        for number in range(1, self.count + 1):
            inside = self.get_submodule(f"bn{number}")(self.get_submodule(f"conv{number}")(inside))
            inside = F.relu(inside) if number < self.count else inside
        return F.relu(inside + (self.downsample(x) if hasattr(self, "downsample") else x))


class ResNet(nn.ModuleList):
    """Stem (0 to 3) and four stages (4 to 7); each stage halves the picture but the first.

    Args:
        depths: blocks of each stage.
        expansion: see `Residual`.
        width: channels of the stem; each stage has twice as many inside as the one before.
    """

    def __init__(self, depths: tuple[int, ...], expansion: int, width: int) -> None:
        stem = [nn.Conv2d(3, width, 7, 2, 3, bias=False), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
        stages, inputs = list[nn.Module](), width
        for number, depth in enumerate(depths):
            blocks = []
            for place in range(depth):
                stride = 2 if number and not place else 1
                blocks.append(Residual(inputs, width << number, stride, expansion))
                inputs = (width << number) * expansion
            stages.append(nn.Sequential(*blocks))
        super().__init__([*stem, *stages])

    def forward(self, x: Tensor) -> list[Tensor]:
        """Features at 1/2 (before the stem's pooling), 1/4, 1/8, 1/16 and 1/32."""
        conv, norm, relu, pool, *stages = self
        taps = [relu(norm(conv(x)))]
        x = pool(taps[0])
        for stage in stages:
            x = stage(x)
            taps.append(x)
        return taps
