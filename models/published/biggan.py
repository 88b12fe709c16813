"""BigGAN (Brock, Donahue, Simonyan, ICLR 2019, arXiv 1809.11096), laid out as in its authors' code.

BigColor and GCP are made of its parts: residual blocks whose batch norms are conditioned on a class and on noise.
Pooling and doubling commute with 1 x 1 convolutions, so shortcuts are convolved where they are smaller.
"""

from collections.abc import Callable
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.published.biggan_sizes import FIRST_SIDE, BigGanConfig
from models.published.normed_weights import BigGanConv2d, BigGanEmbedding, BigGanLinear

PUBLISHED = BigGanConfig()
CLASSES = PUBLISHED.classes
"""ImageNet's, in the order of their WordNet numbers."""
SHARED = PUBLISHED.shared
NORM_EPS = 1e-5
MOMENTUM = 0.1
"""Share of a batch in the statistics that training stores."""

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


class StoredStatistics(nn.Module):
    """Batch norm whose statistics lie under their authors' names."""

    stored_mean: Tensor
    stored_var: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("stored_mean", torch.zeros(channels))
        self.register_buffer("stored_var", torch.ones(channels))

    def scaled(self, x: Tensor, gain: Tensor, bias: Tensor) -> Tensor:
        """x (N, C, h, w) normed, times gain, plus bias, (N or 1, C); in training by the batch's own statistics."""
        if self.training:
            mean, variance = self.stored_mean, self.stored_var
            x = F.batch_norm(x, mean, variance, training=True, momentum=MOMENTUM, eps=NORM_EPS)
            return torch.addcmul(bias[:, :, None, None], x, gain[:, :, None, None])
        scale = gain * torch.rsqrt(self.stored_var + NORM_EPS)  # one pass over x
        shift = bias - self.stored_mean * scale
        return torch.addcmul(shift[:, :, None, None], x, scale[:, :, None, None])


class StoredNorm(StoredStatistics):
    """Batch norm whose gain and bias are its own."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        self.gain, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """x normed, (N, C, h, w)."""
        return self.scaled(x, self.gain[None], self.bias[None])


class ConditionalNorm(StoredStatistics):
    """Batch norm whose gain and bias are made from a condition."""

    def __init__(self, channels: int, condition: int, linear: Linear) -> None:
        super().__init__(channels)
        self.gain, self.bias = linear(condition, channels), linear(condition, channels)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """x (N, C, h, w) normed, conditioned on y (N, condition)."""
        return self.scaled(x, 1 + self.gain(y), self.bias(y))


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
    """A class and noise to pictures: as published 194 tensors, and 24 more in BigColor's file.

    Args:
        config: sizes.
        first: the first block; those before it, and the linear layer, are left out.
        has_instance_norms: whether blocks hold the norms that BigColor's file has, and that nothing uses.
    """

    def __init__(self, config: BigGanConfig = PUBLISHED, first: int = 0, has_instance_norms: bool = False) -> None:
        super().__init__()
        self.config, widths = config, config.generated
        self.shared = nn.Embedding(config.classes, config.shared)
        if first == 0:
            self.linear = BigGanLinear(config.chunk, widths[0] * FIRST_SIDE**2)
        self.blocks = nn.ModuleDict()
        for number in range(first, len(widths) - 1):
            inputs, outputs = widths[number], widths[number + 1]
            block = ResidualBlock(inputs, outputs, config.condition, doubled, is_normed=True)
            if has_instance_norms:
                block.in1, block.in2 = (nn.InstanceNorm2d(channels, affine=True) for channels in (inputs, outputs))
            attention = [Attention(outputs)] if config.is_attended(number) else []
            self.blocks[str(number)] = Step([block, *attention])
        self.output_layer = nn.Sequential(StoredNorm(widths[-1]), nn.ReLU(), BigGanConv2d(widths[-1], 3, 3, padding=1))

    def forward(self, y: Tensor, z: Tensor, x: Tensor | None = None) -> tuple[list[Tensor], Tensor]:
        """Features of each block, and the picture.

        Args:
            y: (N, shared), of classes, as `shared` embeds them.
            z: (N, noise), noise.
            x: (N, C, h, w), features that enter the first block; None makes them from the noise.

        Returns:
            Features (N, C, h, w) that leave each block, and RGB -1..1 of the last one's size.
        """
        chunks, features = torch.split(z, self.config.chunk, dim=1), []
        if x is None:
            x = self.linear(chunks[0]).reshape(len(z), -1, FIRST_SIDE, FIRST_SIDE)
        for number, step in self.blocks.items():
            x = step(x, torch.cat([y, chunks[int(number) + 1]], dim=1))
            features.append(x)
        return features, torch.tanh(self.output_layer(x))


class SeeingBlock(nn.Module):
    """ReLU, convolution, ReLU, convolution, pooling; plus the input. The first block begins with its convolution."""

    def __init__(self, inputs: int, outputs: int, is_first: bool, is_last: bool) -> None:
        super().__init__()
        self.is_first, self.is_last = is_first, is_last
        self.conv1 = BigGanConv2d(inputs, outputs, 3, padding=1)
        self.conv2 = BigGanConv2d(outputs, outputs, 3, padding=1)
        self.has_shortcut = inputs != outputs or not is_last
        if self.has_shortcut:
            self.conv_sc = BigGanConv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, outputs, h/2, w/2) of x (N, inputs, h, w); of its size in the last block."""
        inside = self.conv1(x if self.is_first else F.relu(x))
        inside = self.conv2(F.relu(inside))
        if self.is_last:
            return inside + (self.conv_sc(x) if self.has_shortcut else x)
        return halved(inside) + shortcut(self.conv_sc, halved, x)


class Discriminator(nn.Module):
    """Pictures to features and scores: as published 100 tensors.

    Args:
        config: sizes.
        blocks: how many it holds; None: all, and the layers that judge pictures.
    """

    def __init__(self, config: BigGanConfig = PUBLISHED, blocks: int | None = None) -> None:
        super().__init__()
        steps = list(pairwise(config.judged))
        self.blocks = nn.ModuleList()
        for number, (inputs, outputs) in enumerate(steps[:blocks]):
            block = nn.Sequential(SeeingBlock(inputs, outputs, number == 0, number == len(steps) - 1))
            self.blocks.append(block.append(Attention(outputs)) if config.is_looked_at(number) else block)
        if blocks is None:
            self.linear = BigGanLinear(config.judged[-1], 1)
            self.embed = BigGanEmbedding(config.classes, config.judged[-1])

    def forward(self, rgb: Tensor) -> list[Tensor]:
        """Features (N, C, h, w) that leave each block, of RGB (N, 3, H, W), -1..1."""
        levels = []
        for block in self.blocks:
            rgb = block(rgb)
            levels.append(rgb)
        return levels

    def score(self, rgb: Tensor, classes: Tensor | None) -> Tensor:
        """How real pictures look for their classes, (N, 1): the more, the realer.

        Projection (Miyato, Koyama, ICLR 2018, arXiv 1802.05637, eq. 3): what a class looks for is a vector of its own.

        Args:
            rgb: (N, 3, H, W), -1..1.
            classes: (N,) int64; None: pictures of any class.
        """
        seen = F.relu(self(rgb)[-1]).sum(dim=(2, 3))
        any_class: Tensor = self.linear(seen)
        return any_class if classes is None else any_class + (self.embed(classes) * seen).sum(dim=1, keepdim=True)
