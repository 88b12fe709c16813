"""Losses of training."""

import torch
import torch.nn.functional as F
from torch import Tensor

from models.colour.bins import soft_encode


def rebalanced_cross_entropy(log_probability: Tensor, ab: Tensor, bin_weights: Tensor) -> Tensor:
    """Cross-entropy with the soft encoding of ab, each pixel weighted by its nearest bin's weight.

    Zhang, Isola, Efros, ECCV 2016, eq. 2 and 3.

    Args:
        log_probability: (N, 313, h, w), log-softmax of the network's logits.
        ab: (N, 2, h, w), the true colours.
        bin_weights: (313,), see `models.colour.bins.rebalancing_weights`.

    Returns:
        A scalar, the mean over pixels.
    """
    bins, weights = soft_encode(ab)
    pixel_weight = bin_weights[bins[:, 0]]
    picked = log_probability.permute(0, 2, 3, 1).gather(-1, bins.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)  # bins last
    return -(pixel_weight * (weights * picked).sum(dim=1)).mean()


def ab_huber(ab: Tensor, true: Tensor, delta: float = 10.0) -> Tensor:
    """Huber distance, in units of `delta`, between two ab (N, 2, h, w)."""
    return F.huber_loss(ab / delta, true / delta)


def ab_squared(ab: Tensor, true: Tensor) -> Tensor:
    """Squared distance, in units of 10, between two ab (N, 2, h, w)."""
    return F.mse_loss(ab / 10, true / 10)


def relative_difference(one: Tensor, other: Tensor) -> Tensor:
    """Mean distance between two ab (N, 2, h, w), as a share of their chroma.

    A share, since a network could lower the distance itself by giving up colour.
    """
    distance, chroma = (_length(ab).mean() for ab in (one - other, torch.cat([one, other])))
    return distance / chroma


def colourfulness_difference(ab: Tensor, true: Tensor) -> Tensor:
    """Mean difference of the pictures' colourfulness, in units of 10, between two ab (N, 2, h, w).

    A mean of likely colours is too pale, and one factor on all pictures makes dull ones gaudy, so the network learns
    each picture's own colourfulness: spread and a share of the mean, as in Hasler, Suesstrunk, SPIE 2003, of Lab's ab.
    """
    return (_colourfulness(ab) - _colourfulness(true)).abs().mean() / 10


def _colourfulness(ab: Tensor) -> Tensor:
    spread = (ab.var(dim=(2, 3), correction=0).sum(dim=1) + 1e-2).sqrt()
    return spread + 0.37 * _length(ab.mean(dim=(2, 3)))


def _length(ab: Tensor) -> Tensor:
    """Length of ab, (N, 2, ...) to (N, ...), with a finite slope at 0."""
    return ((ab**2).sum(dim=1) + 1e-2).sqrt()
