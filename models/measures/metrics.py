"""Measures of coloured pictures against the true ones, and of found boxes against the given ones.

Figures of a part of a picture are figures of its pixels set in a row: (1, 3, 1, pixels).
"""

import functools
import math

import torch
import torch.nn.functional as F
from torch import Tensor

from models.colour.bins import BINS, soft_encode
from models.compact.detector import overlap

SSIM_RADIUS = 5
SSIM_SIGMA = 1.5
SSIM_STEADIERS = 0.01**2, 0.03**2
"""C1 and C2 for values of 0..1."""
AUC_REACH = 150
"""Largest error in ab that the area under the curve counts."""


def psnr(predicted: Tensor, true: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB of each RGB picture: two (N, 3, h, w) in 0..1 to (N,)."""
    return -10 * ((predicted - true) ** 2).mean(dim=(1, 2, 3)).clamp(min=1e-10).log10()


@functools.cache
def _ssim_windows(size: int) -> Tensor:
    """(size - 10, size): each row a Gaussian of 11 and of sum 1, one further on than the row before."""
    offsets = torch.arange(size) - torch.arange(SSIM_RADIUS, size - SSIM_RADIUS)[:, None]
    windows = torch.where(offsets.abs() <= SSIM_RADIUS, torch.exp(-(offsets**2) / (2 * SSIM_SIGMA**2)), 0)
    return windows / windows.sum(dim=1, keepdim=True)


def ssim_map(predicted: Tensor, true: Tensor) -> Tensor:
    """Structural similarity at each place (Wang et al., IEEE TIP 2004, eq. 13), mean over the channels.

    Args:
        predicted: (N, 3, h, w) in 0..1, sides of 11 and more.
        true: the same.

    Returns:
        (N, h - 10, w - 10): only where the 11 x 11 window lies in the picture.
    """
    side = 2 * SSIM_RADIUS + 1
    if min(true.shape[-2:]) < side:
        raise ValueError(f"SSIM needs pictures of {side} x {side} pixels and more, got {tuple(true.shape[-2:])}")
    down, across = (_ssim_windows(size).to(true) for size in true.shape[-2:])
    planes = torch.stack([predicted, true, predicted**2, true**2, predicted * true])
    x, y, xx, yy, xy = down @ planes @ across.T  # faster than convolutions; (N, 3, h - 10, w - 10) each
    c1, c2 = SSIM_STEADIERS
    means = (2 * x * y + c1) / (x**2 + y**2 + c1)
    spreads = (2 * (xy - x * y) + c2) / (xx - x**2 + yy - y**2 + c2)
    return (means * spreads).mean(dim=1)


def ssim(predicted: Tensor, true: Tensor) -> Tensor:
    """Mean structural similarity of each picture: two (N, 3, h, w) in 0..1 to (N,)."""
    return ssim_map(predicted, true).mean(dim=(1, 2))


def closeness(predicted_ab: Tensor, true_ab: Tensor) -> Tensor:
    """Each pixel's area under the curve of "error within t", t = 0, 1 .. 150; its mean over pixels is the AuC.

    Zhang, Isola, Efros, ECCV 2016, sec. 3.1: the area under the mean curve is the mean of the pixels' areas.

    Args:
        predicted_ab: (N, 2, h, w).
        true_ab: the same.

    Returns:
        (N, h, w), 0 (off by 150 or more) to 1.
    """
    error = (predicted_ab - true_ab).square().sum(dim=1).sqrt()
    return (AUC_REACH + 0.5 - error.ceil()).clamp(0, AUC_REACH) / AUC_REACH  # the trapezoids of a step at `error`


def closeness_by_bin(close: Tensor, true_ab: Tensor) -> Tensor:
    """Closeness summed over the pixels of each true bin, and their number: (N, h, w), (N, 2, h, w) to (2, 313)."""
    bins = soft_encode(true_ab, neighbours=1)[0].flatten()
    return torch.stack([torch.bincount(bins, w, minlength=BINS) for w in (close.flatten(), torch.ones_like(bins))])


def rebalanced_auc(sums: Tensor) -> Tensor:
    """AuC with each pixel weighted by 1 / p of its true bin, p as in these very pictures (sec. 3.1).

    Args:
        sums: (2, 313), what `closeness_by_bin` gives, summed over the pictures.

    Returns:
        A scalar: the mean over the bins in use.
    """
    close, count = sums
    return (close[count > 0] / count[count > 0]).mean()


def ciede2000(one: Tensor, other: Tensor) -> Tensor:
    """Colour difference of each pixel, CIEDE2000 (CIE 142-2001) as Sharma, Wu, Dalal state it (Color Res. Appl. 2005).

    Args:
        one: (N, 3, h, w), CIE Lab.
        other: the same; the difference is the same either way.

    Returns:
        (N, h, w), 0 and more.
    """
    (l1, a1, b1), (l2, a2, b2) = one.unbind(1), other.unbind(1)
    chroma = (torch.hypot(a1, b1) + torch.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * (chroma**7 / (chroma**7 + 25**7)).sqrt()
    a1, a2 = stretch * a1, stretch * a2
    c1, c2 = torch.hypot(a1, b1), torch.hypot(a2, b2)
    h1, h2 = (torch.remainder(torch.atan2(b, a), 2 * math.pi) for a, b in ((a1, b1), (a2, b2)))
    is_gray, turn = c1 * c2 == 0, h2 - h1
    turn = torch.where(is_gray, 0, turn - 2 * math.pi * turn.sign() * (turn.abs() > math.pi))
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    hue = torch.where(is_gray, h1 + h2, h1 + turn / 2)
    weight = (1 - 0.17 * (hue - math.pi / 6).cos() + 0.24 * (2 * hue).cos()
              + 0.32 * (3 * hue + math.pi / 30).cos() - 0.20 * (4 * hue - math.radians(63)).cos())  # fmt: skip
    off = (lightness - 50) ** 2
    by_lightness = (l2 - l1) / (1 + 0.015 * off / (20 + off).sqrt())
    by_chroma = (c2 - c1) / (1 + 0.045 * chroma)
    by_hue = 2 * (c1 * c2).sqrt() * (turn / 2).sin() / (1 + 0.015 * chroma * weight)
    blue = ((torch.remainder(hue.rad2deg(), 360) - 275) / 25) ** 2
    bend = -2 * (chroma**7 / (chroma**7 + 25**7)).sqrt() * torch.sin((60 * torch.exp(-blue)).deg2rad())
    squared = by_lightness**2 + by_chroma**2 + by_hue**2 + bend * by_chroma * by_hue
    return squared.clamp(min=0).sqrt()


def colourfulness(rgb: Tensor, is_absolute: bool = False) -> Tensor:
    """Colourfulness of each picture (Hasler, Suesstrunk, SPIE 2003, sec. 7): (N, 3, h, w) in 0..1 to (N,).

    Args:
        rgb: the pictures.
        is_absolute: take |rg| and |yb|, as much published code does; such figures compare only with their like.
    """
    red, green, blue = (255 * rgb).unbind(1)
    opponents = torch.stack([red - green, (red + green) / 2 - blue])  # (2, N, h, w)
    if is_absolute:
        opponents = opponents.abs()
    spread = opponents.var(dim=(2, 3), correction=0).sum(dim=0).sqrt()
    mean = (opponents.mean(dim=(2, 3)) ** 2).sum(dim=0).sqrt()
    return spread + 0.3 * mean


def frechet_distance(one: Tensor, other: Tensor) -> Tensor:
    """Fréchet distance of two Gaussians fitted to features (Heusel et al., NeurIPS 2017, arXiv 1706.08500, eq. 6).

    It grows as pictures get fewer, and is FID only on Inception's features: compare like with like.

    Args:
        one: (N, D) features, N at least 2.
        other: (M, D).

    Returns:
        A scalar, float64: |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^1/2).
    """
    means, factors = [], []
    for features in (one.double(), other.double()):
        means.append(features.mean(dim=0))
        centred = (features - means[-1]) / (len(features) - 1) ** 0.5
        factors.append(torch.linalg.qr(centred, mode="r").R)  # C = R^T R
    root = torch.linalg.svdvals(factors[0] @ factors[1].T).sum()  # its eigenvalues are the singular values of R1 R2^T
    spread = sum((factor.square().sum() for factor in factors), -2 * root)
    return (means[0] - means[1]).square().sum() + spread


def match_boxes(found: Tensor, given: Tensor, least_score: float = 0.5, least_overlap: float = 0.5) -> Tensor:
    """Verdict on each found box of one picture: best first, each takes the free box of its class that it overlaps most.

    Args:
        found: (K, 6): left, top, right, bottom as shares of the sides, class, score; in falling order of score.
        given: (M, 6), the same in any order. Those below `least_score` are neither right to find nor wrong.
        least_score: of a given box that must be found.
        least_overlap: intersection over union at which a box counts as found.

    Returns:
        (K,) of 1 right, 0 wrong, -1 left out.
    """
    fit = overlap(found[:, None, :4], given[None, :, :4])[0] * (found[:, None, 4] == given[None, :, 4])  # (K, M)
    fit = torch.where(fit >= least_overlap, fit, 0)
    is_wanted = given[:, 5] >= least_score
    free, verdicts = is_wanted.float(), torch.zeros(len(found), dtype=torch.int8)
    for i, row in enumerate(fit):
        if (row * free).any():
            verdicts[i] = 1
            free[(row * free).argmax()] = 0
        elif row[~is_wanted].any():
            verdicts[i] = -1
    return verdicts


def average_precision(scores: Tensor, is_right: Tensor, given: int, points: int | None = 101) -> float:
    """Precision at recalls from 0 to 1, averaged: the best that is reached there or at a higher one.

    101 recalls are COCO's AP (Lin et al., ECCV 2014, arXiv 1405.0312), 11 that of PASCAL VOC 2007 (Everingham et al.,
    IJCV 2010, sec. 4.2), and all that there are that of VOC 2010 and later.

    Args:
        scores: (K,) of the found boxes of all pictures, in any order.
        is_right: (K,) bool.
        given: how many were to be found, at least 1.
        points: number of recalls, from 0 on; None: each that finding one more of those given brings.

    Returns:
        0..1.
    """
    hits = is_right[scores.argsort(descending=True, stable=True)].double().cumsum(0)
    precision = hits / torch.arange(1, len(hits) + 1)
    best_later = precision.flip(0).cummax(0).values.flip(0) if len(hits) else precision
    if points:
        recalls = torch.linspace(0, 1, points, dtype=torch.float64)
    else:
        recalls = torch.arange(1, given + 1, dtype=torch.float64) / given
    first = torch.searchsorted(hits, recalls * given - 1e-6)  # 0.29 * 100 is not quite 29
    return float(F.pad(best_later, (0, 1))[first].mean())
