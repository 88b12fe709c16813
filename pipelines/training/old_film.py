"""Colour photographs as old black-and-white film shows them: the networks' input in training.

Each picture draws its own faults from torch's global generator: first those of the film stock, then those of a frame.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from models.colour.colorspace import lightness_from_luminance

EMULSIONS = torch.tensor(
    [
        [0.2126, 0.7152, 0.0722],  # the eye's own weights
        [0.33, 0.36, 0.31],  # panchromatic
        [0.05, 0.55, 0.40],  # orthochromatic, all but blind to red
        [0.02, 0.18, 0.80],  # early, blue-sensitive
    ]
)
EMULSION_ODDS = torch.tensor([0.50, 0.32, 0.12, 0.06])
BLUR_RADIUS = 3
HALO_STRIDE = 4
"""Halos are so wide that they are drawn at a quarter of the size."""
SPECKS, SCRATCHES = 8, 3
"""Maximum of each in a picture."""
BLOCK = 8
QUANTISATION = torch.tensor(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    dtype=torch.float32,
)
"""(8, 8), steps of the luma coefficients, vertical frequency first: ITU-T T.81, table K.1."""


def _uniform(like: Tensor, low: float, high: float, count: int = 1) -> Tensor:
    """`count` numbers for each picture of `like`: (N, count, 1, 1)."""
    return like.new_empty(len(like), count, 1, 1).uniform_(low, high)


def _with_faults(pictures: Tensor, *faults: tuple[float, Callable[[Tensor], Tensor]]) -> Tensor:
    """Pictures (N, 1, h, w), each fault on a share of them: (share, fault)."""
    for share, fault in faults:
        chosen = (torch.rand(len(pictures), device=pictures.device) < share).nonzero()[:, 0]
        if len(chosen):
            pictures = pictures.index_copy(0, chosen, fault(pictures[chosen]))
    return pictures


def _grid(like: Tensor) -> tuple[Tensor, Tensor]:
    """Row (h, 1) and column (w,) of each pixel."""
    rows, columns = (torch.arange(extent, device=like.device, dtype=like.dtype) for extent in like.shape[-2:])
    return rows[:, None], columns


def _gaussian(sigma: Tensor) -> Tensor:
    """(N, 1, 1, 1), standard deviations in pixels, to kernels (N, 1, 1, 2 * BLUR_RADIUS + 1) of sum 1."""
    offsets = torch.arange(-BLUR_RADIUS, BLUR_RADIUS + 1, device=sigma.device)
    return torch.softmax(-0.5 * (offsets / sigma) ** 2, dim=-1)


def _blurred(pictures: Tensor, kernels: Tensor) -> Tensor:
    """Each picture (N, 1, h, w) convolved both ways with its own kernel (N, 1, 1, 2 * BLUR_RADIUS + 1)."""
    n, r = len(pictures), BLUR_RADIUS
    x = F.pad(pictures, (r, r, r, r), mode="replicate").transpose(0, 1)  # pictures as channels: 20 times faster
    return F.conv2d(F.conv2d(x, kernels, groups=n), kernels.mT, groups=n).transpose(0, 1)


# Faults of the stock: luminance, then lightness, (N, 1, h, w) about 0..1


def _spectral_mix(light: Tensor) -> Tensor:
    """Luminance as one of the emulsions sees it, with some spread: (N, 3, h, w) to (N, 1, h, w)."""
    chosen = torch.multinomial(EMULSION_ODDS.to(light), len(light), replacement=True)
    weights = EMULSIONS.to(light)[chosen]
    weights = weights * torch.empty_like(weights).uniform_(0.8, 1.2)
    return torch.einsum("nc,nchw->nhw", weights / weights.sum(dim=1, keepdim=True), light)[:, None]


def _soft(luminance: Tensor) -> Tensor:
    return _blurred(luminance, _gaussian(_uniform(luminance, 0.3, 1.0)))


def _haloed(luminance: Tensor) -> Tensor:
    """Highlights with a halo, light that the film's base throws back around them."""
    bright = F.avg_pool2d((luminance - 0.5).clamp(min=0), HALO_STRIDE, ceil_mode=True)
    spread = _blurred(bright, _gaussian(_uniform(luminance, 0.5, 1.5)))
    halo = F.interpolate(spread, luminance.shape[-2:], mode="bilinear")
    return luminance + _uniform(luminance, 0.0, 0.6) * halo


def _vignetted(luminance: Tensor) -> Tensor:
    """Light lost with the square of the distance from a point near the centre."""
    (row, column), (h, w) = _grid(luminance), luminance.shape[-2:]
    y, x = 2 * row / h - _uniform(luminance, 0.7, 1.3), 2 * column / w - _uniform(luminance, 0.7, 1.3)
    return luminance * (1 - _uniform(luminance, 0.0, 0.5) * (x**2 + y**2) / 2)


def _toned(lightness: Tensor) -> Tensor:
    """Another gamma."""
    return lightness ** _uniform(lightness, 0.75, 1.33)


def _black_shifted(lightness: Tensor) -> Tensor:
    return torch.lerp(_uniform(lightness, -0.05, 0.15), torch.ones_like(lightness), lightness).clamp(0, 1)


def _white_shifted(lightness: Tensor) -> Tensor:
    return (lightness * _uniform(lightness, 0.85, 1.08)).clamp(0, 1)


def _copied(lightness: Tensor) -> Tensor:
    """A copy of a copy: fewer details, more contrast."""
    scale = float(torch.empty(()).uniform_(0.5, 0.9))
    size = [math.ceil(scale * extent) for extent in lightness.shape[-2:]]
    small = F.interpolate(lightness, size, mode="bilinear", antialias=True)
    copy = F.interpolate(small, lightness.shape[-2:], mode="bilinear")
    return (0.5 + _uniform(lightness, 1.0, 1.4) * (copy - 0.5)).clamp(0, 1)


# Faults of a frame: lightness, (N, 1, h, w) in 0..1


def _exposed(lightness: Tensor) -> Tensor:
    return (lightness * _uniform(lightness, 0.9, 1.1)).clamp(0, 1)


def _grainy(lightness: Tensor) -> Tensor:
    """Grain of about a pixel."""
    kernels = _gaussian(_uniform(lightness, 0.3, 0.9))
    kernels = kernels / kernels.square().sum(dim=-1, keepdim=True).sqrt()  # keeps the standard deviation 1
    grain = _blurred(torch.randn_like(lightness), kernels)
    return (lightness + _uniform(lightness, 0.0, 0.05) * grain).clamp(0, 1)


def _marked(pictures: Tensor, distance: Tensor, radius: Tensor) -> Tensor:
    """Pictures (N, 1, h, w) with all that is nearer than a radius black, or white (dirt on the negative).

    Args:
        pictures: 0..1.
        distance: (N, K, h, w), from each of K marks, in pixels.
        radius: (N, K, 1, 1), in pixels; from -0.5 to 0.5 the mark is faint, below it there is none.
    """
    cover = (radius + 0.5 - distance).clamp(0, 1).amax(dim=1, keepdim=True)
    return torch.lerp(pictures, (_uniform(pictures, 0, 1) < 0.5).to(pictures), cover)


def _dusty(pictures: Tensor) -> Tensor:
    """Pictures with specks, longer one way than the other, and near-vertical scratches."""
    (row, column), (h, w) = _grid(pictures), pictures.shape[-2:]
    y, x = row - _uniform(pictures, 0, h, SPECKS), column - _uniform(pictures, 0, w, SPECKS)
    stretch = _uniform(pictures, 0.5, 2.0, SPECKS)
    specks = torch.hypot(x * stretch, y / stretch)
    pictures = _marked(pictures, specks, _uniform(pictures, -1.5, 1.5, SPECKS))
    lean = row * _uniform(pictures, -0.02, 0.02, SCRATCHES)
    scratches = (column - _uniform(pictures, 0, w, SCRATCHES) - lean).abs()
    return _marked(pictures, scratches, _uniform(pictures, -1.5, 0.3, SCRATCHES))


def _compressed(pictures: Tensor) -> Tensor:
    """Pictures whose 8 x 8 DCT coefficients are rounded as JPEG does at quality 10 to 80."""
    (h, w), device = pictures.shape[-2:], pictures.device
    position = torch.arange(BLOCK, device=device)
    cosines = torch.cos(math.pi / BLOCK * position[:, None] * (position + 0.5)) * math.sqrt(2 / BLOCK)
    cosines[0] /= math.sqrt(2)  # (frequency, position), orthonormal
    padded = F.pad(255 * pictures - 128, (0, -w % BLOCK, 0, -h % BLOCK), mode="replicate")
    rows, columns = (extent // BLOCK for extent in padded.shape[-2:])
    blocks = padded.reshape(-1, rows, BLOCK, columns, BLOCK).transpose(2, 3)  # (N, rows, columns, BLOCK, BLOCK)
    quality = _uniform(pictures, 10, 80)[..., None]
    scale = torch.where(quality < 50, 50 / quality, 2 - quality / 50)  # as libjpeg does
    step = scale * QUANTISATION.to(device)
    rounded = cosines.T @ ((cosines @ blocks @ cosines.T / step).round() * step) @ cosines
    return ((rounded.transpose(2, 3).reshape(padded.shape)[..., :h, :w] + 128) / 255).clamp(0, 1)


def stock_lightness(light: Tensor) -> Tensor:
    """Lightness as a film stock gives it, with all that stays the same from frame to frame.

    An emulsion's spectral mix for each picture; for a share of them each of blur, halation, vignette, gamma, fading
    (of black and of white), generation loss.

    Args:
        light: (N, 3, h, w), linear RGB 0..1.

    Returns:
        (N, 1, h, w), CIE L* 0..100.
    """
    luminance = _with_faults(_spectral_mix(light), (0.35, _soft), (0.2, _haloed), (0.2, _vignetted))
    lightness = (lightness_from_luminance(luminance) / 100).clamp(0, 1)
    fading = (0.3, _black_shifted), (0.3, _white_shifted)
    return 100 * _with_faults(lightness, (0.6, _toned), *fading, (0.1, _copied))


def frame_lightness(lightness: Tensor) -> Tensor:
    """Lightness with all that differs from frame to frame.

    For a share of the pictures each of exposure within 10 %, grain, dust and scratches, compression.

    Args:
        lightness: (N, 1, h, w), CIE L* 0..100.

    Returns:
        (N, 1, h, w), CIE L* 0..100.
    """
    return 100 * _with_faults(lightness / 100, (0.5, _exposed), (0.6, _grainy), (0.08, _dusty), (0.2, _compressed))


def film_lightness(light: Tensor) -> Tensor:
    """Lightness of the pictures as one frame of old film would give it.

    Args:
        light: (N, 3, h, w), linear RGB 0..1.

    Returns:
        (N, 1, h, w), CIE L* 0..100.
    """
    return frame_lightness(stock_lightness(light))
