"""Pictures brought to one exposure."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from models.exposure import BLOCK, LARGEST_GAIN, LEAST_GAIN, LEVEL, evenly_exposed


def picture(darkest: float = 20, lightest: float = 70, seed: int = 0) -> Tensor:
    """Blocks of one lightness each."""
    blocks = torch.rand(1, 1, 6, 8, generator=torch.Generator().manual_seed(seed))
    return (darkest + (lightest - darkest) * blocks).repeat_interleave(BLOCK, 2).repeat_interleave(BLOCK, 3)


@pytest.mark.parametrize("exposure", [0.9, 0.95, 1.1, 1.2])
def test_exposure_does_not_count(exposure: float) -> None:
    assert torch.allclose(evenly_exposed(exposure * picture()), evenly_exposed(picture()), atol=1e-4)


def test_what_is_seen_has_one_level() -> None:
    blocks = evenly_exposed(picture())[..., ::BLOCK, ::BLOCK]
    assert float((blocks**6).mean() ** (1 / 6)) == pytest.approx(LEVEL, abs=1e-3)


@pytest.mark.parametrize(("lightness", "gain"), [(10.0, LARGEST_GAIN), (98.0, LEVEL / 98), (50.0, LEVEL / 50)])
def test_gain_is_bounded(lightness: float, gain: float) -> None:
    even = torch.full((1, 1, 32, 32), lightness)
    assert torch.allclose(evenly_exposed(even), gain * even, atol=1e-4)
    assert gain > LEAST_GAIN


def test_black_stays_black_and_nothing_passes_white() -> None:
    assert torch.equal(evenly_exposed(torch.zeros(1, 1, 32, 32)), torch.zeros(1, 1, 32, 32))
    lights = torch.zeros(1, 1, 64, 64)
    lights[..., :8, :8] = 90
    assert float(evenly_exposed(lights).max()) == 100


def test_a_picture_is_seen_alike_whatever_comes_with_it() -> None:
    pictures = torch.cat([picture(seed=seed, lightest=40 + 20 * seed) for seed in range(3)])
    together = evenly_exposed(pictures)
    for number in range(3):
        assert torch.equal(evenly_exposed(pictures[number : number + 1])[0], together[number])


def test_grain_hardly_counts() -> None:
    grain = 3 * torch.randn(1, 1, 48, 64, generator=torch.Generator().manual_seed(1))
    change = evenly_exposed(picture() + grain) - evenly_exposed(picture()) - grain * LEVEL / 60
    assert float(change.mean().abs()) < 0.3


def test_half_precision_around_it_does_not_reach_it() -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(evenly_exposed(picture()), evenly_exposed(picture()))
        seen = evenly_exposed(picture())
    assert torch.equal(seen, evenly_exposed(picture()))
