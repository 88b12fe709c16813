"""Measures of how steady colours are along motion, and the difference of two colours to the eye.

Flow is (N, 2, h, w): columns and rows, in pixels, by which each place of one picture lies elsewhere in the other.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

LAGS = (1, 2, 4)
"""Frames between the pictures whose distributions CDC compares."""
TINY = 1e-12
"""Keeps a logarithm of nothing finite; what it is multiplied with is 0."""


def warped(pictures: Tensor, flow: Tensor) -> Tensor:
    """Each picture (N, C, h, w) as seen from where `flow` starts: bilinear, the rim held outside."""
    height, width = flow.shape[-2:]
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    sides = torch.tensor([width, height]).to(flow)
    places = (torch.stack([columns, rows]).to(flow) + flow).movedim(1, -1)  # (N, h, w, 2)
    grid = (2 * places + 1) / sides - 1
    return F.grid_sample(pictures, grid, padding_mode="border", align_corners=False)


def visible(forward: Tensor, backward: Tensor) -> Tensor:
    """Where the first picture's places are in the second too, and no motion's edge is near.

    Lai et al., ECCV 2018 (arXiv 1808.00449), sec. 4.1, after Ruder et al., GCPR 2016, eq. 5 and 7.

    Args:
        forward: from the first picture to the second.
        backward: from the second to the first.

    Returns:
        (N, h, w) bool, at the first picture's places.
    """
    back = warped(backward, forward)
    forward_size, back_size = (flow.square().sum(dim=1) for flow in (forward, back))
    does_return = (forward + back).square().sum(dim=1) <= 0.01 * (forward_size + back_size) + 0.5
    down = F.pad(forward.diff(dim=2), (0, 0, 0, 1))
    across = F.pad(forward.diff(dim=3), (0, 1))
    is_even = (down.square() + across.square()).sum(dim=1) <= 0.01 * forward_size + 0.002
    return does_return & is_even


def mean_where(values: Tensor, mask: Tensor) -> Tensor:
    """Mean over the places of the mask, over all where it has none: (N, h, w), (N, h, w) bool to (N,)."""
    mask = mask | ~mask.any(dim=(1, 2), keepdim=True)
    return (values * mask).sum(dim=(1, 2)) / mask.sum(dim=(1, 2))


def warping_error(first: Tensor, second: Tensor, forward: Tensor, is_visible: Tensor) -> Tensor:
    """Mean square of what changes along motion (Lai et al., ECCV 2018, eq. 11).

    Args:
        first: (N, C, h, w).
        second: the frames after those.
        forward: flow from first to second.
        is_visible: (N, h, w) bool, see `visible`.

    Returns:
        (N,), in the square of the pictures' unit.
    """
    return mean_where((warped(second, forward) - first).square().mean(dim=1), is_visible)


def histograms(rgb: Tensor) -> Tensor:
    """Share of each of 256 values in each channel: (N, 3, h, w) in 0..1 to (N, 3, 256)."""
    values = (rgb * 255).round().long().flatten(2)
    counts = torch.zeros(*values.shape[:2], 256)
    return counts.scatter_add_(2, values, torch.ones(values.shape)) / values.shape[2]


def _divergence(one: Tensor, other: Tensor) -> Tensor:
    """Jensen-Shannon divergence over the last dimension, in nats."""
    middle = (one + other) / 2
    parts = (p * ((p + TINY) / (middle + TINY)).log() for p in (one, other))
    return sum((part.sum(dim=-1) for part in parts), torch.zeros(())) / 2


def distribution_change(shares: Tensor, shots: Sequence[int]) -> float:
    """Colour distribution consistency, CDC (Liu et al., arXiv 2110.11157, eq. 13); smaller is steadier.

    Args:
        shares: (N, 3, 256), histograms of consecutive frames.
        shots: the shot of each frame; frames of different shots are not compared.

    Returns:
        Mean over the channels and the lags; NaN where no shot has two frames.
    """
    numbers, changes = torch.tensor(shots), []
    for lag in LAGS:
        of_one_shot = numbers[lag:] == numbers[:-lag]
        if of_one_shot.any():
            changes.append(float(_divergence(shares[:-lag], shares[lag:])[of_one_shot].mean()))
    return sum(changes) / len(changes) if changes else math.nan


def delta_e_2000(one: Tensor, other: Tensor) -> Tensor:
    """CIEDE2000 colour difference (Sharma, Wu, Dalal, 2005; CIE 142): two (N, 3, h, w) of Lab to (N, h, w)."""
    (l1, a1, b1), (l2, a2, b2) = one.unbind(1), other.unbind(1)
    chroma = (torch.hypot(a1, b1) + torch.hypot(a2, b2)) / 2
    a_gain = 1.5 - 0.5 * _saturating(chroma)
    a1, a2 = a1 * a_gain, a2 * a_gain
    c1, c2 = torch.hypot(a1, b1), torch.hypot(a2, b2)
    h1, h2 = _hue(a1, b1), _hue(a2, b2)
    turn = h2 - h1
    turn = torch.where(turn.abs() > math.pi, turn - turn.sign() * 2 * math.pi, turn)
    is_gray = c1 * c2 == 0
    turn = torch.where(is_gray, 0, turn)
    hue = torch.where(is_gray, h1 + h2, h1 + turn / 2)
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    weight_l = 1 + 0.015 * (light - 50) ** 2 / (20 + (light - 50) ** 2).sqrt()
    weight_c, weight_h = 1 + 0.045 * chroma, 1 + 0.015 * chroma * _hue_weight(hue)
    dl, dc = (l2 - l1) / weight_l, (c2 - c1) / weight_c
    dh = 2 * (c1 * c2).sqrt() * torch.sin(turn / 2) / weight_h
    blue = 60 * torch.exp(-((torch.rad2deg(torch.remainder(hue, 2 * math.pi)) - 275) / 25).square())
    rotation = -2 * _saturating(chroma) * torch.sin(torch.deg2rad(blue))
    return (dl**2 + dc**2 + dh**2 + rotation * dc * dh).clamp(min=0).sqrt()


def _saturating(chroma: Tensor) -> Tensor:
    return (chroma**7 / (chroma**7 + 25.0**7)).sqrt()


def _hue(a: Tensor, b: Tensor) -> Tensor:
    return torch.remainder(torch.atan2(b, a), 2 * math.pi)


def _hue_weight(hue: Tensor) -> Tensor:
    waves = ((-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.20, 4, -63))
    return 1 + sum((g * torch.cos(n * hue + math.radians(at)) for g, n, at in waves), torch.zeros(()))
