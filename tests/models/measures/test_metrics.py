"""Figures of merit of pictures for which they are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from models.measures.metrics import (
    average_precision,
    ciede2000,
    closeness,
    closeness_by_bin,
    colourfulness,
    frechet_distance,
    match_boxes,
    psnr,
    rebalanced_auc,
    ssim,
    ssim_map,
)


def halves(left: tuple[float, float, float], right: tuple[float, float, float]) -> Tensor:
    picture = torch.empty(1, 3, 8, 8)
    picture[..., :4] = torch.tensor(left)[:, None, None]
    picture[..., 4:] = torch.tensor(right)[:, None, None]
    return picture


@pytest.mark.parametrize(("error", "decibels"), [(0.1, 20), (0.01, 40), (1.0, 0)])
def test_psnr_of_an_even_error(error: float, decibels: float) -> None:
    true = torch.zeros(2, 3, 4, 4)
    assert psnr(true + error, true).tolist() == pytest.approx([decibels] * 2, abs=1e-3)


def test_psnr_is_of_each_picture_alone_and_finite_for_equal_ones() -> None:
    true = torch.rand(3, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    predicted = true.clone()
    predicted[1] += 0.1
    assert psnr(predicted, true).tolist() == pytest.approx([100, 20, 100], abs=1e-2)


def test_gray_has_no_colourfulness() -> None:
    gray = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(0)).expand(2, 3, 8, 8)
    assert colourfulness(gray).tolist() == pytest.approx([0, 0], abs=1e-4)


def test_colourfulness_of_red_beside_blue() -> None:
    picture = halves((1, 0, 0), (0, 0, 1))  # rg 255 and 0, yb 127.5 and -255
    spread, mean = math.hypot(127.5, 191.25), math.hypot(127.5, 63.75)
    assert float(colourfulness(picture)) == pytest.approx(spread + 0.3 * mean, rel=1e-5)
    assert float(colourfulness(picture, is_absolute=True)) == pytest.approx(mean + 0.3 * spread, rel=1e-5)


def test_even_colour_counts_by_its_mean_alone() -> None:
    picture = halves((1, 0.5, 0.5), (1, 0.5, 0.5))
    assert float(colourfulness(picture)) == pytest.approx(0.3 * math.hypot(127.5, 63.75), rel=1e-4)


def test_stronger_colours_are_more_colourful() -> None:
    gray, colours = torch.full((1, 3, 8, 8), 0.5), halves((0.9, 0.2, 0.1), (0.1, 0.3, 0.8))
    figures = [float(colourfulness(gray + share * (colours - gray))) for share in (0.0, 0.3, 0.6, 1.0)]
    assert figures == sorted(figures)
    assert figures[1] > 0


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def ab_of(*pixels: tuple[float, float]) -> Tensor:
    """Pixels in a row: (1, 2, 1, P)."""
    return torch.tensor(pixels, dtype=torch.float32).T[None, :, None]


def boxes(*rows: tuple[float, ...]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float32).reshape(-1, 6)


def test_ssim_of_even_pictures_is_that_of_their_means() -> None:
    one, other = torch.full((1, 3, 16, 20), 0.2), torch.full((1, 3, 16, 20), 0.6)
    expected = (2 * 0.2 * 0.6 + 0.01**2) / (0.2**2 + 0.6**2 + 0.01**2)
    assert float(ssim(one, other)) == pytest.approx(expected, abs=1e-4)


def test_ssim_of_equal_pictures_is_1_and_it_is_symmetric() -> None:
    one, other = noise(2, 3, 32, 24), noise(2, 3, 32, 24, seed=1)
    assert ssim(one, one).tolist() == pytest.approx([1, 1], abs=1e-5)
    assert ssim(one, other).tolist() == pytest.approx(ssim(other, one).tolist(), abs=1e-5)
    assert ssim(one, 1 - one).max() < 0


def test_ssim_at_one_place_is_as_the_paper_defines_it() -> None:
    one, other = noise(1, 3, 20, 30), noise(1, 3, 20, 30, seed=1)
    window = np.exp(-(np.arange(-5, 6) ** 2) / (2 * 1.5**2))
    weights = np.outer(window, window) / window.sum() ** 2
    values = []
    for channel in range(3):
        x, y = (picture[0, channel, 4:15, 9:20].double().numpy() for picture in (one, other))
        mean_x, mean_y = (weights * x).sum(), (weights * y).sum()
        var_x, var_y = (weights * (x - mean_x) ** 2).sum(), (weights * (y - mean_y) ** 2).sum()
        shared = (weights * (x - mean_x) * (y - mean_y)).sum()
        light = (2 * mean_x * mean_y + 1e-4) / (mean_x**2 + mean_y**2 + 1e-4)
        values.append(light * (2 * shared + 9e-4) / (var_x + var_y + 9e-4))
    similar = ssim_map(one, other)
    assert similar.shape == (1, 10, 20)
    assert float(similar[0, 4, 9]) == pytest.approx(np.mean(values), abs=1e-5)


def test_ssim_refuses_pictures_smaller_than_its_window() -> None:
    with pytest.raises(ValueError, match=r"11 x 11 pixels and more, got \(10, 40\)"):
        ssim(torch.zeros(1, 3, 10, 40), torch.zeros(1, 3, 10, 40))


@pytest.mark.parametrize("error", [0.0, 0.3, 30.0, 149.5, 150.0, 150.1, 200.0])
def test_closeness_is_the_area_under_the_pixels_curve(error: float) -> None:
    thresholds = np.arange(151)
    curve = (error <= thresholds).astype(float)
    area = (curve[1:] + curve[:-1]).sum() / 2 / 150
    assert float(closeness(ab_of((0.0, error)), ab_of((0.0, 0.0)))) == pytest.approx(area, abs=1e-6)


def test_closeness_takes_the_distance_in_ab() -> None:
    assert float(closeness(ab_of((3.0, 4.0)), ab_of((0.0, 0.0)))) == pytest.approx(145.5 / 150)


def test_rebalanced_auc_gives_every_bin_in_use_the_same_say() -> None:
    true = ab_of((0, 0), (1, 2), (-3, 0), (60, 60))
    close = closeness(true * torch.tensor([1, 1, 1, 0]), true)
    sums = closeness_by_bin(close, true)
    assert sums.shape == (2, 313)
    assert sums[1].sort().values[-2:].tolist() == [1, 3]
    far = (150.5 - math.ceil(math.hypot(60, 60))) / 150
    assert float(close.mean()) == pytest.approx((3 + far) / 4)
    assert float(rebalanced_auc(sums)) == pytest.approx((1 + far) / 2)
    assert float(rebalanced_auc(2 * sums)) == pytest.approx((1 + far) / 2)


def test_frechet_distance_of_two_lines_of_features() -> None:
    one, other = torch.tensor([[-1.0], [1.0]]), torch.tensor([[0.0], [4.0]])  # means 0 and 2, variances 2 and 8
    assert float(frechet_distance(one, other)) == pytest.approx((0 - 2) ** 2 + 2 + 8 - 2 * math.sqrt(2 * 8))


@pytest.mark.parametrize(("count", "features"), [(5, 12), (50, 6)])
def test_frechet_distance_agrees_with_the_root_of_the_covariances(count: int, features: int) -> None:
    one = noise(count, features).double()
    other = (noise(count + 3, features, seed=1) @ noise(features, features, seed=2) + 0.5).double()
    covariances = [torch.cov(x.T) for x in (one, other)]
    values, vectors = torch.linalg.eigh(covariances[0])
    half = vectors * values.clamp(min=0).sqrt() @ vectors.T
    root = torch.linalg.eigvalsh(half @ covariances[1] @ half).clamp(min=0).sqrt().sum()
    expected = (one.mean(0) - other.mean(0)).square().sum() + sum(c.trace() for c in covariances) - 2 * root
    assert float(frechet_distance(one, other)) == pytest.approx(float(expected), abs=1e-6)
    assert float(frechet_distance(one, one)) == pytest.approx(0, abs=1e-9)


PERSON, DOG = 0, 16
LEFT, RIGHT = (0.0, 0.0, 0.4, 1.0), (0.5, 0.0, 0.9, 1.0)


def test_found_box_is_right_where_it_covers_a_given_one_of_its_class() -> None:
    given = boxes((*LEFT, PERSON, 0.9), (*RIGHT, DOG, 0.8))
    found = boxes((0.05, 0.0, 0.4, 1.0, PERSON, 0.9), (*RIGHT, PERSON, 0.8), (0.7, 0.0, 0.9, 0.9, DOG, 0.7))
    assert match_boxes(found, given).tolist() == [1, 0, 0]


def test_given_box_is_found_once() -> None:
    found = boxes((*LEFT, PERSON, 0.9), (*LEFT, PERSON, 0.8))
    assert match_boxes(found, boxes((*LEFT, PERSON, 0.9))).tolist() == [1, 0]


def test_found_box_takes_the_free_one_that_it_covers_best() -> None:
    given = boxes((0.0, 0.0, 0.5, 1.0, PERSON, 0.9), (0.1, 0.0, 0.6, 1.0, PERSON, 0.9))
    found = boxes((0.1, 0.0, 0.6, 1.0, PERSON, 0.9), (0.08, 0.0, 0.58, 1.0, PERSON, 0.8), (*RIGHT, PERSON, 0.7))
    assert match_boxes(found, given).tolist() == [1, 1, 0]


def test_given_box_of_low_score_is_neither_right_to_find_nor_wrong() -> None:
    given = boxes((*LEFT, PERSON, 0.4), (*RIGHT, PERSON, 0.6))
    found = boxes((*LEFT, PERSON, 0.9), (*LEFT, DOG, 0.8), (*RIGHT, PERSON, 0.7), (*LEFT, PERSON, 0.6))
    assert match_boxes(found, given).tolist() == [-1, 0, 1, -1]


def test_matching_needs_no_boxes() -> None:
    assert match_boxes(boxes(), boxes((*LEFT, PERSON, 0.9))).tolist() == []
    assert match_boxes(boxes((*LEFT, PERSON, 0.9)), boxes()).tolist() == [0]


@pytest.mark.parametrize(
    ("verdicts", "given", "expected"),
    [
        ([True], 1, 1),
        ([False], 1, 0),
        ([], 3, 0),
        ([True, True], 4, 51 / 101),  # recalls 0 to 0.50
        ([False, True], 1, 1 / 2),
        ([True, False, True], 2, (51 + 50 * 2 / 3) / 101),
        ([False, True, True], 2, 2 / 3),  # precision 1/2 at recall 1/2, but 2/3 later
        ([True] * 100, 100, 1),
    ],
)
def test_average_precision_of_cases_worked_by_hand(verdicts: list[bool], given: int, expected: float) -> None:
    scores = torch.linspace(0.9, 0.1, len(verdicts))
    is_right = torch.tensor(verdicts, dtype=torch.bool)
    assert average_precision(scores, is_right, given) == pytest.approx(expected)
    assert average_precision(scores.flip(0), is_right.flip(0), given) == pytest.approx(expected)


SHARMA = [
    (50, 2.6772, -79.7751, 50, 0, -82.7485, 2.0425),
    (50, 3.1571, -77.2803, 50, 0, -82.7485, 2.8615),
    (50, 2.8361, -74.0200, 50, 0, -82.7485, 3.4412),
    (50, -1.3802, -84.2814, 50, 0, -82.7485, 1.0000),
    (50, -1.1848, -84.8006, 50, 0, -82.7485, 1.0000),
    (50, -0.9009, -85.5211, 50, 0, -82.7485, 1.0000),
    (50, 0, 0, 50, -1, 2, 2.3669),
    (50, -1, 2, 50, 0, 0, 2.3669),
    (50, 2.49, -0.001, 50, -2.49, 0.0009, 7.1792),
    (50, 2.49, -0.001, 50, -2.49, 0.0010, 7.1792),
    (50, 2.49, -0.001, 50, -2.49, 0.0011, 7.2195),
    (50, 2.49, -0.001, 50, -2.49, 0.0012, 7.2195),
    (50, -0.001, 2.49, 50, 0.0009, -2.49, 4.8045),
    (50, -0.001, 2.49, 50, 0.0010, -2.49, 4.8045),
    (50, -0.001, 2.49, 50, 0.0011, -2.49, 4.7461),
    (50, 2.5, 0, 50, 0, -2.5, 4.3065),
    (50, 2.5, 0, 73, 25, -18, 27.1492),
    (50, 2.5, 0, 61, -5, 29, 22.8977),
    (50, 2.5, 0, 56, -27, -3, 31.9030),
    (50, 2.5, 0, 58, 24, 15, 19.4535),
    (50, 2.5, 0, 50, 3.1736, 0.5854, 1.0000),
    (50, 2.5, 0, 50, 3.2972, 0, 1.0000),
    (50, 2.5, 0, 50, 1.8634, 0.5757, 1.0000),
    (50, 2.5, 0, 50, 3.2592, 0.3350, 1.0000),
    (60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644),
    (63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630),
    (61.2901, 3.7196, -5.3901, 61.4292, 2.2480, -4.9620, 1.8731),
    (35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645),
    (22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373),
    (36.4612, 47.8580, 18.3852, 36.2715, 50.5065, 21.2231, 1.4146),
    (90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441),
    (90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381),
    (6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377),
    (2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082),
]
"""Lab of two colours and their CIEDE2000 (Sharma, Wu, Dalal, Color Research and Application, 2005, table 1)."""


def test_ciede2000_is_that_of_the_published_pairs() -> None:
    table = torch.tensor(SHARMA, dtype=torch.float64)
    one, other = (table[:, columns, None, None] for columns in (slice(0, 3), slice(3, 6)))
    for found in (ciede2000(one, other), ciede2000(other, one)):
        assert torch.allclose(found[:, 0, 0], table[:, 6], atol=5.1e-5)
