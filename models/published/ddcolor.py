"""DDColor (Kang et al., ICCV 2023, arXiv 2212.11613) as its authors published it.

A ConvNeXt sees the gray picture; one decoder brings its features back to full size, another asks them for colours with
100 queries; each query's colour is laid where its vector agrees with a pixel's.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.published.colour_queries import ColourQueries
from models.published.convnext import ConvNext
from models.published.normed_weights import SpectralConv2d, SpectralNormed
from models.published.shuffle import Shuffle, norm_last, normed_shuffle, spread

SIDE = 512
"""Height and width, in pixels, of the squares that its authors show it."""
LAST_FACTOR = 4
"""From the decoder's last features to the picture's size."""
STRIP = 8
"""Rows of the last features that are turned into colours at a time."""


@dataclass(frozen=True)
class DDColorConfig:
    """Its size; by default that of the large one."""

    depths: tuple[int, ...] = (3, 3, 27, 3)
    """Blocks of the encoder's stages."""
    widths: tuple[int, ...] = (192, 384, 768, 1536)
    """Channels of the encoder's stages."""
    width: int = 512
    """Channels of the decoder; its last ones, and the queries, have half of them."""
    queries: int = 100
    layers: int = 9
    """How often the queries look at the features."""


TINY = DDColorConfig(depths=(3, 3, 9, 3), widths=(96, 192, 384, 768))
"""The size of ddcolor_paper_tiny."""


class Step(nn.Module):
    """Features to twice their size, joined with the encoder's there."""

    def __init__(self, inputs: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.shuf, self.bn = normed_shuffle(inputs, outputs), nn.BatchNorm2d(skip)
        self.conv = nn.Sequential(*norm_last(outputs + skip, outputs))

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """Features (N, outputs, 2 h, 2 w)."""
        return torch.as_tensor(self.conv(F.relu(torch.cat([self.shuf(x), self.bn(skip)], dim=1))))


class Decoder(nn.Module):
    """The decoder of pixels, and in it that of colours."""

    def __init__(self, config: DDColorConfig) -> None:
        super().__init__()
        *skips, top = config.widths
        outputs = (config.width, config.width, config.width // 2)
        steps = zip((top, *outputs[:-1]), reversed(skips), outputs, strict=True)
        self.layers = nn.ModuleList(Step(*channels) for channels in steps)
        last = SpectralConv2d(outputs[-1], outputs[-1] * LAST_FACTOR**2, 1)
        self.last_shuf = Shuffle(last, factor=LAST_FACTOR)
        self.color_decoder = ColourQueries(outputs, outputs[-1], config.queries, config.layers)


class Refine(SpectralNormed):
    """Weights of the 100 maps and the picture in ab; no convolution, as the maps are never made."""

    def __init__(self, queries: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2, queries + 3, 1, 1))
        self.bias = nn.Parameter(torch.zeros(2))


class Encoder(nn.Module):
    """The ConvNeXt, by the name that files have for it."""

    def __init__(self, config: DDColorConfig) -> None:
        super().__init__()
        self.arch = ConvNext(config.depths, config.widths)


class DDColor(nn.Module):
    """602 tensors and 227.9 million numbers in the published file, 440 and 55.0 million in that of the tiny one."""

    mean: Tensor
    std: Tensor

    def __init__(self, config: DDColorConfig | None = None) -> None:
        super().__init__()
        self.config = config or DDColorConfig()
        self.encoder, self.decoder = Encoder(self.config), Decoder(self.config)
        self.refine_net = nn.ModuleList([nn.ModuleList([Refine(self.config.queries)])])
        self.register_buffer("mean", torch.zeros(1, 3, 1, 1))  # ImageNet's, as the file has them
        self.register_buffer("std", torch.ones(1, 3, 1, 1))

    def forward(self, gray: Tensor) -> Tensor:
        """ab (N, 2, h, w) of gray pictures (N, 3, h, w), sRGB 0..1; sides are multiples of 32."""
        shown = (gray - self.mean) / self.std
        *skips, x = self.encoder.arch(shown)
        features = []
        for step, skip in zip(self.decoder.layers, reversed(skips), strict=True):
            x = step(x, skip)
            features.append(x)
        with torch.autocast(gray.device.type, enabled=False):  # in bf16 the queries alone would be off by a percent
            colours = self.decoder.color_decoder([level.float() for level in features])
        return self._laid(x, colours, shown)

    def _laid(self, x: Tensor, colours: Tensor, shown: Tensor) -> Tensor:
        """ab of the last features, by the colours of the queries.

        The published code spreads the features to vectors of pixels, makes a map of each query of these, and weighs the
        maps and the picture. The same sums are taken here before anything is spread, and some rows at a time: no
        picture of 256 or 100 channels is made.

        Args:
            x: (N, C, h/4, w/4).
            colours: (N, Q, C), of the queries.
            shown: (N, 3, h, w), the picture as the network sees it.
        """
        refine: Refine = self.refine_net[0][0]  # type: ignore[index]
        of_maps, of_picture = refine.weight[:, :-3, 0, 0], refine.weight[:, -3:]
        with torch.autocast(x.device.type, enabled=False):
            mixed = of_maps @ colours  # (N, 2, C)
            of_picture_alone = F.conv2d(shown, of_picture, refine.bias)
        strips = [self._mixed(mixed, self.decoder.last_shuf.conv(strip)) for strip in torch.split(x, STRIP, dim=2)]
        return spread(torch.cat(strips, dim=2), LAST_FACTOR) + of_picture_alone

    @staticmethod
    def _mixed(mixed: Tensor, pixels: Tensor) -> Tensor:
        """ab (N, 2 * 16, h, w) of pixels (N, C * 16, h, w), by the queries' vectors (N, 2, C)."""
        frames, channels, height, width = pixels.shape
        with torch.autocast(pixels.device.type, enabled=False):
            vectors = pixels.float().reshape(frames, mixed.shape[2], channels // mixed.shape[2], height, width)
            return torch.einsum("noc,ncshw->noshw", mixed, vectors).flatten(1, 2)
