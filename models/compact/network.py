"""The network that ships: MobileNetV2 encoder, light decoder, a distribution over 313 ab bins at 1/4 of the input.

Encoder: Sandler et al., CVPR 2018 (arXiv 1801.04381), with batch norm folded into its convolutions, the keys of
torchvision's `mobilenet_v2` and TensorFlow's SAME padding. Head: Zhang, Isola, Efros, ECCV 2016 (arXiv 1603.08511).
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.colour.bins import BINS, annealed_mean
from models.compact.detector import Detector, Found
from models.compact.instance_fusion import Fusion

STRIDE = 32
"""Input sides must be multiples of this."""
HEAD_STRIDE = 4

BLOCKS = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
"""MobileNetV2's rows: expansion, channels, repeats, stride of the first repeat (table 2)."""
STEM_CHANNELS = 32
TOP_CHANNELS = 1280
TAPS = {3: 24, 6: 32, 13: 96, 18: TOP_CHANNELS}
"""Encoder layers that the decoder reads, at 1/4, 1/8, 1/16 and 1/32 of the input, and their channels."""


class SamePad(nn.Module):
    """TensorFlow's SAME padding for a 3x3 convolution of stride 2 on even sides: one row below, one column right."""

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x, (0, 1, 0, 1))


def _conv(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    padding = kernel // 2 if stride == 1 else 0
    return nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups)


class PaddedConv(nn.Sequential):
    """Convolution (at index 0, as in torchvision's keys), ReLU6; SAME padding first where it strides."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(_conv(inputs, outputs, kernel, stride, groups), nn.ReLU6())
        self.pad = SamePad() if stride == 2 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self[1](self[0](self.pad(x)))
        return y


class InvertedResidual(nn.Module):
    """MobileNetV2's block (sec. 3.3): expand 1x1, depthwise 3x3, project 1x1, plus the input where shapes agree."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        expand = [PaddedConv(inputs, hidden, 1)] if expansion > 1 else []
        self.conv = nn.Sequential(*expand, PaddedConv(hidden, hidden, 3, stride, hidden), _conv(hidden, outputs, 1))
        self.is_residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return x + y if self.is_residual else y


class Encoder(nn.Module):
    """MobileNetV2 without its classifier, for one input channel in -1..1."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [PaddedConv(1, STEM_CHANNELS, 3, 2)]
        channels = STEM_CHANNELS
        for expansion, outputs, repeats, first_stride in BLOCKS:
            for i in range(repeats):
                layers.append(InvertedResidual(channels, outputs, first_stride if i == 0 else 1, expansion))
                channels = outputs
        self.features = nn.Sequential(*layers, PaddedConv(channels, TOP_CHANNELS, 1))

    def forward(self, x: Tensor) -> list[Tensor]:
        """Features at 1/4, 1/8, 1/16 and 1/32 of (N, 1, h, w)."""
        taps = []
        for i, layer in enumerate(self.features):
            x = layer(x)
            if i in TAPS:
                taps.append(x)
        return taps


def gray_encoder_state(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """State of `Encoder` from an RGB classifier's: the first convolution summed over its inputs, no classifier."""
    kept = {key: value.float() for key, value in state.items() if key.startswith("features.")}
    return kept | {"features.0.0.weight": kept["features.0.0.weight"].sum(dim=1, keepdim=True)}


@functools.cache
@torch.inference_mode(mode=False)
def _range_of_lightness(device: torch.device) -> tuple[Tensor, Tensor]:
    """-1 and 50, kept on each device: -1 + L* / 50, what the encoder takes, is then one call."""
    return torch.full((), -1.0, device=device), torch.full((), 50.0, device=device)


def _decoder_block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


@dataclass(frozen=True)
class CompactConfig:
    """Widths of the decoder at 1/32, 1/16, 1/8 and 1/4 of the input."""

    widths: tuple[int, int, int, int] = (256, 192, 128, 96)


class Decoder(nn.Module):
    """The encoder's features to logits over the 313 ab bins, step by step: after each, features may be fused."""

    def __init__(self, config: CompactConfig) -> None:
        super().__init__()
        top, *widths = config.widths
        self.top = nn.Conv2d(TOP_CHANNELS, top, 1)
        self.context: nn.Linear | None = nn.Linear(TOP_CHANNELS, top)  # the whole picture's content, added everywhere
        skips = list(TAPS.values())[-2::-1]  # 1/16, 1/8, 1/4
        inputs = [top, *widths[:-1]]
        joins = zip(inputs, skips, widths, strict=True)
        self.joins = nn.ModuleList(_decoder_block(below + skip, width) for below, skip, width in joins)
        self.last = _decoder_block(widths[-1], widths[-1])
        self.head = nn.Conv2d(widths[-1], BINS, 1)

    def start(self, features: list[Tensor]) -> Tensor:
        """Features at 1/32."""
        top = features[-1]
        if self.context is None:  # it is one with `top`, see `fold.ready_for_gpu`
            here, everywhere = self.top(top).chunk(2, dim=1)
            return F.relu(here + everywhere.mean(dim=(2, 3), keepdim=True))
        return F.relu(self.top(top) + self.context(top.mean(dim=(2, 3)))[:, :, None, None])

    def step(self, number: int, x: Tensor, features: list[Tensor]) -> Tensor:
        """Features after step 0 (at 1/16), 1 (1/8), 2 and 3 (1/4)."""
        if number == len(self.joins):
            return self.last(x)
        skip = features[-2 - number]
        x = F.interpolate(x, size=skip.shape[-2:], mode="bilinear", align_corners=False)
        return self.joins[number](torch.cat([x, skip], dim=1))


STEPS = 4
"""Steps of a decoder."""
STRIP = 4
"""Rows of the distribution in one call of the mean."""
INSTANCE_SIDE = 128
"""Pixels: side of the square that an instance is cut out to."""


class Compact(nn.Module):
    """Lightness to logits over the 313 ab bins; full frame and instances from one encoder."""

    def __init__(self, config: CompactConfig | None = None) -> None:
        super().__init__()
        self.config = config or CompactConfig()
        self.encoder = Encoder()
        self.decoder = Decoder(self.config)
        self.detector = Detector(list(TAPS.values())[1:])
        self.instance = Decoder(self.config)
        widths = [*self.config.widths[1:], self.config.widths[-1]]
        self.fusion: Iterable[Fusion] = nn.ModuleList(Fusion(width) for width in widths)  # type: ignore[assignment]

    def features(self, lightness: Tensor) -> list[Tensor]:
        """The encoder's features at 1/4, 1/8, 1/16 and 1/32 of the picture.

        Args:
            lightness: (N, 1, h, w), CIE L* 0..100, h and w multiples of 32.

        Raises:
            ValueError: the sides are no multiples of 32.
        """
        if lightness.shape[-2] % STRIDE or lightness.shape[-1] % STRIDE:
            raise ValueError(f"sides must be multiples of {STRIDE}, got {tuple(lightness.shape)}")
        middle, reach = _range_of_lightness(lightness.device)
        return self.encoder(torch.addcdiv(middle, lightness, reach))

    def find(self, features: list[Tensor]) -> Found:
        """Output of the detector for the full frames' features."""
        return self.detector(features[1:])

    def colour(self, features: list[Tensor]) -> Tensor:
        """Logits of the ab bins, (N, 313, h/4, w/4), from the full frames' features alone."""
        x = self.decoder.start(features)
        for number in range(STEPS):
            x = self.decoder.step(number, x, features)
        return self.decoder.head(x)

    def see(self, squares: Tensor) -> list[Tensor]:
        """Features of instances for each step of `fuse`, from their lightness (K, 1, 128, 128)."""
        features = self.features(squares)
        x, levels = self.instance.start(features), []
        for number, fusion in enumerate(self.fusion):
            x = self.instance.step(number, x, features)
            levels.append(fusion.weighed(x))
        return levels

    def fuse(
        self, features: list[Tensor], instances: list[Tensor], boxes: Tensor, owners: Tensor | None = None
    ) -> Tensor:
        """Logits of the ab bins, (N, 313, h/4, w/4), from full frames and instances fused after each step.

        Args:
            features: of the full frames.
            instances: features from `see`.
            boxes: (K, 4), left, top, right, bottom as shares of the sides.
            owners: (K,) int64, the frame each box belongs to; None: each frame has as many, in order, some of them
                empty.
        """
        x = self.decoder.start(features)
        for number, (fusion, weighed) in enumerate(zip(self.fusion, instances, strict=True)):
            x = fusion(self.decoder.step(number, x, features), weighed, boxes, owners)
        return self.decoder.head(x)

    def mean(self, logits: Tensor, temperature: float) -> Tensor:
        """ab (N, 2, h/4, w/4), float32, of logits at that size: their annealed mean (eq. 5).

        On a CPU some rows at a time: the distributions of a batch would leave its cache.
        """
        if logits.device.type != "cpu":
            return annealed_mean(logits, temperature)
        strips = [annealed_mean(strip, temperature) for strip in torch.split(logits, STRIP, dim=2)]
        return torch.cat(strips, dim=2)

    def forward(self, lightness: Tensor) -> Tensor:
        """Logits of the ab bins, (N, 313, h/4, w/4), of full frames alone; see `features` and `colour`."""
        return self.colour(self.features(lightness))
