"""Figures of merit of pictures for which they are known."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from models.metrics import colourfulness, psnr


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
