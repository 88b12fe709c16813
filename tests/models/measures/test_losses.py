"""Losses fall as the prediction comes nearer."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from models.colour.bins import BINS, bin_centres, soft_encode
from models.measures.losses import (
    ab_huber,
    ab_squared,
    colourfulness_difference,
    rebalanced_cross_entropy,
    relative_difference,
)

ONES = torch.ones(BINS)


def true_ab() -> Tensor:
    return 120 * torch.rand(2, 2, 4, 4, generator=torch.Generator().manual_seed(0)) - 60


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


def plane(*colours: tuple[float, float]) -> Tensor:
    """ab, (1, 2, 1, P), of these pixels."""
    return torch.tensor(colours, dtype=torch.float32).T[None, :, None]


GRAY = plane((0, 0))


def test_huber_is_0_for_the_same_and_linear_far_from_it() -> None:
    assert float(ab_huber(GRAY, GRAY)) == 0
    assert float(ab_huber(GRAY, plane((30, 0)))) == pytest.approx(2.5 / 2)  # 3 deltas in a: 3 - 1/2; 0 in b
    assert float(ab_huber(GRAY, plane((5, 0)))) == pytest.approx(0.125 / 2)  # half a delta: 0.5^2 / 2


@pytest.mark.parametrize(("distance", "expected"), [(0, 0), (5, 0.125), (10, 0.5), (30, 4.5)])
def test_squared_distance_is_in_units_of_10(distance: float, expected: float) -> None:
    assert float(ab_squared(GRAY, plane((0, distance)))) == pytest.approx(expected)


def test_alike_colours_differ_by_next_to_nothing() -> None:
    assert float(relative_difference(true_ab(), true_ab())) < 0.01
    assert float(relative_difference(true_ab(), true_ab().flip(0))) > 0.1


def test_difference_is_a_share_of_the_chroma() -> None:
    one, other = plane((30, 40), (0, 20)), plane((30, 10), (0, 20))
    distance, chroma = (30 + 0) / 2, (50 + 20 + math.hypot(30, 10) + 20) / 4
    assert float(relative_difference(one, other)) == pytest.approx(distance / chroma, rel=0.01)
    assert float(relative_difference(other, one)) == pytest.approx(distance / chroma, rel=0.01)


def test_giving_up_colour_does_not_lower_the_difference() -> None:
    one, other = true_ab(), true_ab() + 5 * true_ab().flip(0).sign()
    plain = float(relative_difference(one, other))
    assert plain > 0.05
    assert float(relative_difference(0.5 * one, 0.5 * other)) == pytest.approx(plain, rel=0.01)


def test_gradient_brings_the_colours_together() -> None:
    one, other = true_ab().requires_grad_(), true_ab().flip(0).requires_grad_()
    before = relative_difference(one, other)
    before.backward()
    assert one.grad is not None
    assert other.grad is not None
    after = relative_difference(one - 10_000 * one.grad, other - 10_000 * other.grad)
    assert float(after.detach()) < 0.9 * float(before.detach())
    gray = torch.zeros(1, 2, 2, 2).requires_grad_()
    relative_difference(gray, gray.detach()).backward()
    assert gray.grad is not None
    assert gray.grad.isfinite().all()


def test_colourfulness_is_the_spread_and_a_share_of_the_mean() -> None:
    spread = plane((13, 0), (-7, 0), (3, 10), (3, -10))  # around (3, 0): variances 50 and 50
    assert float(colourfulness_difference(spread, 0 * spread)) == pytest.approx((10 + 0.37 * 3) / 10, rel=0.02)


def test_colourfulness_is_each_pictures_own() -> None:
    dull, gaudy = plane((2, 0), (-2, 0)), plane((20, 0), (-20, 0))
    both, swapped = torch.cat([dull, gaudy]), torch.cat([gaudy, dull])
    assert float(colourfulness_difference(both, both)) == 0
    assert float(colourfulness_difference(both, swapped)) == pytest.approx(1.8, rel=0.01)


def test_colourfulness_does_not_ask_where_colours_lie() -> None:
    assert float(colourfulness_difference(true_ab(), true_ab().flip(3))) == pytest.approx(0, abs=1e-5)


def test_gradient_of_gray_pictures_is_a_number() -> None:
    gray = torch.zeros(2, 2, 4, 4).requires_grad_()
    colourfulness_difference(gray, true_ab()).backward()
    assert gray.grad is not None
    assert gray.grad.isfinite().all()
