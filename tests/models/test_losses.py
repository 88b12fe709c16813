"""Losses fall as the prediction comes nearer."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from models.bins import BINS, bin_centres, soft_encode
from models.losses import mean_ab_huber, rebalanced_cross_entropy

ONES = torch.ones(BINS)


def true_ab() -> Tensor:
    return 120 * torch.rand(2, 2, 4, 4, generator=torch.Generator().manual_seed(0)) - 60


def certain(bin_: int) -> Tensor:
    """Log-probability of a network that is sure of one bin."""
    logits = torch.full((1, BINS, 1, 1), -1e4)
    logits[:, bin_] = 0
    return logits.log_softmax(dim=1)


def test_even_distribution_costs_the_logarithm_of_the_bins() -> None:
    even = torch.zeros(2, BINS, 4, 4).log_softmax(dim=1)
    assert float(rebalanced_cross_entropy(even, true_ab(), ONES)) == pytest.approx(math.log(BINS), rel=1e-5)


def test_true_distribution_costs_the_least() -> None:
    bins, weights = soft_encode(true_ab())
    truth = torch.full((2, BINS, 4, 4), 1e-9).scatter(1, bins, weights).log()
    entropy = -(weights * weights.log()).sum(dim=1).mean()
    least = float(rebalanced_cross_entropy(truth, true_ab(), ONES))
    assert least == pytest.approx(float(entropy), abs=1e-4)
    assert least < float(rebalanced_cross_entropy(0.5 * truth - 3, true_ab(), ONES))


def test_each_pixel_weighs_as_its_nearest_bin() -> None:
    even = torch.zeros(1, BINS, 1, 2).log_softmax(dim=1)
    ab = bin_centres()[[10, 200]].T[None, :, None]  # (1, 2, 1, 2)
    weights = torch.zeros(BINS)
    weights[10], weights[200] = 3, 5
    assert float(rebalanced_cross_entropy(even, ab, weights)) == pytest.approx(4 * math.log(BINS), rel=1e-5)


def test_following_the_gradient_lowers_the_loss() -> None:
    logits = torch.zeros(2, BINS, 4, 4, requires_grad=True)
    before = rebalanced_cross_entropy(logits.log_softmax(dim=1), true_ab(), ONES)
    before.backward()
    assert logits.grad is not None
    after = rebalanced_cross_entropy((logits - 100 * logits.grad).log_softmax(dim=1), true_ab(), ONES)
    assert after < before


def test_huber_is_0_for_the_mean_and_linear_far_from_it() -> None:
    gray = 120
    assert float(mean_ab_huber(certain(gray), torch.zeros(1, 2, 1, 1))) == pytest.approx(0, abs=1e-6)
    far = torch.tensor([30.0, 0.0])[None, :, None, None]  # 3 deltas in a: 3 - 1/2; 0 in b
    assert float(mean_ab_huber(certain(gray), far)) == pytest.approx(2.5 / 2, abs=1e-5)
    near = torch.tensor([5.0, 0.0])[None, :, None, None]  # half a delta: 0.5^2 / 2
    assert float(mean_ab_huber(certain(gray), near)) == pytest.approx(0.125 / 2, abs=1e-5)
