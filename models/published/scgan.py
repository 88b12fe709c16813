"""SCGAN (Zhao et al., IEEE TCSVT 2020, arXiv 2011.11377) as its authors laid it out; they published no weights of it.

A U-Net that joins features of what a gray picture shows, and predicts from its own decoder where people look.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.published.normed_weights import ScganConv2d

MULTIPLE = 256
"""Of which the sides of a picture are multiples: the deepest level must see 2 x 2 places."""
SLOPE = 0.2
NORM_EPS = 1e-5
CONTENT = [("conv1_1", 64, 1), ("conv1_2", 64, 2), ("conv2_1", 128, 1), ("conv2_2", 128, 2), ("conv3_1", 256, 1),
           ("conv3_2", 256, 1), ("conv3_3", 256, 2), ("conv4_1", 512, 1), ("conv4_2", 512, 1), ("conv4_3", 512, 2),
           ("conv5_1", 512, 1), ("conv5_2", 512, 1), ("conv5_3", 512, 1), ("pool5", 512, 2)]  # fmt: skip
"""Names, channels and strides of VGG-16's convolutions, whose pools are strides."""
DOWN = [64, 128, 256, 512, 512, 512, 512, 512, 512]
UP = [512, 512, 512, 512, 512, 256, 128, 64, 3]
JOINED = 6
"""The level of the encoder whose result is joined with the content."""


class Block(nn.Module):
    """Reflecting pad, convolution without bias, norm, activation."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1, has_norm: bool = True,
                 activation: nn.Module | None = None) -> None:  # fmt: skip
        super().__init__()
        self.pad = nn.ReflectionPad2d(kernel // 2)
        self.conv2d = ScganConv2d(inputs, outputs, kernel, stride, bias=False)
        self.norm = nn.BatchNorm2d(outputs, eps=NORM_EPS) if has_norm else nn.Identity()
        self.activation = activation or nn.LeakyReLU(SLOPE)

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, outputs, h', w') of x (N, inputs, h, w)."""
        result: Tensor = self.activation(self.norm(self.conv2d(self.pad(x))))
        return result


class UpBlock(nn.Module):
    """A block at twice the height and width."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv2d = Block(inputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, outputs, 2h, 2w) of x (N, inputs, h, w)."""
        result: Tensor = self.conv2d(F.interpolate(x, scale_factor=2, mode="nearest"))
        return result


class Content(nn.Sequential):
    """Features of what a picture shows: (N, 1, h, w) to (N, 512, h/32, w/32)."""

    def __init__(self) -> None:
        super().__init__()
        inputs = 1
        for name, channels, stride in CONTENT:
            self.add_module(name, Block(inputs, channels, stride=stride, has_norm=name != "conv1_1"))
            inputs = channels


class Saliency(nn.Module):
    """A map of where people look, from three levels of the decoder."""

    def __init__(self) -> None:
        super().__init__()
        self.conv11, self.conv12 = UpBlock(512, 128), UpBlock(128, 128)
        self.conv2, self.conv3 = UpBlock(256, 128), Block(128, 128)
        self.conv4 = UpBlock(3 * 128, 128)
        self.final = Block(128, 1, has_norm=False, activation=nn.Sigmoid())

    def forward(self, deep: Tensor, middle: Tensor, shallow: Tensor) -> Tensor:
        """The map, (N, 1, h, w), 0..1, of features (N, 512, h/8, w/8), (N, 256, h/4, w/4) and (N, 128, h/2, w/2)."""
        levels = [self.conv12(self.conv11(deep)), self.conv2(middle), self.conv3(shallow)]
        result: Tensor = self.final(self.conv4(torch.cat(levels, dim=1)))
        return result


class Scgan(nn.Module):
    """279 tensors and 58.9 million numbers, vectors of spectral norm among them; 236 and 57.3 without saliency.

    Args:
        has_saliency: whether it holds the branch that only training uses.
    """

    def __init__(self, has_saliency: bool = True) -> None:
        super().__init__()
        self.global_feature_network = Content()
        inputs = 1
        for number, channels in enumerate(DOWN, start=1):
            kernel, stride = (7, 1) if number == 1 else (3, 2)
            self.add_module(f"down{number}", Block(inputs, channels, kernel, stride, number not in (1, len(DOWN))))
            inputs = channels + (512 if number == JOINED else 0)
        for number, channels in enumerate(UP[:-1], start=1):
            self.add_module(f"up{number}", UpBlock(inputs, channels))
            inputs = channels + DOWN[-1 - number]
        self.up9 = Block(inputs, UP[-1], has_norm=False, activation=nn.Tanh())
        if has_saliency:
            self.attention_prediction_network = Saliency()

    def forward(self, gray: Tensor) -> Tensor:
        """RGB (N, 3, h, w), -1..1 of which 0..1 is meant, of gray (N, 1, h, w), 0..1; sides are multiples of 256."""
        return self._decoded(gray)[-1]

    def with_saliency(self, gray: Tensor) -> tuple[Tensor, Tensor]:
        """RGB as `forward` gives it, and where people look in it, (N, 1, h, w), 0..1."""
        levels = self._decoded(gray)
        saliency: Tensor = self.attention_prediction_network(*levels[4:7])
        return levels[-1], saliency

    def _decoded(self, gray: Tensor) -> list[Tensor]:
        x, skips = gray, []
        for number in range(1, len(DOWN) + 1):
            x = self.get_submodule(f"down{number}")(x)
            skips.append(x)
            if number == JOINED:
                x = torch.cat([x, self.global_feature_network(gray)], dim=1)
        levels: list[Tensor] = []
        for number in range(1, len(UP) + 1):
            skip = skips.pop()  # the deepest is x itself
            x = self.get_submodule(f"up{number}")(torch.cat([skip, x], dim=1) if levels else x)
            levels.append(x)
        return levels
