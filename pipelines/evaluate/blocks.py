"""Features that a frozen network has of pictures, block by block, and a first layer that takes colours, too."""

import copy
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.compact.network import Compact
from models.published.eccv16 import AB_SCALE, Eccv16
from models.published.trunk import normed
from pipelines.evaluate.masks import Masks
from pipelines.evaluate.paint import Named, lab_of

SIDE = 128
"""Pixels along each side of the middle square that is seen."""
POOLED = 9_000
"""Numbers to which a block's features are pooled, at most."""
PLACES = 12
"""Along each side of the squares whose class is learned."""
BATCH = 32
VOID = 255
"""In a class map: a place that has none, such as the borders of things."""

Blocks = Callable[[Tensor], list[Tensor]]
"""CIE Lab (N, 3, h, w) to the features after each block."""


@dataclass(frozen=True)
class Seen:
    """The pictures as networks see them."""

    keys: list[str]
    squares: Tensor
    """(N, 3, SIDE, SIDE), CIE Lab, float16."""
    places: Tensor
    """(N, PLACES, PLACES), classes of places; -1 where they are not known."""


def look(pictures: Iterable[Named], masks: Masks | None) -> Seen:
    """The middle squares of pictures, and the classes of their places."""
    keys, squares, places = list[str](), list[Tensor](), list[Tensor]()
    for named in pictures:
        keys.append(named.key)
        squares.append(_square(lab_of(named.picture)).half())
        places.append(_classes(named, masks))
    return Seen(keys, torch.cat(squares), torch.stack(places))


def _square(lab: Tensor) -> Tensor:
    """The middle square of a picture, (1, 3, SIDE, SIDE)."""
    side = min(lab.shape[-2:])
    top, left = ((extent - side) // 2 for extent in lab.shape[-2:])
    square = lab[..., top : top + side, left : left + side]
    return F.interpolate(square, size=(SIDE, SIDE), mode="bilinear", antialias=True)


def _classes(named: Named, masks: Masks | None) -> Tensor:
    if not masks or named.key not in masks.names:
        return torch.full((PLACES, PLACES), -1)
    height, width = named.picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = masks.classes(named.key, height, width)[top : top + side, left : left + side]
    middle = ((np.arange(PLACES) + 0.5) * side / PLACES).astype(int)
    classes = torch.from_numpy(square[np.ix_(middle, middle)].astype(np.int64))
    return torch.where(classes == VOID, -1, classes)


class WithColour(nn.Module):
    """A first convolution that takes a and b as well, with weights that begin at zero ("Ours (color)", sec. 3.3)."""

    def __init__(self, gray: nn.Conv2d) -> None:
        super().__init__()
        size, stride, padding = gray.kernel_size, gray.stride, gray.padding
        self.gray, self.colour = gray, nn.Conv2d(2, gray.out_channels, size, stride, padding, bias=False)  # type: ignore[arg-type]
        nn.init.zeros_(self.colour.weight)

    def forward(self, x: Tensor) -> Tensor:
        both: Tensor = self.gray(x[:, :1]) + self.colour(x[:, 1:])
        return both


def with_colour(network: nn.Module) -> tuple[nn.Module, Tensor]:
    """A frozen copy of a network that takes colours, too, and its weights for them, which may learn."""
    own = copy.deepcopy(network).requires_grad_(False)
    name, first = next((name, layer) for name, layer in own.named_modules() if isinstance(layer, nn.Conv2d))
    both = WithColour(first)
    above, _, last = name.rpartition(".")
    setattr(own.get_submodule(above), last, both)
    return own, both.colour.weight


def blocks_of(network: nn.Module) -> Blocks:
    """A network's blocks: what its encoder has each time before its picture shrinks, and at its end.

    Raises:
        ValueError: it has none that are known.
    """
    channels = 3 if any(isinstance(layer, WithColour) for layer in network.modules()) else 1

    def joined(lightness: Tensor, ab: Tensor) -> Tensor:
        return torch.cat([lightness, ab], dim=1)[:, :channels]

    if isinstance(network, Compact):
        return lambda lab: _ends(network.encoder.features, joined(lab[:, :1] / 50 - 1, lab[:, 1:] / 50))
    if isinstance(network, Eccv16):
        models = [getattr(network, f"model{number}") for number in range(1, 8)]
        return lambda lab: _all(models, joined(normed(lab[:, :1]), lab[:, 1:] / AB_SCALE))
    raise ValueError("features of this network cannot be read; give compact's or eccv16's weights")


def _all(layers: Iterable[nn.Module], x: Tensor) -> list[Tensor]:
    found = []
    for layer in layers:
        x = layer(x)
        found.append(x)
    return found


def _ends(layers: Iterable[nn.Module], x: Tensor) -> list[Tensor]:
    """The last features of each size, and the last of all."""
    every = _all(layers, x)
    return [
        one
        for one, after in zip(every, [*every[1:], None], strict=True)
        if after is None or after.shape[2:] != one.shape[2:]
    ]


def pooled(features: Tensor) -> Tensor:
    """Features (N, C, h, w) as (N, F), F at most POOLED or C."""
    side = max(1, min(features.shape[2], math.isqrt(POOLED // features.shape[1])))
    return F.adaptive_avg_pool2d(features, side).flatten(1)


def batches(squares: Tensor) -> Iterator[Tensor]:
    """Squares as networks take them, float32, some at a time."""
    return (some.float() for some in torch.split(squares, BATCH))


@torch.inference_mode()
def pooled_features(blocks: Blocks, squares: Tensor) -> list[Tensor]:
    """Pooled features after each block: (N, F) each, float16."""
    return _joined([pooled(one).half() for one in blocks(some)] for some in batches(squares))


@torch.inference_mode()
def placed_features(blocks: Blocks, squares: Tensor) -> list[Tensor]:
    """Features after each block at each place: (N, PLACES, PLACES, C) each, float16."""
    return _joined([_placed(one) for one in blocks(some)] for some in batches(squares))


def _placed(features: Tensor) -> Tensor:
    return F.interpolate(features, (PLACES, PLACES), mode="area").permute(0, 2, 3, 1).half()


def _joined(rows: Iterable[list[Tensor]]) -> list[Tensor]:
    return [torch.cat(one) for one in zip(*rows, strict=True)]
