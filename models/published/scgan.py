"""SCGAN (Zhao et al., IEEE TCSVT 2020, arXiv 2011.11377) as its authors laid it out; they published no weights of it.

A U-Net that joins features of what a gray picture shows, and predicts from its own decoder where people look. It may be
narrower than theirs, and on smaller squares its innermost levels are left out; keys stay.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.published.normed_weights import ScganConv2d

WIDTH, SIDE = 64, 256
"""Channels of the first level, and side of the squares that it sees, as published."""
SLOPE = 0.2
NORM_EPS = 1e-5
CONTENT = [("conv1_1", 1, 1), ("conv1_2", 1, 2), ("conv2_1", 2, 1), ("conv2_2", 2, 2), ("conv3_1", 4, 1),
           ("conv3_2", 4, 1), ("conv3_3", 4, 2), ("conv4_1", 8, 1), ("conv4_2", 8, 1), ("conv4_3", 8, 2),
           ("conv5_1", 8, 1), ("conv5_2", 8, 1), ("conv5_3", 8, 1), ("pool5", 8, 2)]  # fmt: skip
"""Names, widths and strides of VGG-16's convolutions, whose pools are strides; widths in those of the first level."""
DOWN = [1, 2, 4, 8, 8, 8, 8, 8, 8]
"""Widths of the encoder's levels."""
UP = [8, 8, 8, 8, 8, 4, 2, 1]
"""Widths of the decoder's levels but the last, which has red, green and blue."""
JOINED = 6
"""The level of the encoder whose result is joined with the content."""


class Block(nn.Module):
    """Reflecting pad, convolution without bias, norm, activation."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1, has_norm: bool = True,
                 activation: nn.Module | None = None) -> None:  # fmt: skip
        super().__init__()
        self.pad = nn.ReflectionPad2d((kernel - 1) // 2)
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
    """Features of what a picture shows: (N, 1, h, w) to (N, 8 width, h/32, w/32)."""

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        inputs = 1
        for name, share, stride in CONTENT:
            self.add_module(name, Block(inputs, share * width, stride=stride, has_norm=name != "conv1_1"))
            inputs = share * width


class Saliency(nn.Module):
    """A map of where people look, from three levels of the decoder."""

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        inside = 2 * width
        self.conv11, self.conv12 = UpBlock(8 * width, inside), UpBlock(inside, inside)
        self.conv2, self.conv3 = UpBlock(4 * width, inside), Block(inside, inside)
        self.conv4 = UpBlock(3 * inside, inside)
        self.final = Block(inside, 1, has_norm=False, activation=nn.Sigmoid())

    def forward(self, deep: Tensor, middle: Tensor, shallow: Tensor) -> Tensor:
        """The map, (N, 1, h, w), 0..1, of the decoder's results at 1/8, 1/4 and 1/2 of the picture's size."""
        levels = [self.conv12(self.conv11(deep)), self.conv2(middle), self.conv3(shallow)]
        result: Tensor = self.final(self.conv4(torch.cat(levels, dim=1)))
        return result


def depth_of(side: int) -> int:
    """Levels of a network that sees squares of this side: the innermost has one place.

    Raises:
        ValueError: the side is no power of 2, or too small to join the content.
    """
    if side < 2**JOINED or side & (side - 1):
        raise ValueError(f"side must be a power of 2 from {2**JOINED} on, got {side}")
    return min(side.bit_length(), len(DOWN))


class Scgan(nn.Module):
    """As published 279 tensors and 58.9 million numbers, vectors of spectral norm among them; 236 without saliency.

    Args:
        has_saliency: whether it holds the branch that only training uses.
        width: channels of the first level.
        side: of the squares that it was trained on.
    """

    def __init__(self, has_saliency: bool = True, width: int = WIDTH, side: int = SIDE) -> None:
        super().__init__()
        self.depth = depth_of(side)
        self.global_feature_network = Content(width)
        inputs, downs = 1, [share * width for share in DOWN[: self.depth]]
        for number, channels in enumerate(downs, start=1):
            kernel, stride = (7, 1) if number == 1 else (3, 2)
            self.add_module(f"down{number}", Block(inputs, channels, kernel, stride, number not in (1, len(DOWN))))
            inputs = channels + (8 * width if number == JOINED else 0)
        for number in self._ups[:-1]:
            channels = UP[number - 1] * width
            self.add_module(f"up{number}", UpBlock(inputs, channels))
            inputs = channels + DOWN[len(DOWN) - 1 - number] * width
        self.up9 = Block(inputs, 3, has_norm=False, activation=nn.Tanh())
        if has_saliency:
            self.attention_prediction_network = Saliency(width)

    @property
    def _ups(self) -> list[int]:
        """Numbers of the decoder's levels; on smaller squares the first are left out."""
        return list(range(len(DOWN) + 1 - self.depth, len(DOWN) + 1))

    def forward(self, gray: Tensor) -> Tensor:
        """RGB (N, 3, h, w), -1..1 of which 0..1 is meant, of gray (N, 1, h, w), 0..1.

        Sides are multiples of 2 ** (depth - 1), which is 256 as published.
        """
        return self._decoded(gray)[-1]

    def with_saliency(self, gray: Tensor) -> tuple[Tensor, Tensor]:
        """RGB as `forward` gives it, and where people look in it, (N, 1, h, w), 0..1."""
        levels = self._decoded(gray)
        saliency: Tensor = self.attention_prediction_network(*levels[-5:-2])
        return levels[-1], saliency

    def _decoded(self, gray: Tensor) -> list[Tensor]:
        x, skips = gray, []
        for number in range(1, self.depth + 1):
            x = self.get_submodule(f"down{number}")(x)
            skips.append(x)
            if number == JOINED:
                x = torch.cat([x, self.global_feature_network(gray)], dim=1)
        levels: list[Tensor] = []
        for number in self._ups:
            skip = skips.pop()  # the deepest is x itself
            x = self.get_submodule(f"up{number}")(torch.cat([skip, x], dim=1) if levels else x)
            levels.append(x)
        return levels


class Discriminator(nn.Module):
    """PatchGAN: how true each patch of 69 x 69 pixels looks; as published 38 tensors and 5.8 million numbers.

    Args:
        width: channels of the first level.
    """

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        self.block1 = Block(1 + 3, width, 7, has_norm=False)
        self.block2, self.block3 = Block(width, 2 * width, stride=2), Block(2 * width, 4 * width, stride=2)
        self.block4 = Block(4 * width, 8 * width, stride=2)
        self.final1 = Block(8 * width, 8 * width, 4)
        self.final2 = Block(8 * width, 1, 4, has_norm=False, activation=nn.Identity())

    def forward(self, gray: Tensor, rgb: Tensor) -> Tensor:
        """Scores without limits, (N, 1, h/8 - 2, w/8 - 2), the higher the truer RGB (N, 3, h, w) of gray looks."""
        x = torch.cat([gray, rgb], dim=1)
        for block in self.children():
            x = block(x)
        return x
