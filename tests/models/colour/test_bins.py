"""The 313 bins are the official ones, and colours go into them and out again."""

from __future__ import annotations

import math
import zlib

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from models.colour.bins import (
    BINS,
    annealed_mean,
    bin_centres,
    expected_ab,
    rebalancing_weights,
    smoothed_prior,
    soft_encode,
)


def colour(a: float, b: float) -> Tensor:
    return torch.tensor([a, b], dtype=torch.float32)[None, :, None, None]


def index_of(a: int, b: int) -> int:
    return int((bin_centres() == torch.tensor([a, b])).all(dim=1).nonzero())


def random_logits(*shape: int) -> Tensor:
    return 3 * torch.randn(shape, generator=torch.Generator().manual_seed(1))


def test_there_are_313_of_step_10_in_order_of_a_then_b() -> None:
    centres = bin_centres()
    assert centres.shape == (BINS, 2) == (313, 2)
    pairs = [(int(a), int(b)) for a, b in centres]
    assert pairs == sorted(set(pairs))
    assert all(a % 10 == b % 10 == 0 for a, b in pairs)


def test_every_one_is_the_official_one() -> None:
    # python -c "import numpy, zlib; print(zlib.crc32(numpy.load('pts_in_hull.npy').astype('int8').tobytes()))"
    assert zlib.crc32(bin_centres().to(torch.int8).numpy().tobytes()) == 115_735_982


@pytest.mark.parametrize(
    ("index", "centre"),
    [(0, (-90, 50)), (4, (-90, 90)), (5, (-80, 20)), (120, (0, 0)), (303, (100, -90)), (312, (100, 0))],
)
def test_landmarks_lie_where_the_official_file_has_them(index: int, centre: tuple[int, int]) -> None:
    assert tuple(bin_centres()[index].int().tolist()) == centre


@given(a=st.integers(-110, 110), b=st.integers(-110, 110), neighbours=st.sampled_from([1, 5, 10]))
def test_soft_encoding_is_what_brute_force_gives(a: int, b: int, neighbours: int) -> None:
    bins, weights = (found[0, :, 0, 0] for found in soft_encode(colour(a, b), neighbours))
    distance = (bin_centres().double() - torch.tensor([a, b])).square().sum(dim=1)
    found = distance[bins]
    assert found.tolist() == distance.sort().values[:neighbours].tolist()  # nearest first; ties in any order
    gaussian = torch.exp(-(found - found[0]) / (2 * 5**2))
    assert weights.tolist() == pytest.approx((gaussian / gaussian.sum()).tolist(), abs=1e-5)
    assert len(set(bins.tolist())) == neighbours


def test_soft_encoding_sums_to_1_far_outside_too() -> None:
    ab = 400 * torch.rand(2, 2, 9, 7, generator=torch.Generator().manual_seed(2)) - 200
    bins, weights = soft_encode(ab)
    assert bins.shape == weights.shape == (2, 5, 9, 7)
    assert bins.dtype == torch.int64
    assert torch.allclose(weights.sum(dim=1), torch.ones(2, 9, 7))
    assert (weights[:, 0] >= weights[:, -1]).all()


def test_centre_of_a_bin_is_its_own_nearest() -> None:
    centres = bin_centres().T[None, :, :, None]  # (1, 2, 313, 1)
    bins, _ = soft_encode(centres)
    assert bins[0, 0, :, 0].tolist() == list(range(BINS))


@given(a=st.floats(-30, 30), b=st.floats(-30, 30))
def test_mean_of_the_soft_encoding_is_near_the_colour(a: float, b: float) -> None:
    bins, weights = soft_encode(colour(a, b), neighbours=10)
    probability = torch.zeros(1, BINS, 1, 1).scatter_(1, bins, weights)
    assert expected_ab(probability).flatten().tolist() == pytest.approx([a, b], abs=4)


def test_annealed_mean_at_1_is_the_mean() -> None:
    logits = random_logits(2, BINS, 3, 4)
    mean = torch.einsum("nqhw,qc->nchw", logits.softmax(dim=1), bin_centres())
    assert torch.allclose(annealed_mean(logits, 1.0), mean, atol=1e-3)


@pytest.mark.parametrize("logit", [1e4, torch.inf])
def test_annealed_mean_of_a_sure_bin_is_its_colour_however_large_its_logit(logit: float) -> None:
    logits = torch.full((1, BINS, 1, 1), -logit)
    logits[0, 100] = logit
    assert annealed_mean(logits, 1.0).flatten().tolist() == pytest.approx(bin_centres()[100].tolist(), abs=1e-3)
    assert logits[0, 100] == logit


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_annealed_mean_is_whole_under_autocast(dtype: torch.dtype) -> None:
    logits = 8 * random_logits(1, BINS, 2, 2)
    with torch.autocast("cpu", dtype=dtype):
        mean = annealed_mean(logits, 1.0)
    assert torch.equal(mean, annealed_mean(logits, 1.0))


def test_annealed_mean_towards_0_is_the_mode() -> None:
    logits = random_logits(2, BINS, 3, 4)
    mode = bin_centres()[logits.argmax(dim=1)].permute(0, 3, 1, 2)
    assert torch.allclose(annealed_mean(logits, 1e-3), mode, atol=1e-2)


def test_annealed_mean_towards_infinity_is_the_mean_of_all_bins() -> None:
    mean = bin_centres().mean(dim=0)
    assert annealed_mean(random_logits(1, BINS, 1, 1), 1e6).flatten().tolist() == pytest.approx(mean.tolist(), abs=1e-2)


def test_annealed_mean_between_two_bins_follows_equation_5() -> None:
    logits = torch.full((1, BINS, 1, 1), -1e4)
    logits[:, index_of(0, 0)], logits[:, index_of(40, -20)] = math.log(0.6), math.log(0.4)
    share = 0.4 ** (1 / 0.38) / (0.4 ** (1 / 0.38) + 0.6 ** (1 / 0.38))
    assert annealed_mean(logits, 0.38).flatten().tolist() == pytest.approx([40 * share, -20 * share], abs=1e-3)


def test_annealed_mean_is_float_whatever_the_network_gives() -> None:
    logits = random_logits(1, BINS, 2, 2)
    mean = annealed_mean(logits.bfloat16(), 0.38)
    assert mean.dtype == torch.float32
    assert torch.allclose(mean, annealed_mean(logits.bfloat16().float(), 0.38))


@pytest.mark.parametrize("temperature", [0.0, -1.0])
def test_temperature_of_0_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        annealed_mean(random_logits(1, BINS, 1, 1), temperature)


def counts() -> Tensor:
    """Many grays, few strong colours, as pictures have."""
    return torch.exp(-bin_centres().norm(dim=1) / 12) * 1e6


def test_smoothing_keeps_the_sum_and_reaches_bins_that_had_none() -> None:
    single = torch.zeros(BINS)
    single[index_of(0, 0)] = 50
    prior = smoothed_prior(single)
    assert float(prior.sum()) == pytest.approx(1, abs=1e-5)
    assert prior.argmax() == index_of(0, 0)
    assert prior[index_of(0, 10)] > prior[index_of(0, 20)] > 0
    assert float(prior[index_of(0, 10)] / prior[index_of(0, 0)]) == pytest.approx(math.exp(-2), rel=1e-3)


@pytest.mark.parametrize("uniform_share", [0.25, 0.5, 1.0])
def test_weights_have_the_mean_1_under_the_prior(uniform_share: float) -> None:
    prior = smoothed_prior(counts())
    weights = rebalancing_weights(prior, uniform_share)
    assert float((prior * weights).sum()) == pytest.approx(1, abs=1e-5)


def test_rare_colours_weigh_more_by_equation_4() -> None:
    prior = smoothed_prior(counts())
    weights = rebalancing_weights(prior, 0.5)
    assert weights[index_of(100, 0)] > 10 * weights[index_of(0, 0)]
    one, other = index_of(0, 0), index_of(30, 30)
    ratio = (0.5 * prior[other] + 0.5 / BINS) / (0.5 * prior[one] + 0.5 / BINS)
    assert float(weights[one] / weights[other]) == pytest.approx(float(ratio), rel=1e-4)


def test_uniform_share_of_1_weighs_all_alike() -> None:
    assert rebalancing_weights(smoothed_prior(counts()), 1.0).tolist() == pytest.approx([1.0] * BINS, abs=1e-4)


def test_bins_that_no_picture_has_weigh_nothing() -> None:
    prior = torch.zeros(BINS)
    prior[:100] = 0.01
    weights = rebalancing_weights(prior)
    assert weights[:100].tolist() == pytest.approx([1.0] * 100)
    assert weights[100:].abs().max() == 0
