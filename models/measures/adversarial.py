"""Losses of networks that are trained against each other."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor


def wasserstein(false_scores: Tensor, true_scores: Tensor) -> Tensor:
    """Loss of a critic: mean score of what was made, less that of what is true (Arjovsky et al., ICML 2017)."""
    return false_scores.mean() - true_scores.mean()


def gradient_penalty(critic: Callable[[Tensor], Tensor], true: Tensor, false: Tensor, shares: Tensor) -> Tensor:
    """Mean squared distance from 1 of the length of a critic's slope, between true and false pictures.

    WGAN-GP (Gulrajani et al., NeurIPS 2017, arXiv 1704.00028), eq. 3, without its factor. Of a critic that scores
    patches the slope is that of their sum.

    Args:
        critic: scores of pictures.
        true: (N, 3, h, w).
        false: as `true`.
        shares: (N, 1, 1, 1), 0..1, of the true one in each mix.
    """
    mixed = (shares * true + (1 - shares) * false).detach().requires_grad_()
    slope = torch.autograd.grad(critic(mixed).sum(), mixed, create_graph=True)[0]
    return ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()


def hinge_discriminator(true_scores: Tensor, false_scores: Tensor) -> Tensor:
    """Loss of a discriminator: true pictures are to score 1 and more, made ones -1 and less.

    Geometric GAN (Lim, Ye, 2017, arXiv 1705.02894), eq. 14; BigGAN's and BigColor's, of which BigColor takes half.
    """
    return F.relu(1 - true_scores).mean() + F.relu(1 + false_scores).mean()


def hinge_generator(false_scores: Tensor) -> Tensor:
    """Loss of a generator: made pictures are to score more."""
    return -false_scores.mean()
