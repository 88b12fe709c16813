"""Measures of steadiness: 0 for what does not change along motion, and published values of colour difference."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from models.measures.steadiness import (
    delta_e_2000,
    distribution_change,
    histograms,
    mean_where,
    visible,
    warped,
    warping_error,
)

SHARMA = [  # Sharma, Wu, Dalal, Color Research and Application 30 (2005), table 1
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, 3.1571, -77.2803), (50, 0, -82.7485), 2.8615),
    ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
    ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def shift(columns: float, rows: float, height: int = 12, width: int = 16) -> Tensor:
    return torch.tensor([float(columns), float(rows)])[None, :, None, None].expand(1, 2, height, width).clone()


@pytest.mark.parametrize(("one", "other", "expected"), SHARMA)
def test_colour_difference_is_the_published_one(
    one: tuple[float, ...], other: tuple[float, ...], expected: float
) -> None:
    pixels = [torch.tensor(lab, dtype=torch.float64)[None, :, None, None] for lab in (one, other)]
    assert float(delta_e_2000(*pixels)) == pytest.approx(expected, abs=1e-4)
    assert float(delta_e_2000(*pixels[::-1])) == pytest.approx(expected, abs=1e-4)


def test_warping_brings_a_picture_back_along_its_motion() -> None:
    first = noise(1, 3, 12, 16)
    second = first.roll((1, 2), dims=(2, 3))
    back = warped(second, shift(2, 1))
    assert torch.allclose(back[..., :-1, :-2], first[..., :-1, :-2], atol=1e-5)
    seen = torch.zeros(1, 12, 16, dtype=torch.bool)
    seen[:, :-1, :-2] = True
    assert float(warping_error(first, second, shift(2, 1), seen)) == pytest.approx(0, abs=1e-9)
    assert float(warping_error(first, second + 0.1, shift(2, 1), seen)) == pytest.approx(0.01, rel=1e-3)
    assert float(warping_error(first, second, shift(0, 0), seen)) > 0.05


def test_what_motion_does_not_lead_back_to_is_not_visible() -> None:
    assert visible(shift(3, 0), shift(-3, 0)).all()
    backward = shift(-3, 0)
    backward[..., 8:] = 3
    is_visible = visible(shift(3, 0), backward)
    assert not is_visible[..., 6:].any()
    assert is_visible[..., :4].all()


def test_an_edge_of_motion_is_not_visible() -> None:
    forward = shift(0, 0)
    forward[:, 0, :, 8:] = 4
    is_visible = visible(forward, -forward)
    assert not is_visible[:, :, 7].any()
    assert is_visible[:, :, :6].all()


def test_mean_is_that_of_the_mask_and_of_all_without_one() -> None:
    values = torch.tensor([[[1.0, 2, 3]], [[1.0, 2, 3]]])
    mask = torch.tensor([[[True, False, True]], [[False, False, False]]])
    assert mean_where(values + torch.tensor([[[0.0]], [[1.0]]]), mask).tolist() == [2, 3]


def test_distributions_that_stay_do_not_change_and_cuts_do_not_count() -> None:
    one, other = histograms(noise(1, 3, 12, 16)), histograms(0.3 * noise(1, 3, 12, 16, seed=1))
    assert one.sum(dim=-1).allclose(torch.ones(()))
    assert distribution_change(one.repeat(6, 1, 1), [0] * 6) == pytest.approx(0, abs=1e-6)
    cut = torch.cat([one.repeat(3, 1, 1), other.repeat(3, 1, 1)])
    assert distribution_change(cut, [0, 0, 0, 1, 1, 1]) == pytest.approx(0, abs=1e-6)
    assert distribution_change(cut, [0] * 6) > 0.1
    assert math.isnan(distribution_change(one, [0]))


def test_distributions_without_a_value_in_common_differ_by_the_logarithm_of_2() -> None:
    dark, bright = torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 4, 4)
    alternating = histograms(torch.cat([dark, bright]))
    assert distribution_change(alternating, [0, 0]) == pytest.approx(math.log(2), rel=1e-5)
