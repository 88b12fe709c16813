"""What the networks are trained to lower."""

import torch
import torch.nn.functional as F
from torch import Tensor

from models.bins import annealed_mean, expected_ab, soft_encode


def rebalanced_cross_entropy(log_probability: Tensor, ab: Tensor, bin_weights: Tensor) -> Tensor:
    """Cross-entropy with the soft encoding of ab, each pixel weighted by its nearest bin's weight.

    Zhang, Isola, Efros, ECCV 2016, eq. 2 and 3.

    Args:
        log_probability: (N, 313, h, w), log-softmax of the network's logits.
        ab: (N, 2, h, w), the true colours.
        bin_weights: (313,), see `models.bins.rebalancing_weights`.

    Returns:
        A scalar, the mean over pixels.
    """
    bins, weights = soft_encode(ab)
    pixel_weight = bin_weights[bins[:, 0]]
    return -(pixel_weight * (weights * log_probability.gather(1, bins)).sum(dim=1)).mean()


def mean_ab_huber(log_probability: Tensor, ab: Tensor, delta: float = 10.0) -> Tensor:
    """Huber distance, in units of `delta`, between the distribution's mean (T = 1) and the true ab (N, 2, h, w)."""
    return F.huber_loss(expected_ab(log_probability.exp()) / delta, ab / delta)


def mean_ab_squared(log_probability: Tensor, ab: Tensor) -> Tensor:
    """Squared distance, in units of 10, between the distribution's mean (T = 1) and the true ab (N, 2, h, w)."""
    return F.mse_loss(expected_ab(log_probability.exp()) / 10, ab / 10)


def relative_difference(logits: Tensor, again: Tensor, temperature: float) -> Tensor:
    """Mean distance in ab between the colours (annealed mean) of two (N, 313, h, w) logits, as a share of their chroma.

    A share, since a network could lower the distance itself by giving up colour.
    """
    one, other = annealed_mean(logits, temperature), annealed_mean(again, temperature)
    distance, chroma = (_length(ab).mean() for ab in (one - other, torch.cat([one, other])))
    return distance / chroma


def _length(ab: Tensor) -> Tensor:
    return ((ab**2).sum(dim=1) + 1e-2).sqrt()
