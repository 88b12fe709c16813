"""DeOldify (Antic, github.com/jantic/DeOldify) as its author published it: a U-Net on a ResNet, of fastai 1.

Layers have the numbers of the published files. Of two layouts the deep one is Artistic, the wide one Stable and Video.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.published.normed_weights import SpectralConv1d, SpectralConv2d, WeightNormedConv2d
from models.published.resnet import ResNet
from models.published.shuffle import Shuffle, norm_last, normed_shuffle

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's red, green and blue, by which pictures are normalised on the way in and out."""
REACH = 3.0
"""Largest value that the network gives, in the normalised picture."""
FACTOR = 16
"""Pixels: the author's render factor counts the square's side in these."""
ATTENDING = 1
"""The step of the decoder that ends with self-attention."""


@dataclass(frozen=True)
class DeOldifyConfig:
    """The layout; by default the wide one."""

    depths: tuple[int, ...] = (3, 4, 23, 3)
    """Blocks of the ResNet's stages."""
    expansion: int = 4
    """Of its blocks: 4 for ResNet-101, 1 for ResNet-34."""
    stem: int = 64
    """Channels of its stem."""
    raised: tuple[int, ...] = (512, 512, 512, 256)
    """Channels that each step of the decoder brings to twice the size."""
    outputs: tuple[int, ...] = (512, 512, 512, 256)
    """Channels after each step."""
    convs: int = 1
    """Convolutions of a step, once it has joined the encoder's features."""


DEEP = DeOldifyConfig(
    depths=(3, 4, 6, 3), expansion=1, raised=(256, 384, 384, 336), outputs=(768, 768, 672, 300), convs=2
)


class Attention(nn.Module):
    """Self-attention, with the softmax over the places that ask, as the published code has it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query = SpectralConv1d(channels, channels // 8, 1, bias=False)
        self.key = SpectralConv1d(channels, channels // 8, 1, bias=False)
        self.value = SpectralConv1d(channels, channels, 1, bias=False)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """Features of the input's shape."""
        flat = x.flatten(2)
        query, key, value = (layer(flat).transpose(1, 2) for layer in (self.query, self.key, self.value))
        # each place takes the mean over all, weighed by what they ask and it answers: the two change places
        found = F.scaled_dot_product_attention(key, query, value, scale=1.0).transpose(1, 2)
        return self.gamma * found.reshape(x.shape) + x


class Step(nn.Module):
    """Features to twice their size, joined with the encoder's there.

    Args:
        inputs: channels.
        raised: of what is brought to twice the size.
        skip: of the encoder's features.
        outputs: of the result.
        convs: how many follow.
        has_attention: at its end.
    """

    def __init__(self, inputs: int, raised: int, skip: int, outputs: int, convs: int, has_attention: bool) -> None:
        super().__init__()
        self.shuf, self.bn = normed_shuffle(inputs, raised), nn.BatchNorm2d(skip)
        self.names = ["conv"] if convs == 1 else [f"conv{number}" for number in range(1, convs + 1)]
        channels = raised + skip
        for name in self.names:
            is_last = has_attention and name == self.names[-1]
            self.add_module(
                name, nn.Sequential(*norm_last(channels, outputs), *([Attention(outputs)] if is_last else []))
            )
            channels = outputs

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """Features (N, outputs, h', w'), at the size of the encoder's."""
        up = self.shuf(x)
        if up.shape[2:] != skip.shape[2:]:  # of sides that do not halve evenly
            up = F.interpolate(up, size=skip.shape[2:], mode="nearest")
        x = F.relu(torch.cat([up, self.bn(skip)], dim=1))
        for name in self.names:
            x = self.get_submodule(name)(x)
        return x


class Residual(nn.Module):
    """Two convolutions with ReLU after each, added to the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        row = (nn.Sequential(SpectralConv2d(channels, channels, 3, padding=1), nn.ReLU()) for _ in range(2))
        self.layers = nn.Sequential(*row)

    def forward(self, x: Tensor) -> Tensor:
        """Features of the input's shape."""
        return torch.as_tensor(x + self.layers(x))


class DeOldify(nn.Module):
    """754 tensors and 218.2 million numbers in the published file of the wide layout, 378 and 63.6 of the deep one."""

    def __init__(self, config: DeOldifyConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or DeOldifyConfig()
        stages = [(config.stem << number) * config.expansion for number in range(4)]
        top = stages[-1]
        skips = (*stages[2::-1], config.stem)
        inputs = (top, *config.outputs[:-1])
        steps = [
            Step(*channels, config.convs, number == ATTENDING)
            for number, channels in enumerate(zip(inputs, config.raised, skips, config.outputs, strict=True))
        ]
        last = config.outputs[-1]
        self.layers = nn.ModuleList(
            [
                ResNet(config.depths, config.expansion, config.stem),
                nn.BatchNorm2d(top),
                nn.ReLU(),
                nn.Sequential(nn.Sequential(*norm_last(top, 2 * top)), nn.Sequential(*norm_last(2 * top, top))),
                *steps,
                Shuffle(WeightNormedConv2d(last, 4 * last, 1)),
                nn.Identity(),  # here the picture is joined
                Residual(last + 3),
                nn.Sequential(SpectralConv2d(last + 3, 3, 1)),
            ]
        )

    def normalised(self, gray: Tensor) -> Tensor:
        """The picture as the network gives it, normalised: (N, 3, h, w), -3..3.

        Args:
            gray: (N, 3, h, w), sRGB 0..1; sides are even.
        """
        shown = (gray - _planes(MEAN, gray)) / _planes(STD, gray)
        resnet, norm, relu, middle, *steps, shuffle, _, residual, last = self.layers
        *skips, x = resnet(shown)
        x = middle(relu(norm(x)))
        for step, skip in zip(steps, reversed(skips), strict=True):
            x = step(x, skip)
        x = residual(torch.cat([shuffle(x), shown.to(x.dtype)], dim=1))
        with torch.autocast(gray.device.type, enabled=False):
            return 2 * REACH * torch.sigmoid(last(x.float())) - REACH

    def forward(self, gray: Tensor) -> Tensor:
        """sRGB 0..1, (N, 3, h, w), of gray pictures (N, 3, h, w), sRGB 0..1; sides are even."""
        normalised = self.normalised(gray)
        return (normalised * _planes(STD, normalised) + _planes(MEAN, normalised)).clamp(0, 1)


def _planes(values: tuple[float, ...], like: Tensor) -> Tensor:
    return like.new_tensor(values)[:, None, None]
