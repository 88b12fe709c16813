"""EfficientNet-Lite as an encoder (Tan, Le, ICML 2019, arXiv 1905.11946; without squeezing, with ReLU6).

Its layers are those of the published files, in their order: stem, blocks, head. Batch norm is not folded.
"""

from torch import Tensor, nn

from models.compact.encoder import Encoder, SamePad

STEM_CHANNELS, TOP_CHANNELS = 32, 1280
NORM_EPS = 1e-3

Stage = tuple[int, int, int, int, int]
"""Channels, kernel, stride of the first block, expansion, blocks."""
STAGES: dict[str, list[Stage]] = {
    "efficientnet-lite0": [(16, 3, 1, 1, 1), (24, 3, 2, 6, 2), (40, 5, 2, 6, 2), (80, 3, 2, 6, 3),
                           (112, 5, 1, 6, 3), (192, 5, 2, 6, 4), (320, 3, 1, 6, 1)],
    "efficientnet-lite2": [(16, 3, 1, 1, 1), (24, 3, 2, 6, 3), (48, 5, 2, 6, 3), (88, 3, 2, 6, 4),
                           (120, 5, 1, 6, 4), (208, 5, 2, 6, 5), (352, 3, 1, 6, 1)],
}  # fmt: skip
"""By name. Lite2 is 1.1 times as wide as Lite0, in steps of 8 channels, and 1.2 times as deep, but for its ends."""


class NormedConv(nn.Sequential):
    """Convolution with SAME padding and batch norm; ReLU6 where it is active."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, *, is_active: bool = True
    ) -> None:
        super().__init__()
        self.pad = SamePad(kernel) if stride == 2 else nn.Identity()
        padding = 0 if stride == 2 else kernel // 2
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)
        self.bn: nn.Module = nn.BatchNorm2d(outputs, eps=NORM_EPS)
        if is_active:
            self.act = nn.ReLU6()


class Block(nn.Module):
    """Expand 1x1, convolve channel by channel, project 1x1; plus the input where shapes agree."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.exp = NormedConv(inputs, hidden, 1) if expansion > 1 else nn.Identity()
        self.dw = NormedConv(hidden, hidden, kernel, stride, hidden)
        self.pr = NormedConv(hidden, outputs, 1, is_active=False)
        self.is_residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.pr(self.dw(self.exp(x)))
        return x + y if self.is_residual else y


READ = (1, 2, 4)
"""Stages whose last blocks the decoder reads, at 1/4, 1/8 and 1/16 of the input; the head's at 1/32."""


class EfficientNetLite(Encoder):
    """EfficientNet-Lite of a name in `STAGES`, without its classifier."""

    def __init__(self, name: str) -> None:
        layers: list[nn.Module] = [NormedConv(1, STEM_CHANNELS, 3, 2)]
        taps, channels = {}, STEM_CHANNELS
        for number, (outputs, kernel, first_stride, expansion, blocks) in enumerate(STAGES[name]):
            for i in range(blocks):
                layers.append(Block(channels, outputs, kernel, first_stride if i == 0 else 1, expansion))
                channels = outputs
            if number in READ:
                taps[len(layers) - 1] = channels
        layers.append(NormedConv(channels, TOP_CHANNELS, 1))
        super().__init__(layers, taps | {len(layers) - 1: TOP_CHANNELS})


PUBLISHED = {"_expand_conv": "exp.conv", "_bn0": "exp.bn", "_depthwise_conv": "dw.conv", "_bn1": "dw.bn",
             "_project_conv": "pr.conv", "_bn2": "pr.bn"}  # fmt: skip
"""Layers of a block by their names in published files."""


def encoder_of_classifier(state: dict[str, Tensor]) -> str | None:
    """The name of the encoder whose published classifier has these tensors; None where none has."""
    blocks = {key.split(".")[1] for key in state if key.startswith("_blocks.")}
    return next((name for name, stages in STAGES.items() if sum(s[-1] for s in stages) == len(blocks)), None)


def gray_lite_state(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """State of `EfficientNetLite` from a published RGB classifier's.

    The first convolution is summed over its inputs, (RGB - 127) / 128 there, which are -1..1 here but for a level.
    """
    head = 1 + max(int(key.split(".")[1]) for key in state if key.startswith("_blocks."))
    ends = {"_conv_stem": "0.conv", "_bn0": "0.bn", "_conv_head": f"{head + 1}.conv", "_bn1": f"{head + 1}.bn"}
    own = {}
    for key, value in state.items():
        first, _, rest = key.partition(".")
        if first == "_blocks":
            number, layer, kind = rest.split(".")
            own[f"features.{int(number) + 1}.{PUBLISHED[layer]}.{kind}"] = value
        elif first in ends:
            own[f"features.{ends[first]}.{rest}"] = value
    return own | {"features.0.conv.weight": own["features.0.conv.weight"].sum(dim=1, keepdim=True)}
