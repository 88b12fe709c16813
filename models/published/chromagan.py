"""ChromaGAN (Vitoria, Raad, Ballester, WACV 2020, arXiv 1907.09837) as its authors laid it out, under Keras's names.

VGG-16's features of a gray picture are joined with a vector of what the whole picture shows, and decoded to ab at half
of the size.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIDE = 224
"""Height and width of pictures in pixels; the dense layers take no other."""
NORM_EPS = 1e-3
"""Keras's."""
VGG = {"block1": [64, 64], "block2": [128, 128], "block3": [256, 256, 256], "block4": [512, 512, 512]}
"""Channels of the convolutions of each block; blocks are pooled between."""
FLAT = 7 * 7 * 512
CLASSES = 1000
CENTRE, AB_SCALE = 128, 255
"""The network's output is (ab + CENTRE) / AB_SCALE, as in OpenCV's 8-bit Lab."""


class Norm(nn.Module):
    """Batch norm as Keras keeps it: it counts no batches."""

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """x normed, (N, C, h, w)."""
        return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, eps=NORM_EPS)


class Chromagan(nn.Module):
    """80 tensors and 171.2 million numbers in the published file, of which 28 % are used to colour.

    Args:
        is_whole: whether it holds the layers that tell ImageNet's classes, too.
    """

    def __init__(self, is_whole: bool = False) -> None:
        super().__init__()
        inputs = 3
        for block, widths in VGG.items():
            for number, channels in enumerate(widths, start=1):
                self.add_module(f"{block}_conv{number}", nn.Conv2d(inputs, channels, 3, padding=1))
                inputs = channels
        self.conv2d_6, self.conv2d_8 = (nn.Conv2d(512, 512, 3, stride=2) for _ in range(2))
        self.conv2d_7, self.conv2d_9 = (nn.Conv2d(512, 512, 3, padding=1) for _ in range(2))
        self.dense_1, self.dense_2, self.dense_3 = nn.Linear(FLAT, 1024), nn.Linear(1024, 512), nn.Linear(512, 256)
        if is_whole:
            self.dense_4, self.dense_5 = nn.Linear(FLAT, 4096), nn.Linear(4096, 4096)
            self.dense_6 = nn.Linear(4096, CLASSES)
        self.conv2d_10, self.conv2d_11 = nn.Conv2d(512, 512, 3, padding=1), nn.Conv2d(512, 256, 3, padding=1)
        for number, channels in enumerate([512, 512, 512, 512, 512, 256], start=1):
            self.add_module(f"batch_normalization_{number}", Norm(channels))
        self.conv2d_12, self.conv2d_13 = nn.Conv2d(512, 256, 1), nn.Conv2d(256, 128, 3, padding=1)
        self.conv2d_14, self.conv2d_15 = nn.Conv2d(128, 64, 3, padding=1), nn.Conv2d(64, 64, 3, padding=1)
        self.conv2d_16, self.conv2d_17 = nn.Conv2d(64, 32, 3, padding=1), nn.Conv2d(32, 2, 3, padding=1)

    def forward(self, lightness: Tensor) -> Tensor:
        """ab (N, 2, 112, 112), -128..127; the authors bring it to 224 places by repeating each.

        Args:
            lightness: (N, 3, 224, 224), CIE L* 0..100, three times.
        """
        features = self._features(lightness / 100)
        return self._decoded(features, self._flat(features))

    def with_classes(self, lightness: Tensor) -> tuple[Tensor, Tensor]:
        """ab as `forward` gives it, and the distribution over ImageNet's classes, (N, 1000)."""
        features = self._features(lightness / 100)
        flat = self._flat(features)
        return self._decoded(features, flat), self.dense_6(self.dense_5(self.dense_4(flat))).softmax(dim=1)

    def _features(self, x: Tensor) -> Tensor:
        """(N, 512, 28, 28)."""
        for block, widths in VGG.items():
            if block != "block1":
                x = F.max_pool2d(x, 2)
            for number in range(1, len(widths) + 1):
                x = F.relu(self.get_submodule(f"{block}_conv{number}")(x))
        return x

    def _flat(self, x: Tensor) -> Tensor:
        """(N, 25088) of what the whole picture shows, channels last."""
        for number, conv in enumerate((self.conv2d_6, self.conv2d_7, self.conv2d_8, self.conv2d_9), start=1):
            padded = F.pad(x, (0, 1, 0, 1)) if conv.stride == (2, 2) else x  # as TensorFlow does
            x = self._normed(number, conv(padded))
        return x.permute(0, 2, 3, 1).flatten(1)

    def _normed(self, number: int, x: Tensor) -> Tensor:
        result: Tensor = self.get_submodule(f"batch_normalization_{number}")(F.relu(x))
        return result

    def _decoded(self, features: Tensor, flat: Tensor) -> Tensor:
        middle = self._normed(5, self.conv2d_10(features))
        middle = self._normed(6, self.conv2d_11(middle))
        whole = self.dense_3(self.dense_2(self.dense_1(flat)))[:, :, None, None]
        x = torch.cat([middle, whole.expand(-1, -1, *middle.shape[2:])], dim=1)
        for pair in ((self.conv2d_12, self.conv2d_13), (self.conv2d_14, self.conv2d_15)):
            for conv in pair:
                x = F.relu(conv(x))
            x = _doubled(x)
        x = torch.sigmoid(self.conv2d_17(F.relu(self.conv2d_16(x))))
        return AB_SCALE * x - CENTRE


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")
