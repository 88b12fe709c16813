"""The network that ships: a classifier's encoder, light decoder, a distribution over 313 ab bins at 1/4 of the input.

Head: Zhang, Isola, Efros, ECCV 2016 (arXiv 1603.08511).
"""

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.colour.bins import BINS, annealed_mean
from models.compact.detector import Detector, Found
from models.compact.encoder import Encoder
from models.compact.instance_fusion import Fusion
from models.compact.listener import Listener
from models.compact.lite import STAGES, EfficientNetLite
from models.compact.mobilenet import MobileNetV2

STRIDE = 32
"""Input sides must be multiples of this."""
HEAD_STRIDE = 4
MOBILENET = "mobilenet_v2"
SHIPPED_ENCODER = "efficientnet-lite2"
"""Of the weights that ship."""
ENCODERS: dict[str, Callable[[], Encoder]] = {
    MOBILENET: MobileNetV2,
    **{name: functools.partial(EfficientNetLite, name) for name in STAGES},
}
"""Encoders by name."""


@functools.cache
@torch.inference_mode(mode=False)
def _range_of_lightness(device: torch.device) -> tuple[Tensor, Tensor]:
    """-1 and 50, kept on each device: -1 + L* / 50, what the encoder takes, is then one call."""
    return torch.full((), -1.0, device=device), torch.full((), 50.0, device=device)


def _decoder_block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


@dataclass(frozen=True)
class CompactConfig:
    """Sizes of the network."""

    widths: tuple[int, int, int, int] = (256, 192, 128, 96)
    """Of the decoder at 1/32, 1/16, 1/8 and 1/4 of the input."""
    encoder: str = MOBILENET
    """One of `ENCODERS`."""
    hints: bool = False
    """Whether it takes a person's colours."""

    def __post_init__(self) -> None:
        if self.encoder not in ENCODERS:
            raise TypeError(f"encoder {self.encoder!r}; known: {', '.join(ENCODERS)}")


def encoder_of(state: dict[str, Tensor]) -> str:
    """The name of the encoder of a network with these tensors, for weights whose config names none."""
    layers = {key.split(".")[2] for key in state if key.startswith("encoder.features.")}
    if "encoder.features.0.conv.weight" not in state:
        return MOBILENET
    counts = {sum(stage[-1] for stage in stages) + 2: name for name, stages in STAGES.items()}
    return counts.get(len(layers), MOBILENET)


class Decoder(nn.Module):
    """The encoder's features to logits over the 313 ab bins, step by step: after each, features may be fused."""

    def __init__(self, config: CompactConfig, taps: list[int]) -> None:
        super().__init__()
        top, *widths = config.widths
        *skips, whole = taps
        self.top = nn.Conv2d(whole, top, 1)
        self.context: nn.Linear | None = nn.Linear(whole, top)  # the whole picture's content, added everywhere
        inputs = [top, *widths[:-1]]
        joins = zip(inputs, reversed(skips), widths, strict=True)
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


def _with(heard: list[Tensor] | None, number: int, x: Tensor) -> Tensor:
    """The features after a step with what hints add there."""
    return x + heard[number].to(x.dtype) if heard and number < len(heard) else x


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
        self.encoder = ENCODERS[self.config.encoder]()
        taps = list(self.encoder.taps.values())
        self.decoder = Decoder(self.config, taps)
        self.detector = Detector(taps[1:])
        self.instance = Decoder(self.config, taps)
        widths = [*self.config.widths[1:], self.config.widths[-1]]
        self.listener = Listener(self.config.widths[1:], taps) if self.config.hints else None
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

    def listen(self, planes: Tensor, features: list[Tensor]) -> list[Tensor]:
        """Features of the hints to add after the decoder's steps, see `Listener`; empty where it takes no hints."""
        return self.listener(planes, features) if self.listener else []

    def colour(self, features: list[Tensor], heard: list[Tensor] | None = None) -> Tensor:
        """Logits of the ab bins, (N, 313, h/4, w/4), from the full frames' features alone, and what hints add."""
        x = self.decoder.start(features)
        for number in range(STEPS):
            x = _with(heard, number, self.decoder.step(number, x, features))
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
        self,
        features: list[Tensor],
        instances: list[Tensor],
        boxes: Tensor,
        owners: Tensor | None = None,
        heard: list[Tensor] | None = None,
    ) -> Tensor:
        """Logits of the ab bins, (N, 313, h/4, w/4), from full frames and instances fused after each step.

        Args:
            features: of the full frames.
            instances: features from `see`.
            boxes: (K, 4), left, top, right, bottom as shares of the sides.
            owners: (K,) int64, the frame each box belongs to; None: each frame has as many, in order, some of them
                empty.
            heard: what hints add, from `listen`.
        """
        x = self.decoder.start(features)
        for number, (fusion, weighed) in enumerate(zip(self.fusion, instances, strict=True)):
            x = _with(heard, number, fusion(self.decoder.step(number, x, features), weighed, boxes, owners))
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
