"""BigGAN (Brock, Donahue, Simonyan, ICLR 2019, arXiv 1809.11096) for 256 x 256, laid out as in its authors' code.

BigColor and GCP are made of its parts: residual blocks whose batch norms are conditioned on a class and on noise.
Pooling and doubling commute with 1 x 1 convolutions, so shortcuts are convolved where they are smaller.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.published.normed_weights import BigGanConv2d, BigGanEmbedding, BigGanLinear

CLASSES = 1000
"""ImageNet's, in the order of their WordNet numbers."""
SHARED = 128
"""Numbers that a class is embedded in."""
CHUNK = 17
"""Numbers of the noise that each block takes; the first chunk of them feeds what comes before the blocks."""
WIDTHS = [1536, 1536, 768, 768, 384, 192, 96]
"""Channels that enter each block of the generator, and leave the last."""
ATTENTION = 3
"""The block of the generator that attention follows, at 64 x 64."""
LOOK = 1
"""The block of the discriminator that attention follows, at 64 x 64."""
SEEN = [3, 96, 192, 384, 768, 768, 1536, 1536]
"""Channels that enter each block of the discriminator, and leave the last."""
NORM_EPS = 1e-5

Resample = Callable[[Tensor], Tensor]
Linear = Callable[[int, int], nn.Linear]


def doubled(x: Tensor) -> Tensor:
    """Features (N, C, h, w) of twice the height and width, each place four times."""
    return F.interpolate(x, scale_factor=2, mode="nearest")


def halved(x: Tensor) -> Tensor:
    """Features (N, C, h, w) of half the height and width, the mean of each four places."""
    return F.avg_pool2d(x, 2)


def unchanged(x: Tensor) -> Tensor:
    """Features as they are."""
    return x


def normed_linear(inputs: int, outputs: int) -> nn.Linear:
    """A linear layer with spectral norm and without bias, as the generator's norms have it."""
    return BigGanLinear(inputs, outputs, bias=False)


def plain_linear(inputs: int, outputs: int) -> nn.Linear:
    """A linear layer without spectral norm and without bias, as encoders' norms have it."""
    return nn.Linear(inputs, outputs, bias=False)


def _scaled(x: Tensor, mean: Tensor, variance: Tensor, gain: Tensor, bias: Tensor) -> Tensor:
    """Batch norm by stored statistics (C,), times gain, plus bias, (N or 1, C): one pass over x."""
    scale = gain * torch.rsqrt(variance + NORM_EPS)
    shift = bias - mean * scale
    return torch.addcmul(shift[:, :, None, None], x, scale[:, :, None, None])


class StoredNorm(nn.Module):
    """Batch norm whose gain and bias are its own."""

    stored_mean: Tensor
    stored_var: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gain, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))
        self.register_buffer("stored_mean", torch.zeros(channels))
        self.register_buffer("stored_var", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """x normed, (N, C, h, w)."""
        return _scaled(x, self.stored_mean, self.stored_var, self.gain[None], self.bias[None])


class ConditionalNorm(nn.Module):
    """Batch norm whose gain and bias are made from a condition."""

    stored_mean: Tensor
    stored_var: Tensor

    def __init__(self, channels: int, condition: int, linear: Linear) -> None:
        super().__init__()
        self.gain, self.bias = linear(condition, channels), linear(condition, channels)
        self.register_buffer("stored_mean", torch.zeros(channels))
        self.register_buffer("stored_var", torch.ones(channels))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """x (N, C, h, w) normed, conditioned on y (N, condition)."""
        return _scaled(x, self.stored_mean, self.stored_var, 1 + self.gain(y), self.bias(y))


class ResidualBlock(nn.Module):
    """Norm, ReLU, resampling, convolution, norm, ReLU, convolution; plus the input.

    Args:
        inputs: channels.
        outputs: channels.
        condition: numbers that the norms are conditioned on.
        resample: what halves or doubles the sides.
        is_normed: whether all layers have spectral norm.
    """

    def __init__(self, inputs: int, outputs: int, condition: int, resample: Resample, is_normed: bool) -> None:
        super().__init__()
        conv, linear = (BigGanConv2d, normed_linear) if is_normed else (nn.Conv2d, plain_linear)
        self.bn1, self.bn2 = (ConditionalNorm(channels, condition, linear) for channels in (inputs, outputs))
        self.conv1, self.conv2 = conv(inputs, outputs, 3, padding=1), conv(outputs, outputs, 3, padding=1)
        self.resample = resample
        self.has_shortcut = inputs != outputs or resample is not unchanged
        if self.has_shortcut:
            self.conv_sc = conv(inputs, outputs, 1)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Features (N, outputs, h', w') of x (N, inputs, h, w), conditioned on y (N, condition)."""
        inside = self.conv1(self.resample(F.relu(self.bn1(x, y))))
        inside = self.conv2(F.relu(self.bn2(inside, y)))
        return inside + (shortcut(self.conv_sc, self.resample, x) if self.has_shortcut else x)


def shortcut(conv: nn.Module, resample: Resample, x: Tensor) -> Tensor:
    """x (N, C, h, w) resampled, and convolved with 1 x 1 where it is smaller."""
    result: Tensor = conv(halved(x)) if resample is halved else resample(conv(x))
    return result


class Attention(nn.Module):
    """Self-attention (Zhang et al., SAGAN, ICML 2019) whose keys and values are pooled by 2."""

    def __init__(self, channels: int, is_normed: bool = True) -> None:
        super().__init__()
        conv = BigGanConv2d if is_normed else nn.Conv2d
        self.theta, self.phi = (conv(channels, channels // 8, 1, bias=False) for _ in range(2))
        self.g, self.o = conv(channels, channels // 2, 1, bias=False), conv(channels // 2, channels, 1, bias=False)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """x (N, C, h, w) with what each place takes from the others."""
        theta, phi, g = (t.flatten(2).mT for t in (self.theta(x), _pooled(self.phi(x)), _pooled(self.g(x))))
        seen = F.scaled_dot_product_attention(theta, phi, g, scale=1.0)  # (N, places, C / 2)
        return self.gamma * self.o(seen.mT.reshape(len(x), -1, *x.shape[2:])) + x


def _pooled(x: Tensor) -> Tensor:
    return F.max_pool2d(x, 2)


class Step(nn.ModuleList):
    """A residual block, and the attention that may follow it."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Features (N, C, h', w') of x (N, inputs, h, w), conditioned on y (N, condition)."""
        block, *attention = self
        x = block(x, y)
        for one in attention:
            x = one(x)
        return x


class Generator(nn.Module):
    """A class and noise to pictures of 256 x 256: 194 tensors, and 24 more in BigColor's file.

    Args:
        first: the first block; those before it, and the linear layer, are left out.
        has_instance_norms: whether blocks hold the norms that BigColor's file has, and that nothing uses.
    """

    def __init__(self, first: int = 0, has_instance_norms: bool = False) -> None:
        super().__init__()
        self.shared = nn.Embedding(CLASSES, SHARED)
        if first == 0:
            self.linear = BigGanLinear(CHUNK, WIDTHS[0] * 4 * 4)
        self.blocks = nn.ModuleDict()
        for number in range(first, len(WIDTHS) - 1):
            inputs, outputs = WIDTHS[number], WIDTHS[number + 1]
            block = ResidualBlock(inputs, outputs, SHARED + CHUNK, doubled, is_normed=True)
            if has_instance_norms:
                block.in1, block.in2 = (nn.InstanceNorm2d(channels, affine=True) for channels in (inputs, outputs))
            attention = [Attention(outputs)] if number == ATTENTION else []
            self.blocks[str(number)] = Step([block, *attention])
        self.output_layer = nn.Sequential(StoredNorm(WIDTHS[-1]), nn.ReLU(), BigGanConv2d(WIDTHS[-1], 3, 3, padding=1))

    def forward(self, y: Tensor, z: Tensor, x: Tensor | None = None) -> tuple[list[Tensor], Tensor]:
        """Features of each block, and the picture.

        Args:
            y: (N, 128), of classes, as `shared` embeds them.
            z: (N, 119), noise.
            x: (N, C, h, w), features that enter the first block; None makes them from the noise.

        Returns:
            Features (N, C, h, w) that leave each block, and RGB -1..1 of the last one's size.
        """
        chunks, features = torch.split(z, CHUNK, dim=1), []
        if x is None:
            x = self.linear(chunks[0]).reshape(len(z), WIDTHS[0], 4, 4)
        for number, step in self.blocks.items():
            x = step(x, torch.cat([y, chunks[int(number) + 1]], dim=1))
            features.append(x)
        return features, torch.tanh(self.output_layer(x))


class SeeingBlock(nn.Module):
    """ReLU, convolution, ReLU, convolution, pooling; plus the input. The first block begins with its convolution."""

    def __init__(self, number: int) -> None:
        super().__init__()
        inputs, outputs = SEEN[number], SEEN[number + 1]
        self.is_first, self.is_last = number == 0, number == len(SEEN) - 2
        self.conv1 = BigGanConv2d(inputs, outputs, 3, padding=1)
        self.conv2 = BigGanConv2d(outputs, outputs, 3, padding=1)
        if not self.is_last:
            self.conv_sc = BigGanConv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, outputs, h/2, w/2) of x (N, inputs, h, w); of its size in the last block."""
        inside = self.conv1(x if self.is_first else F.relu(x))
        inside = self.conv2(F.relu(inside))
        return inside + x if self.is_last else halved(inside) + shortcut(self.conv_sc, halved, x)


class Discriminator(nn.Module):
    """100 tensors: pictures of 256 x 256 to features.

    Args:
        blocks: how many it holds; with all seven it holds the layers that judge pictures, too.
    """

    def __init__(self, blocks: int = len(SEEN) - 1) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(nn.Sequential(SeeingBlock(number)) for number in range(blocks))
        self.blocks[LOOK].append(Attention(SEEN[LOOK + 1]))  # type: ignore[operator]
        if blocks == len(SEEN) - 1:
            self.linear, self.embed = BigGanLinear(SEEN[-1], 1), BigGanEmbedding(CLASSES, SEEN[-1])

    def forward(self, rgb: Tensor) -> list[Tensor]:
        """Features (N, C, h, w) that leave each block, of RGB (N, 3, H, W), -1..1."""
        levels = []
        for block in self.blocks:
            rgb = block(rgb)
            levels.append(rgb)
        return levels
