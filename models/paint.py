"""Colours of frames by each network: one function a network, from its input to ab.

The published networks see frames as squares of the side that they were taught at, as in their authors' code.
"""

from functools import singledispatch

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.colour.bins import annealed_mean
from models.compact.instance_fusion import cut_out, with_context
from models.compact.network import INSTANCE_SIDE, Compact
from models.network_input import NetworkInput
from models.published.eccv16 import Eccv16
from models.published.instcolor import InstColor
from models.published.siggraph17 import Siggraph17
from models.published.trunk import SIDE

GROUP = 4
"""Instances in one call, padded with empty ones: a frame's colour must not depend on how many there are."""
STRIP = 4
"""Rows of the distribution in one call of the mean."""
HINT_REACH = 3
"""A hint colours the place it names and so many around it on each side, of SIDE; training drew squares of 1 to 9."""


@singledispatch
def paint(network: nn.Module, _inputs: NetworkInput) -> Tensor:
    """ab of frames, (N, 2, h, w), float32, at the size of the frames or smaller.

    Raises:
        TypeError: the network has no function here.
    """
    raise TypeError(f"{type(network).__name__} does not paint")


@paint.register
def _(network: Compact, inputs: NetworkInput) -> Tensor:
    logits = _compact_logits(network, inputs)
    with torch.autocast(logits.device.type, enabled=False):
        # some rows at a time: the distributions of a batch would take hundreds of megabytes, and leave the cache
        strips = [annealed_mean(strip, inputs.temperature) for strip in torch.split(logits, STRIP, dim=2)]
        return torch.cat(strips, dim=2)


def _compact_logits(network: Compact, inputs: NetworkInput) -> Tensor:
    features = list(inputs.features) if inputs.features else network.features(inputs.lightness)
    if not len(inputs.boxes):
        return network.colour(features)
    boxes = with_context(inputs.boxes)
    squares = cut_out(inputs.lightness, boxes, inputs.owners, INSTANCE_SIDE)
    squares = torch.cat([squares, squares.new_zeros((-len(squares) % GROUP, *squares.shape[1:]))])
    groups = [network.see(group) for group in torch.split(squares, GROUP)]
    instances = [torch.cat(level)[: len(boxes)] for level in zip(*groups, strict=True)]
    return network.fuse(features, instances, boxes, inputs.owners)


@paint.register
def _(network: Eccv16, inputs: NetworkInput) -> Tensor:
    return network(_squares(inputs.lightness), inputs.temperature)


@paint.register
def _(network: Siggraph17, inputs: NetworkInput) -> Tensor:
    return network(_squares(inputs.lightness), _hint_planes(inputs.hints, len(inputs.lightness)))


@paint.register
def _(network: InstColor, inputs: NetworkInput) -> Tensor:
    squares = cut_out(inputs.lightness, inputs.boxes, inputs.owners, SIDE)
    return network(_squares(inputs.lightness), squares, inputs.boxes, inputs.owners)


def _squares(lightness: Tensor) -> Tensor:
    """Frames (N, 1, h, w) as (N, 1, SIDE, SIDE), without aliasing."""
    with torch.autocast(lightness.device.type, enabled=False):
        return F.interpolate(lightness, size=(SIDE, SIDE), mode="bilinear", antialias=True)


def _hint_planes(hints: Tensor, frames: int) -> Tensor:
    """Planes of a*, b* and the hints' mask, (N, 3, SIDE, SIDE), from hints (M, 5); the later hint wins at a place."""
    planes = hints.new_zeros((frames, 3, SIDE, SIDE))
    for frame, x, y, a, b in hints.tolist():
        row, column = (min(SIDE - 1, int(share * SIDE)) for share in (y, x))
        rows = slice(max(0, row - HINT_REACH), row + HINT_REACH + 1)
        columns = slice(max(0, column - HINT_REACH), column + HINT_REACH + 1)
        planes[int(frame), :, rows, columns] = hints.new_tensor([a, b, 1])[:, None, None]
    return planes
