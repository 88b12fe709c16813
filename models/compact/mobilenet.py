"""MobileNetV2 as an encoder (Sandler et al., CVPR 2018, arXiv 1801.04381).

Batch norm is folded into its convolutions; keys are those of torchvision's `mobilenet_v2`.
"""

from torch import Tensor, nn

from models.compact.encoder import Encoder, SamePad

BLOCKS = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
"""MobileNetV2's rows: expansion, channels, repeats, stride of the first repeat (table 2)."""
STEM_CHANNELS = 32
TOP_CHANNELS = 1280
TAPS = {3: 24, 6: 32, 13: 96, 18: TOP_CHANNELS}
"""Encoder layers that the decoder reads, at 1/4, 1/8, 1/16 and 1/32 of the input, and their channels."""


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


class MobileNetV2(Encoder):
    """MobileNetV2 without its classifier."""

    def __init__(self) -> None:
        layers: list[nn.Module] = [PaddedConv(1, STEM_CHANNELS, 3, 2)]
        channels = STEM_CHANNELS
        for expansion, outputs, repeats, first_stride in BLOCKS:
            for i in range(repeats):
                layers.append(InvertedResidual(channels, outputs, first_stride if i == 0 else 1, expansion))
                channels = outputs
        super().__init__([*layers, PaddedConv(channels, TOP_CHANNELS, 1)], TAPS)


def gray_encoder_state(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """State of `MobileNetV2` from an RGB classifier's: the first convolution summed over its inputs, no classifier."""
    kept = {key: value.float() for key, value in state.items() if key.startswith("features.")}
    return kept | {"features.0.0.weight": kept["features.0.0.weight"].sum(dim=1, keepdim=True)}
