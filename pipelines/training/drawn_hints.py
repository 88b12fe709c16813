"""Hints as a person might give them, drawn from true colours (Zhang et al., SIGGRAPH 2017, sec. 3.1).

Most pictures get points: a geometric number of squares of 1 to 9 pixels with their mean colour. Some get a region in
one colour, and some a noisy map over about half of the picture, as colours carried from a still cover it.
"""

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


def drawn_hints(ab: Tensor, share: float) -> Tensor:
    """Planes of hints, (N, 3, h, w), a*, b* and mask, from true ab (N, 2, h, w); `share` of the pictures have some."""
    planes = torch.zeros(len(ab), 3, *ab.shape[2:], device=ab.device)
    for picture, plane in zip(ab, planes, strict=True):
        chosen, kind = torch.rand(2).tolist()
        if chosen >= share:
            continue
        if kind < MAPS:
            _map(picture, plane)
            continue
        if kind < MAPS + REGIONS:
            _give(picture, plane, *_window(picture, 4))
        while torch.rand(()) < MORE:
            _give(picture, plane, *_square(picture))
    return planes


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
