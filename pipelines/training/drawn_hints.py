"""Hints as a person might give them, drawn from true colours (Zhang et al., SIGGRAPH 2017, sec. 3.1).

Most pictures get points: a geometric number of squares of 1 to 9 pixels with their mean colour. Some get a region in
one colour, and some a noisy map over about half of the picture, as colours carried from a still cover it. In some a
thing is first given another colour, and often only one point lies on it: a jacket that a person makes blue leaves the
face above it as it is, which true colours alone do not teach.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

MORE = 1 - 1 / 8
"""Chance that another point follows (the paper's geometric distribution has p = 1/8)."""
MAX_SIDE = 9
"""Pixels."""
REGIONS, MAPS = 0.15, 0.15
"""Shares of the pictures with a region, and with a map."""
MAP_GRID, MAP_NOISE = 5, 6.0
"""Cells along a side by which a map has holes; standard deviation of its ab."""


RECOLOURED, ALONE = 0.5, 0.6
"""Share of the pictures with hints in which a thing has another colour; share of these with one point only."""
ALIKE = (5.0, 3.0, 3.0)
"""Difference in L*, a* and b* from a place to the next up to which both are of one thing."""
LEAST_THING, LARGEST_THING = 0.02, 0.5
"""Shares of the picture."""
SHIFT = (15.0, 60.0)
"""Distance in ab between a thing's colour and the one it is given."""


@dataclass(frozen=True)
class Hints:
    """Hints of a batch, and what they make of the true colours."""

    planes: Tensor
    """(N, 3, h, w): a*, b* and mask."""
    shift: Tensor
    """(N, 2, h, w): what is added to the true ab."""


def drawn_hints(lab: Tensor, share: float) -> Hints:
    """Hints from true colours, (N, 3, h, w), CIE Lab; `share` of the pictures have some."""
    planes, shift = torch.zeros_like(lab), torch.zeros_like(lab[:, 1:])
    for whole, plane, moved in zip(lab, planes, shift, strict=True):
        chosen, kind, recoloured, alone = torch.rand(4).tolist()
        if chosen >= share:
            continue
        place = _recolour(whole, moved) if recoloured < RECOLOURED else None
        picture = whole[1:] + moved
        if place:
            _give(picture, plane, *place)
            if alone < ALONE:
                continue
        if kind < MAPS:
            _map(picture, plane)
            continue
        if kind < MAPS + REGIONS:
            _give(picture, plane, *_window(picture, 4))
        while torch.rand(()) < MORE:
            _give(picture, plane, *_square(picture))
    return Hints(planes, shift)


def _recolour(lab: Tensor, shift: Tensor) -> tuple[slice, slice] | None:
    """Gives a thing at a random place another colour; a square on it, or None where there is no thing of fit size."""
    size = lab.shape[1:]
    row, column = (int(torch.randint(MAX_SIDE // 2, extent - MAX_SIDE // 2, ())) for extent in size)
    picture = cv2.GaussianBlur(lab.permute(1, 2, 0).cpu().numpy().astype(np.float32), (0, 0), 1.0)
    found = np.zeros((size[0] + 2, size[1] + 2), np.uint8)
    cv2.floodFill(picture, found, (column, row), 0, ALIKE, ALIKE, 4 | cv2.FLOODFILL_MASK_ONLY | 255 << 8)
    thing = found[1:-1, 1:-1]
    if not LEAST_THING <= (thing > 0).mean() <= LARGEST_THING:
        return None
    soft = torch.from_numpy(cv2.GaussianBlur(thing, (0, 0), 1.0)).to(lab.device) / 255
    angle, reach = 2 * torch.pi * torch.rand(()), SHIFT[0] + (SHIFT[1] - SHIFT[0]) * torch.rand(())
    shift += (reach * torch.stack([angle.cos(), angle.sin()])).to(lab.device)[:, None, None] * soft
    half = int(torch.randint(MAX_SIDE // 2 + 1, ()))
    return slice(row - half, row + half + 1), slice(column - half, column + half + 1)


def _square(picture: Tensor) -> tuple[slice, slice]:
    side = int(torch.randint(1, MAX_SIDE + 1, ()))
    top, left = (int(torch.randint(max(1, extent - side + 1), ())) for extent in picture.shape[1:])
    return slice(top, top + side), slice(left, left + side)


def _window(picture: Tensor, least: int) -> tuple[slice, slice]:
    """A random window whose sides are a `least`th of the picture's and more."""
    spans = []
    for extent in picture.shape[1:]:
        length = int(torch.randint(max(1, extent // least), extent // 2 + 1, ()))
        start = int(torch.randint(extent - length + 1, ()))
        spans.append(slice(start, start + length))
    return spans[0], spans[1]


def _give(picture: Tensor, plane: Tensor, rows: slice, columns: slice) -> None:
    """Gives the mean colour of these places to all of them."""
    plane[:2, rows, columns] = picture[:, rows, columns].mean(dim=(1, 2), keepdim=True)
    plane[2, rows, columns] = 1


def _map(picture: Tensor, plane: Tensor) -> None:
    """Gives noisy colours over about half of the picture."""
    size = picture.shape[1:]
    holes = F.interpolate(torch.rand(1, 1, MAP_GRID, MAP_GRID), size=size, mode="bilinear")[0, 0].to(picture.device)
    plane[2] = (holes > 0.5).float()  # half
    plane[:2] = (picture + MAP_NOISE * torch.randn(2, 1, 1).to(picture.device)) * plane[2]
