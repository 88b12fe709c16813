"""EfficientNet-Lite0: which of ImageNet's 1,000 classes a gray picture shows, for networks that colour by class.

EfficientNet (Tan, Le, ICML 2019, arXiv 1905.11946) without squeezing, with ReLU6; layers and keys are those of the
published file.
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.judges.classifier import centre_square
from models.networks import load_strictly
from models.weights.files import read_weights

MEAN, SCALE = 127 / 255, 128 / 255
STAGES = [(16, 3, 1, 1, 1), (24, 3, 2, 6, 2), (40, 5, 2, 6, 2), (80, 3, 2, 6, 3),
          (112, 5, 1, 6, 3), (192, 5, 2, 6, 4), (320, 3, 1, 6, 1)]  # fmt: skip
"""Channels, kernel, stride of the first block, expansion and number of blocks."""
STEM, HEAD, CLASSES = 32, 1280, 1000
NORM_EPS = 1e-3


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=NORM_EPS)


def _padded(x: Tensor, kernel: int, stride: int) -> Tensor:
    """x with TensorFlow's SAME padding, of sides that the stride divides."""
    before, after = (kernel - stride) // 2, (kernel - stride + 1) // 2
    return F.pad(x, (before, after, before, after))


class Block(nn.Module):
    """Expanded, convolved channel by channel, projected; plus the input where shapes agree."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inside = inputs * expansion
        self.has_expansion, self.is_residual = expansion > 1, stride == 1 and inputs == outputs
        if self.has_expansion:
            self._expand_conv, self._bn0 = nn.Conv2d(inputs, inside, 1, bias=False), _norm(inside)
        self._depthwise_conv = nn.Conv2d(inside, inside, kernel, stride, groups=inside, bias=False)
        self._bn1 = _norm(inside)
        self._project_conv, self._bn2 = nn.Conv2d(inside, outputs, 1, bias=False), _norm(outputs)
        self.kernel, self.stride = kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, outputs, h', w') of x (N, inputs, h, w)."""
        inside = F.relu6(self._bn0(self._expand_conv(x))) if self.has_expansion else x
        inside = F.relu6(self._bn1(self._depthwise_conv(_padded(inside, self.kernel, self.stride))))
        projected: Tensor = self._bn2(self._project_conv(inside))
        return x + projected if self.is_residual else projected


class ClassNetwork(nn.Module):
    """296 tensors, 4.7 million numbers."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem, self._bn0 = nn.Conv2d(3, STEM, 3, stride=2, bias=False), _norm(STEM)
        self._blocks, inputs = nn.ModuleList(), STEM
        for channels, kernel, stride, expansion, count in STAGES:
            for number in range(count):
                self._blocks.append(Block(inputs, channels, kernel, 1 if number else stride, expansion))
                inputs = channels
        self._conv_head, self._bn1 = nn.Conv2d(inputs, HEAD, 1, bias=False), _norm(HEAD)
        self._fc = nn.Linear(HEAD, CLASSES)

    def forward(self, gray: Tensor) -> Tensor:
        """Shares of the classes, (N, 1000), of sum 1.

        Args:
            gray: (N, 1, h, w), sRGB 0..1, of which the middle is looked at.
        """
        x = ((centre_square(gray) - MEAN) / SCALE).expand(-1, 3, -1, -1)
        x = F.relu6(self._bn0(self._conv_stem(_padded(x, 3, 2))))
        for block in self._blocks:
            x = block(x)
        x = F.relu6(self._bn1(self._conv_head(x)))
        return torch.softmax(self._fc(x.mean(dim=(2, 3))), dim=1)


def load_class_network(path: Path) -> ClassNetwork:
    """The network with the weights at `path`, in evaluation mode.

    Raises:
        ValueError: not weights of it, or tensors are missing, misshapen or too many.
    """
    with torch.device("meta"):
        network = ClassNetwork()
    try:
        load_strictly(network, read_weights(path)[0])
    except ValueError as error:
        raise ValueError(f"{path}: not weights of a network that tells classes ({error})") from error
    return network.eval()
