"""Losses fall as the prediction comes nearer."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from models.bins import BINS, bin_centres, soft_encode
from models.losses import mean_ab_huber, mean_ab_squared, rebalanced_cross_entropy, relative_difference

ONES = torch.ones(BINS)


def true_ab() -> Tensor:
    return 120 * torch.rand(2, 2, 4, 4, generator=torch.Generator().manual_seed(0)) - 60


def bin_of(a: float, b: float) -> int:
    """The number of the bin at a* and b*."""
    return int(torch.cdist(torch.tensor([[a, b]], dtype=torch.float32), bin_centres()).argmin())


GRAY = bin_of(0, 0)


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
    assert float(mean_ab_huber(certain(GRAY), torch.zeros(1, 2, 1, 1))) == pytest.approx(0, abs=1e-6)
    far = torch.tensor([30.0, 0.0])[None, :, None, None]  # 3 deltas in a: 3 - 1/2; 0 in b
    assert float(mean_ab_huber(certain(GRAY), far)) == pytest.approx(2.5 / 2, abs=1e-5)
    near = torch.tensor([5.0, 0.0])[None, :, None, None]  # half a delta: 0.5^2 / 2
    assert float(mean_ab_huber(certain(GRAY), near)) == pytest.approx(0.125 / 2, abs=1e-5)


def test_squared_distance_is_0_for_the_mean_and_grows_with_its_square() -> None:
    for distance, expected in ((0.0, 0.0), (5.0, 0.125), (10.0, 0.5), (30.0, 4.5)):  # in b alone, in units of 10
        true = torch.tensor([0.0, distance])[None, :, None, None]
        assert float(mean_ab_squared(certain(GRAY), true)) == pytest.approx(expected, abs=1e-4)


def test_squared_distance_is_that_of_the_mean_colour() -> None:
    torn = torch.cat([certain(bin_of(-20, 0)).exp(), certain(bin_of(40, 0)).exp()]).mean(dim=0, keepdim=True).log()
    assert float(mean_ab_squared(torn, torch.tensor([10.0, 0.0])[None, :, None, None])) == pytest.approx(0, abs=1e-4)


def logits_of(*colours: tuple[float, float]) -> Tensor:
    """Logits, (1, 313, 1, P), of a network that is sure of a colour for each pixel."""
    return torch.cat([certain(bin_of(*colour)) for colour in colours], dim=3)


def test_alike_colours_differ_by_next_to_nothing() -> None:
    logits = 3 * torch.randn(2, BINS, 4, 4, generator=torch.Generator().manual_seed(0))
    other = 3 * torch.randn(2, BINS, 4, 4, generator=torch.Generator().manual_seed(1))
    assert float(relative_difference(logits, logits, 0.4)) < 0.01
    assert float(relative_difference(logits, logits + 5, 0.4)) < 0.01  # a softmax does not see what all bins share
    assert float(relative_difference(logits, other, 0.4)) > 0.1


def test_difference_is_a_share_of_the_chroma() -> None:
    one, other = logits_of((30, 40), (0, 20)), logits_of((30, 10), (0, 20))
    distance, chroma = (30 + 0) / 2, (50 + 20 + math.hypot(30, 10) + 20) / 4
    assert float(relative_difference(one, other, 0.4)) == pytest.approx(distance / chroma, rel=0.01)
    assert float(relative_difference(other, one, 0.4)) == pytest.approx(distance / chroma, rel=0.01)


def test_colours_twice_as_strong_differ_by_the_same_share() -> None:
    plain = relative_difference(logits_of((20, 10), (-10, 30)), logits_of((10, 10), (-20, 20)), 0.4)
    strong = relative_difference(logits_of((40, 20), (-20, 60)), logits_of((20, 20), (-40, 40)), 0.4)
    assert float(plain) > 0.3
    assert float(strong) == pytest.approx(float(plain), rel=0.01)


def test_giving_up_colour_does_not_lower_the_difference() -> None:
    noise = torch.randn(2, BINS, 8, 8, generator=torch.Generator().manual_seed(0))
    one, other = 8 * noise, 8 * (noise + 0.2 * noise.flip(0))
    grayer = torch.zeros(1, BINS, 1, 1).index_fill(1, torch.tensor([GRAY]), 3.0)
    vivid, faded = (relative_difference(one + gray, other + gray, 1.0) for gray in (0 * grayer, grayer))
    assert float(faded) > 0.8 * float(vivid)


def test_gradient_brings_the_colours_together() -> None:
    generator = torch.Generator().manual_seed(0)
    one, other = (torch.randn(1, BINS, 4, 4, generator=generator, requires_grad=True) for _ in range(2))
    before = relative_difference(one, other, 0.4)
    before.backward()
    assert one.grad is not None
    assert other.grad is not None
    after = relative_difference(one - 5 * one.grad, other - 5 * other.grad, 0.4)
    assert float(after.detach()) < 0.9 * float(before.detach())
    gray = torch.zeros(1, BINS, 2, 2).index_fill(1, torch.tensor([GRAY]), 1e4).requires_grad_()
    relative_difference(gray, gray.detach(), 0.4).backward()
    assert gray.grad is not None
    assert gray.grad.isfinite().all()
