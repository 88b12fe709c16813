"""Maps of where people look are measured as the field does, beside values computed by hand."""

from __future__ import annotations

import pytest
import torch

from models.measures.saliency import adaptive_f, f_measure, mean_error, precision_and_recall

SALIENT = torch.tensor([[True, True, False, False]])
FOUND = torch.tensor([[1.0, 0.5, 0.6, 0.0]])


def test_error_is_the_mean_difference() -> None:
    assert mean_error(FOUND, SALIENT) == pytest.approx((0 + 0.5 + 0.6 + 0) / 4)
    assert mean_error(SALIENT.float(), SALIENT) == 0


def test_precision_and_recall_are_of_the_places_above_each_threshold() -> None:
    curve = precision_and_recall(FOUND, SALIENT)
    assert curve.shape == (2, 255)
    assert curve[:, 0].tolist() == pytest.approx([2 / 3, 1])  # above 0: three places
    assert curve[:, 100].tolist() == pytest.approx([2 / 3, 1])
    assert curve[:, 140].tolist() == pytest.approx([1 / 2, 1 / 2])  # above 0.55: two
    assert curve[:, 254].tolist() == pytest.approx([1, 1 / 2])  # above 254 of 255: the first
    assert precision_and_recall(torch.zeros(1, 4), SALIENT)[:, 0].tolist() == [1, 0]


def test_f_weighs_precision_more() -> None:
    assert float(f_measure(torch.tensor(0.5), torch.tensor(1.0))) == pytest.approx(1.3 * 0.5 / (0.3 * 0.5 + 1))
    assert float(f_measure(torch.tensor(0.0), torch.tensor(0.0))) == 0


def test_adaptive_threshold_is_twice_the_mean() -> None:
    assert adaptive_f(FOUND, SALIENT) == pytest.approx(1.3 * 0.5 / (0.3 + 0.5))  # 1.05, of which 1 is left: one place
    assert adaptive_f(torch.tensor([[0.9, 0.1, 0.3, 0.1]]), SALIENT) == pytest.approx(1.3 * 0.5 / (0.3 + 0.5))
