"""The description of a network: all that the program knows of it beside its layers and its weights."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.colour.colorspace import srgb_of_lightness
from models.network_input import NetworkInput

Beside = Literal["instances", "hints", "class", "noise"]
"""Inputs of a network beside the picture: instances, a person's colours, its ImageNet class, random numbers."""


@dataclass(frozen=True)
class Sees:
    """The pictures that a network takes."""

    rows: int
    """Short side in pixels, where neither settings nor weights give another."""
    is_square: bool = True
    """Whether pictures are squeezed into squares of that side, as the authors' code does, or keep their shape."""
    multiple: int = 32
    """Pixels: both sides are multiples of this."""
    has_one_size: bool = False
    """Whether its layers take squares of `rows` alone."""
    values: Literal["lightness", "gray"] = "lightness"
    """lightness: CIE L* 0..100. gray: sRGB 0..1, which red, green, blue and luma of a gray picture are."""
    factor: int | None = None
    """Pixels in which the author's render factor counts the square's side; None: there is no such factor."""
    channels: int = 1
    """Times that these values are given: 3 for networks that take RGB."""

    def fitted(self, lightness: Tensor, rows: int) -> Tensor:
        """Pictures as the network takes them, (N, channels, h', w').

        Args:
            lightness: (N, 1, h, w), CIE L* 0..100.
            rows: side of the squares; pictures that keep their shape have this short side already.
        """
        with torch.autocast(lightness.device.type, enabled=False):
            if self.is_square and lightness.shape[2:] != (rows, rows):
                lightness = F.interpolate(lightness, size=(rows, rows), mode="bilinear", antialias=True)
            values = srgb_of_lightness(lightness) if self.values == "gray" else lightness
            return values.expand(-1, self.channels, -1, -1)


def nothing(_state: dict[str, Tensor]) -> dict[str, Any]:
    """The config of a network whose tensors say nothing of it."""
    return {}


def alone(network: nn.Module, pictures: Tensor, _inputs: NetworkInput) -> Tensor:
    """A network's result for the pictures, where it takes nothing beside them."""
    result: Tensor = network(pictures)
    return result


@dataclass(frozen=True)
class Kind:
    """A network's maker, what it sees and gives, and its defaults where settings and weights leave them open."""

    make: Callable[[dict[str, Any]], nn.Module]
    """From the config that its weights name."""
    sees: Sees
    gives: Literal["ab", "distribution", "rgb", "chroma"] = "ab"
    """ab: CIE a* b*. distribution: logits of colours, whose mean its method `mean` gives at a temperature. rgb: sRGB
    0..1, whose ab count. chroma: sRGB 0..1, whose difference from its own luma counts."""
    run: Callable[[Any, Tensor, NetworkInput], Tensor] = alone
    """The network, on the pictures as it sees them and what it takes beside."""
    takes: tuple[Beside, ...] = ()
    may_take: tuple[Beside, ...] = ()
    """Inputs beside the picture that it takes only where the config of its weights names them."""
    instances: int = 0
    """Maximum of instances in a frame that it colours on their own by default, where it takes them."""
    temperature: float | None = None
    """T of the mean of its distribution; None: it has none."""
    motion_rows: int = 192
    """Short side of the pictures in which motion is found; 256 where films were coloured so from the first."""
    weights_mb: int = 0
    """Peak of memory, in MB, that loading it takes; 0: it was not measured."""
    picture_mb: int = 0
    """MB that each picture of a batch takes beside, at `sees.rows`."""
    batch: int | None = None
    """Most anchors that go through it at once, whatever the settings say; None: as many as these say."""
    published: Callable[[], nn.Module] | None = None
    """The network with all that its published file holds, where that is more than colouring needs."""
    config_of: Callable[[dict[str, Tensor]], dict[str, Any]] = nothing
    """Reads config from the names and shapes of its tensors; values that the weights' own config names count more."""
    sees_of: Callable[[dict[str, Any]], Sees] | None = None
    """Size that it sees with a config of its weights, where that is not always `sees`."""
    in_bf16: bool = True
    """Whether its convolutions and products run in bf16; False: that would move its colours by more than 2 %."""
    is_folded: bool = True
    """Whether it is made ready once, see `models.compact.fold`; large networks gain no time by it on a CPU and lose
    memory, and networks of which a part runs in float32 cannot be."""

    def memory(self, rows: int, batch: int) -> int:
        """Peak of memory, in MB, with so many pictures of so many rows at a time; 0: it was not measured."""
        return self.weights_mb + round(batch * self.picture_mb * (rows / self.sees.rows) ** 2)
