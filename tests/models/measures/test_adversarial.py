"""Losses of networks that are trained against each other, beside values computed by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from models.measures.adversarial import gradient_penalty, hinge_discriminator, hinge_generator, wasserstein


def test_critic_is_to_score_true_pictures_higher() -> None:
    assert float(wasserstein(torch.tensor([1.0, 3.0]), torch.tensor([5.0, 6.0, 7.0]))) == 2 - 6


def test_penalty_is_of_the_distance_of_the_slope_from_1() -> None:
    # of 3 x + 4 y the slope is (3, 4), of length 5, wherever the mix lies
    true, false = torch.rand(2, 2, 1, 1), torch.rand(2, 2, 1, 1)
    factors = torch.tensor([3.0, 4.0]).view(1, 2, 1, 1)
    penalty = gradient_penalty(lambda x: (factors * x).sum(dim=1), true, false, torch.rand(2, 1, 1, 1))
    assert penalty.item() == pytest.approx(16)


def test_penalty_looks_at_mixes_of_true_and_made_pictures() -> None:
    # of x ** 2 the slope is 2 x: at mixes 0.75 * 4 + 0.25 * 0 = 3 and 0.5 * 2 + 0.5 * 1 = 1.5 it is 6 and 3
    true, false = (torch.tensor(values).view(2, 1, 1, 1) for values in ([4.0, 2.0], [0.0, 1.0]))
    shares = torch.tensor([0.75, 0.5]).view(2, 1, 1, 1)
    assert gradient_penalty(torch.square, true, false, shares).item() == pytest.approx((5**2 + 2**2) / 2)


def test_penalty_of_patches_is_of_the_slope_of_their_sum() -> None:
    def patches(x: Tensor) -> Tensor:
        return x.expand(-1, -1, 2, 3)

    penalty = gradient_penalty(patches, *torch.rand(2, 1, 1, 1, 1), torch.rand(1, 1, 1, 1))
    assert penalty.item() == pytest.approx((6 - 1) ** 2)


def test_penalty_teaches_the_critic() -> None:
    factor = torch.nn.Parameter(torch.tensor(3.0))
    gradient_penalty(lambda x: factor * x, *torch.rand(2, 4, 1, 1, 1), torch.rand(4, 1, 1, 1)).backward()
    assert factor.grad is not None
    assert float(factor.grad) == pytest.approx(2 * (3 - 1))


def test_hinge_counts_scores_that_are_not_sure_enough() -> None:
    true, false = torch.tensor([2.0, 0.5, -1.0]), torch.tensor([-3.0, 0.0, 1.0])
    assert hinge_discriminator(true, false).item() == pytest.approx((0 + 0.5 + 2) / 3 + (0 + 1 + 2) / 3)
    assert hinge_generator(false).item() == pytest.approx(2 / 3)
