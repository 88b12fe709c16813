"""InstColorization (Su, Chu, Huang, CVPR 2020, arXiv 2005.10825) as its authors published it.

Three networks of one kind: one colours frames without instances, one sees each instance on its own, and one colours
frames into whose every level the instances' features are fused (sec. 3.3). Where the published code does something that
one would not expect, so does this, because the published weights were taught that way; it is said where it happens.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.published.siggraph17 import LEVELS, SUMS, Levels, Siggraph17

MASK_CENTRE = 0.5
HIDDEN = 16
OUTSIDE = 1e5
"""Added to the full frame's logit where no box lies; beyond half precision, as all here that is exponentiated."""
NAMES = ["weight_layer", *(f"weight_layer{n}" for n in range(2, 8)),
         "weight_layer8_1", "weight_layer8_2", "weight_layer9_1", "weight_layer9_2", "weight_layer10_1",
         "weight_layer10_2"]  # fmt: skip
"""Names of each level's fusion in the published files."""

Place = tuple[int, int, int, int]
"""Left, top, right, bottom of a box on a level's own grid."""


def place(box: Sequence[float], height: int, width: int) -> Place:
    """Where a box (left, top, right, bottom, as shares of the sides) lies on a grid, at least one place wide and high.

    Sides are rounded down, and a box without width grows to the right, or at the right edge to the left, as in the
    published code.
    """

    def along(start: float, end: float, count: int) -> tuple[int, int]:
        first, last = int(start * count), int(end * count)
        if last > first:
            return first, last
        return (first, first + 1) if count - last > 1 else (max(first, 1) - 1, max(first, 1))

    (left, right), (top, bottom) = along(box[0], box[2], width), along(box[1], box[3], height)
    return left, top, right, bottom


def _weigher(channels: int) -> nn.Sequential:
    layers = [(channels, HIDDEN), (HIDDEN, HIDDEN), (HIDDEN, 1)]
    return nn.Sequential(*(part for i, o in layers for part in (nn.Conv2d(i, o, 3, padding=1), nn.ReLU())))


def _resized(x: Tensor, at: Place) -> Tensor:
    size = (at[3] - at[1], at[2] - at[0])
    return F.interpolate(x, size=size, mode="bilinear", align_corners=False)[0]


class Fusion(nn.Module):
    """Fuses one level: each place takes the softmax-weighted mean of the full frame and of the instances.

    Args:
        channels: of the level.
        is_masked: whether a box counts only where it lies. In the published code it counts elsewhere in the frame's
            boxes too, with logit 0 and features 0, which dims them.
    """

    def __init__(self, channels: int, is_masked: bool) -> None:
        super().__init__()
        self.simple_instance_conv, self.simple_bg_conv = _weigher(channels), _weigher(channels)
        self.nowhere = -torch.inf if is_masked else 0.0

    def forward(self, full: Tensor, seen: Tensor, boxes: Tensor) -> Tensor:
        """The fused features.

        Args:
            full: (1, C, h, w), of a frame.
            seen: (K, C, g, g), of what the boxes show.
            boxes: (K, 4), shares of the sides.

        Returns:
            (1, C, h, w), in the type of `full`.
        """
        strengths = torch.split(self.simple_instance_conv(seen).float(), 1)
        features = torch.split(seen, 1)  # others lose channels_last
        places = [place(box, *full.shape[2:]) for box in boxes.tolist()]
        weights = self._weights(self.simple_bg_conv(full).float()[0, 0], strengths, places)
        *shares, own = weights.to(full.dtype)
        fused = full * own
        with torch.autocast(full.device.type, enabled=False):  # it would resize features in float32, at twice the time
            for share, at, feature in zip(shares, places, features, strict=False):  # none is split into an empty one
                left, top, right, bottom = at
                fused[0, :, top:bottom, left:right].addcmul_(share[top:bottom, left:right], _resized(feature, at))
        return fused

    def _weights(self, full: Tensor, strengths: Sequence[Tensor], places: list[Place]) -> Tensor:
        """Weights of each instance and, last, of the full frame: (K + 1, h, w), float32, of sum 1.

        Args:
            full: (h, w), logits of the full frame.
            strengths: of each instance (1, 1, g, g), the same of what its box shows.
            places: of each instance.
        """
        logits = full.new_full((len(places) + 1, *full.shape), self.nowhere)
        is_outside = torch.ones_like(full)
        for row, strength, at in zip(logits, strengths, places, strict=False):  # the last row is the frame's
            left, top, right, bottom = at
            row[top:bottom, left:right] = _resized(strength, at)[0]
            is_outside[top:bottom, left:right] = 0
        logits[-1] = full + OUTSIDE * is_outside
        return logits.softmax(dim=0)


class FusedSiggraph17(Siggraph17):
    """275 tensors, 35.3 million numbers: the trunk, and a fusion after each level."""

    def __init__(self, is_masked: bool) -> None:
        super().__init__(MASK_CENTRE)
        for name, (channels, _) in zip(NAMES, LEVELS, strict=True):
            self.add_module(name, Fusion(channels, is_masked))
        self.weight_layerout = Fusion(2, is_masked)  # in the files, and without use there too

    def fuse(self, lightness: Tensor, seen: Levels, boxes: Tensor) -> Tensor:
        """ab (1, 2, h, w) of a frame with the features of its instances fused in.

        Args:
            lightness: (1, 1, h, w), 0..100.
            seen: the levels of what the boxes show, K pictures.
            boxes: (K, 4), shares of the sides.
        """
        levels = self.levels(lightness)
        x, features = next(levels), next(seen)
        for number, name in enumerate(NAMES):
            if number in SUMS:  # the published code has by now applied the ReLU that follows, in place
                features = features.relu_()
            x = levels.send(self.get_submodule(name)(x, features, boxes))
            if number + 1 < len(NAMES):  # nobody asks for the colours of an instance alone
                features = seen.send(features)
        return x


@dataclass(frozen=True)
class InstColorConfig:
    """Which of the two fusions."""

    is_masked: bool = False
    """False for the published weights; see `Fusion`."""


class InstColor(nn.Module):
    """The three networks: netGComp, netG and netGF of the published files."""

    def __init__(self, config: InstColorConfig | None = None) -> None:
        super().__init__()
        self.config = config or InstColorConfig()
        self.full, self.instance = Siggraph17(MASK_CENTRE), Siggraph17(MASK_CENTRE)
        self.fusion = FusedSiggraph17(self.config.is_masked)

    def forward(self, lightness: Tensor, squares: Tensor, boxes: Tensor, owners: Tensor) -> Tensor:
        """ab of frames, (N, 2, h, w), float32; those without a box come from `full` alone.

        Args:
            lightness: (N, 1, h, w), CIE L* 0..100; sides are multiples of 8.
            squares: (K, 1, g, g), the same of what the boxes show.
            boxes: (K, 4), left, top, right, bottom as shares of the sides; on the CPU, wherever the frames lie.
            owners: (K,) int64, the frame each belongs to; on the CPU.
        """
        has_box = torch.zeros(len(lightness), dtype=torch.bool).index_fill(0, owners, True)
        ab = lightness.new_zeros((len(lightness), 2, *lightness.shape[2:])) if has_box.all() else self.full(lightness)
        for frame in has_box.nonzero()[:, 0].tolist():  # one after the other: each level of each instance is kept
            own = (owners == frame).nonzero()[:, 0]
            seen = self.instance.levels(squares[own.to(squares.device)])
            ab[frame] = self.fusion.fuse(lightness[frame][None], seen, boxes[own])[0]
        return ab
