"""The finish of a network's colours: smoothing along lightness, the tint of a whole frame, saturation."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from models.colour.finish import COLOUR_STEP, LIGHTNESS_STEP, Finish, smoothed


def noise(*shape: int, seed: int = 0) -> Tensor:
    return 10 * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def flat(*size: int) -> Tensor:
    return torch.full((1, 1, *size), 50.0)


def halves(height: int, width: int, dark: float, light: float) -> Tensor:
    """Lightness of a frame that is dark at the left and light at the right."""
    return torch.cat([torch.full((1, 1, height, width // 2), value) for value in (dark, light)], dim=3)


def ties(ab: Tensor, lightness: Tensor) -> Tensor:
    """Of the places of each line to the next: ab (2, h, w), lightness (h, w) to (h, w - 1)."""
    return torch.exp(-lightness.diff().abs() / LIGHTNESS_STEP - ab.diff().norm(dim=0) / COLOUR_STEP)


def by_dense_algebra(ab: Tensor, held: Tensor, share: float) -> Tensor:
    """The lines of (2, h, w), whose places are held together by `held` (h, w - 1), smoothed by matrices."""
    smooth = ab.clone()
    for row, line in enumerate(held):
        count = ab.shape[2]
        laplacian = torch.zeros(count, count)
        for i, tie in enumerate(line):
            laplacian[i : i + 2, i : i + 2] += tie * torch.tensor([[1.0, -1.0], [-1.0, 1.0]])
        smooth[:, row] = torch.linalg.solve(torch.eye(count) + share * laplacian, ab[:, row].T).T
    return smooth


@pytest.mark.parametrize("size", [(1, 1), (1, 17), (2, 1), (6, 5)])
def test_rows_then_columns_are_solved_exactly_first_with_most_of_the_strength(size: tuple[int, int]) -> None:
    ab, lightness = noise(1, 2, *size) / 5, 50 + noise(1, 1, *size, seed=1) / 5
    expected, across, down = ab[0], ties(ab[0], lightness[0, 0]), ties(ab[0].mT, lightness[0, 0].mT)
    for share in (1.5 * 30 * 4 / 15, 1.5 * 30 / 15):
        expected = by_dense_algebra(expected, across, share)
        expected = by_dense_algebra(expected.mT, down, share).mT
    assert torch.allclose(smoothed(ab, lightness, 30.0)[0], expected, atol=1e-4)


def test_one_colour_stays_as_it_is() -> None:
    ab = torch.tensor([20.0, -30.0]).view(1, 2, 1, 1).expand(1, 2, 6, 8)
    assert torch.allclose(smoothed(ab, 50 + noise(1, 1, 24, 32), 300.0), ab, atol=1e-3)


def test_mean_colour_of_a_frame_stays() -> None:
    ab, lightness = noise(2, 2, 12, 16), 50 + noise(2, 1, 48, 64, seed=1)
    mean = smoothed(ab, lightness, 300.0).mean(dim=(2, 3))
    assert torch.allclose(mean, ab.mean(dim=(2, 3)), atol=1e-3)


def test_a_faint_blotch_goes_where_lightness_shows_nothing() -> None:
    ab = torch.zeros(1, 2, 24, 32)
    ab[:, :, 10:14, 12:18] = 2.0
    assert smoothed(ab, flat(96, 128), 300.0).abs().max() < 0.5


def test_faint_colours_keep_apart_at_an_edge_of_lightness() -> None:
    ab = torch.zeros(1, 2, 24, 32)
    ab[:, :, :, :16] = 2.0
    kept, mixed = (smoothed(ab, lightness, 300.0) for lightness in (halves(96, 128, 30, 60), flat(96, 128)))
    assert torch.allclose(kept, ab, atol=0.05)
    assert mixed[..., 15].mean() < 1.5


def test_strong_colours_keep_apart_without_one() -> None:
    ab = torch.zeros(1, 2, 24, 32)
    ab[:, :, :, :16] = 30.0
    assert torch.allclose(smoothed(ab, flat(96, 128), 300.0), ab, atol=0.5)


def test_a_frame_is_the_same_to_the_last_bit_whatever_comes_with_it() -> None:
    ab, lightness, finish = noise(5, 2, 12, 20), 50 + noise(5, 1, 48, 80, seed=1), Finish(1.5, 300.0, 0.8)
    together = finish(ab, lightness)
    order = torch.tensor([3, 0, 4, 2, 1])
    assert torch.equal(finish(ab[order], lightness[order]), together[order])


def test_nothing_said_leaves_colours_as_they_are() -> None:
    ab = noise(2, 2, 6, 8)
    assert torch.equal(Finish()(ab, flat(24, 32).expand(2, 1, 24, 32)), ab)


def test_tint_is_the_share_that_stays_of_a_frames_mean_colour() -> None:
    ab = noise(2, 2, 6, 8) + torch.tensor([5.0, 10.0]).view(1, 2, 1, 1)
    finished = Finish(tint=0.8)(ab, flat(24, 32).expand(2, 1, 24, 32))
    mean = ab.mean(dim=(2, 3), keepdim=True)
    assert torch.allclose(finished.mean(dim=(2, 3), keepdim=True), 0.8 * mean, atol=1e-4)
    assert torch.allclose(finished - 0.8 * mean, ab - mean, atol=1e-4)


def test_saturation_is_a_factor() -> None:
    ab, lightness = noise(1, 2, 6, 8), 50 + noise(1, 1, 24, 32, seed=1)
    plain, strong = (Finish(factor, 30.0, 0.8)(ab, lightness) for factor in (1.0, 1.5))
    assert torch.allclose(strong, 1.5 * plain, atol=1e-4)


def test_is_float_whatever_the_network_gives() -> None:
    ab, lightness = noise(1, 2, 6, 8).bfloat16(), 50 + noise(1, 1, 24, 32, seed=1)
    finished = Finish(1.5, 30.0, 0.8)(ab, lightness.bfloat16())
    assert finished.dtype == torch.float32
    assert torch.allclose(finished, Finish(1.5, 30.0, 0.8)(ab.float(), lightness.bfloat16().float()))


def test_is_what_the_weights_say() -> None:
    about = {"saturation": "1.67", "smoothing": "300.0", "tint": "0.8", "temperature": "1.0", "network": "compact"}
    assert Finish.of(about) == Finish(saturation=1.67, smoothing=300.0, tint=0.8)
    assert Finish.of({"network": "compact"}) == Finish()


def test_weak_colours_lose_more_than_strong_ones() -> None:
    ab = torch.tensor([[3.0, 4.0], [6.0, 8.0], [60.0, 80.0]]).T.reshape(1, 2, 1, 3)
    cored = Finish(coring=10.0)(ab, flat(4, 12))
    assert torch.allclose(cored / ab, torch.tensor([1 / 3, 1 / 2, 10 / 11]).expand(1, 2, 1, 3), atol=1e-5)


def test_given_colours_come_out_as_they_were_given() -> None:
    finish = Finish(saturation=1.9, coring=8.0)
    wanted = torch.tensor([[40.0, -25.0], [3.0, 1.0], [0.0, 0.0]])
    painted = finish.before(wanted).T.reshape(1, 2, 1, 3)
    assert torch.allclose(finish(painted, flat(4, 12)).reshape(2, 3).T, wanted, atol=1e-3)
    assert Finish(saturation=0.0).before(wanted).abs().max() < 200
