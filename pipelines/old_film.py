"""Colour photographs as old black-and-white film shows them: what the networks see in training."""

import torch
import torch.nn.functional as F
from torch import Tensor

from models.colorspace import lightness_from_luminance

EMULSIONS = torch.tensor(
    [
        [0.2126, 0.7152, 0.0722],  # the eye's own weights
        [0.33, 0.36, 0.31],  # panchromatic
        [0.05, 0.55, 0.40],  # orthochromatic, all but blind to red
        [0.02, 0.18, 0.80],  # early, blue-sensitive
    ]
)
EMULSION_ODDS = torch.tensor([0.50, 0.32, 0.12, 0.06])


def _uniform(low: float, high: float, n: int) -> Tensor:
    return torch.empty(n, 1, 1, 1).uniform_(low, high)


def _some(n: int, odds: float) -> Tensor:
    return (torch.rand(n, 1, 1, 1) < odds).float()


def _blurred(pictures: Tensor) -> Tensor:
    kernel = torch.tensor([1.0, 4.0, 6.0, 4.0, 1.0]) / 16
    x = F.conv2d(F.pad(pictures, (2, 2, 0, 0), mode="replicate"), kernel.view(1, 1, 1, 5))
    return F.conv2d(F.pad(x, (0, 0, 2, 2), mode="replicate"), kernel.view(1, 1, 5, 1))


def _spectral_mix(light: Tensor) -> Tensor:
    """Luminance as one of the emulsions sees it, with some spread: (N, 3, h, w) to (N, 1, h, w)."""
    weights = EMULSIONS[torch.multinomial(EMULSION_ODDS, len(light), replacement=True)]
    weights = weights * torch.empty_like(weights).uniform_(0.8, 1.2)
    return torch.einsum("nc,nchw->nhw", weights / weights.sum(dim=1, keepdim=True), light)[:, None]


def film_lightness(light: Tensor) -> Tensor:
    """Lightness of the pictures as old film would give it: spectral mix, blur, exposure, gamma, fading, grain.

    Args:
        light: (N, 3, h, w), linear RGB 0..1.

    Returns:
        (N, 1, h, w), CIE L* 0..100.
    """
    n = len(light)
    lightness = lightness_from_luminance(_spectral_mix(light)) / 100
    lightness = torch.lerp(lightness, _blurred(lightness), _some(n, 0.4) * torch.rand(n, 1, 1, 1))
    lightness = lightness.clamp(min=0) ** torch.where(_some(n, 0.6) > 0, _uniform(0.75, 1.33, n), 1.0)
    black, white = _some(n, 0.3) * _uniform(-0.05, 0.15, n), 1 - _some(n, 0.3) * _uniform(-0.08, 0.15, n)
    lightness = black + (white - black) * lightness
    grain = torch.randn_like(lightness)
    grain = torch.lerp(grain, 2 * _blurred(grain), _some(n, 0.5))
    return 100 * (lightness + _some(n, 0.6) * _uniform(0.0, 0.06, n) * grain).clamp(0, 1)
