"""Old film's faults look like themselves, keep to their ranges, and leave many pictures nearly as they were."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from models.colour.colorspace import lightness_from_luminance
from pipelines.training import old_film
from pipelines.training.old_film import film_lightness, frame_lightness, stock_lightness

FAULTS = (
    old_film._soft,
    old_film._haloed,
    old_film._vignetted,
    old_film._toned,
    old_film._black_shifted,
    old_film._white_shifted,
    old_film._copied,
    old_film._exposed,
    old_film._grainy,
    old_film._dusty,
    old_film._compressed,
)


def flat(value: float, pictures: int = 64, side: int = 32) -> Tensor:
    return torch.full((pictures, 1, side, side), value)


def checks(pictures: int = 64, side: int = 32) -> Tensor:
    """A board of single pixels of 0.2 and 0.8."""
    position = torch.arange(side)
    return (0.2 + 0.6 * ((position[:, None] + position) % 2)).expand(pictures, 1, side, side)


def of_colour(red: float, green: float, blue: float, pictures: int = 200) -> Tensor:
    return torch.tensor([red, green, blue])[:, None, None].expand(pictures, 3, 8, 8)


def contrast(pictures: Tensor) -> Tensor:
    return pictures.std(dim=(1, 2, 3))


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (37, 21), (5, 64)])
def test_gives_lightness_of_the_pictures_size_in_its_range(size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    for _ in range(20):
        light = torch.rand(5, 3, *size).round(decimals=1)
        stock = stock_lightness(light)
        for lightness in (stock, frame_lightness(stock), film_lightness(light)):
            assert lightness.shape == (5, 1, *size)
            assert lightness.isfinite().all()
            assert lightness.min() >= 0
            assert lightness.max() <= 100


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_changes_pictures_and_not_the_ones_it_was_given(fault: Callable[[Tensor], Tensor]) -> None:
    torch.manual_seed(0)
    pictures = checks().clone()
    faulty = fault(pictures)
    assert faulty.shape == pictures.shape
    assert ((faulty - pictures).abs().amax(dim=(1, 2, 3)) > 1e-3).float().mean() > 0.7
    assert torch.equal(pictures, checks())


def test_same_seed_gives_the_same_film_and_another_seed_another() -> None:
    light = torch.rand(16, 3, 24, 24)
    films = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        films.append(film_lightness(light))
    assert torch.equal(films[0], films[1])
    assert not torch.equal(films[0], films[2])


def test_film_is_a_frame_of_a_stock() -> None:
    light = torch.rand(16, 3, 24, 24)
    torch.manual_seed(3)
    film = film_lightness(light)
    torch.manual_seed(3)
    assert torch.equal(film, frame_lightness(stock_lightness(light)))


def test_memory_order_of_the_pictures_does_not_matter() -> None:
    light = torch.rand(8, 3, 24, 24)
    torch.manual_seed(4)
    film = stock_lightness(light)
    torch.manual_seed(4)
    assert torch.allclose(stock_lightness(light.contiguous(memory_format=torch.channels_last)), film, atol=1e-3)


def test_a_third_of_the_pictures_or_more_is_nearly_as_it_was() -> None:
    torch.manual_seed(0)
    luminance = torch.linspace(0.05, 0.9, 32).expand(400, 3, 32, 32)
    error = film_lightness(luminance) - lightness_from_luminance(luminance[:, :1])
    assert (error.square().mean(dim=(1, 2, 3)).sqrt() < 5).float().mean() > 1 / 3


@pytest.mark.parametrize(
    ("emulsion", "brightest"), [(2, "green"), (3, "blue")], ids=["orthochromatic", "blue-sensitive"]
)
def test_early_emulsions_see_red_dark(monkeypatch: pytest.MonkeyPatch, emulsion: int, brightest: str) -> None:
    eye = torch.eye(4)
    seen = {}
    for name, colour in {"red": (1.0, 0, 0), "green": (0, 1.0, 0), "blue": (0, 0, 1.0)}.items():
        means = []
        for odds in (eye[0], eye[emulsion]):
            monkeypatch.setattr(old_film, "EMULSION_ODDS", odds)
            torch.manual_seed(0)
            means.append(float(stock_lightness(of_colour(*colour)).mean()))
        seen[name] = means
    assert seen["red"][1] < seen["red"][0] - 15
    assert seen["blue"][1] > seen["blue"][0] + 15
    assert max(seen, key=lambda name: seen[name][1]) == brightest


def test_gray_is_gray_to_every_emulsion() -> None:
    torch.manual_seed(0)
    assert torch.allclose(old_film._spectral_mix(of_colour(0.3, 0.3, 0.3)), torch.tensor(0.3))


def test_blur_and_copies_lose_detail_and_keep_the_mean() -> None:
    torch.manual_seed(0)
    for fault in (old_film._soft, old_film._copied):
        pictures = fault(checks())
        assert contrast(pictures).mean() < 0.8 * contrast(checks()).mean()
        assert torch.allclose(pictures.mean(dim=(1, 2, 3)), torch.tensor(0.5), atol=0.02)


def test_copies_have_more_contrast_where_there_is_no_detail() -> None:
    torch.manual_seed(0)
    halves = torch.cat([flat(0.3), flat(0.7)], dim=3)
    assert contrast(old_film._copied(halves)).mean() > 1.1 * contrast(halves).mean()


def test_halo_lies_around_the_highlight_only() -> None:
    torch.manual_seed(0)
    pictures = flat(0.1, side=64).clone()
    pictures[..., 28:36, 28:36] = 1.0
    added = (old_film._haloed(pictures) - pictures).mean(dim=(0, 1))
    assert added.min() >= 0
    assert added[32, 25] > 0.01
    assert added[32, 25] > 2 * added[32, 22]
    assert added[:8].max() < 1e-6
    assert torch.equal(old_film._haloed(flat(0.4)), flat(0.4))


def test_vignette_takes_light_from_the_corners() -> None:
    torch.manual_seed(0)
    left = old_film._vignetted(flat(1.0)).mean(dim=(0, 1))
    assert left.min() > 0
    assert left.max() <= 1
    assert left[16, 16] > left[0, 16] > left[0, 0]


def test_fading_moves_black_and_white() -> None:
    torch.manual_seed(0)
    assert old_film._black_shifted(flat(0.0)).max() > 0.1
    assert torch.equal(old_film._black_shifted(flat(1.0)), flat(1.0))
    assert old_film._white_shifted(flat(1.0)).min() < 0.9
    assert torch.equal(old_film._white_shifted(flat(0.0)), flat(0.0))


def test_frames_keep_their_mean_within_the_exposure() -> None:
    torch.manual_seed(0)
    means = frame_lightness(100 * flat(0.5, pictures=400)).mean(dim=(1, 2, 3))
    assert means.min() > 44
    assert means.max() < 56
    assert 49.5 < means.mean() < 50.5
    assert means.std() > 1


def test_two_frames_of_a_stock_are_not_the_same() -> None:
    torch.manual_seed(0)
    stock = stock_lightness(torch.rand(100, 3, 32, 32))
    difference = (frame_lightness(stock) - frame_lightness(stock)).square().mean(dim=(1, 2, 3)).sqrt()
    assert (difference > 0.1).float().mean() > 0.8
    assert difference.max() < 30


def test_grain_is_as_strong_whatever_its_size() -> None:
    torch.manual_seed(0)
    strength = contrast(old_film._grainy(flat(0.5, pictures=400)))
    assert strength.max() < 0.06
    assert 0.022 < strength.mean() < 0.028  # the mean of 0 to 0.05


def test_dust_marks_a_small_share_black_or_white() -> None:
    torch.manual_seed(0)
    pictures = old_film._dusty(flat(0.5, side=128))
    assert (pictures == 0.5).float().mean() > 0.97
    assert pictures.min() == 0
    assert pictures.max() == 1


def test_scratches_run_down_the_picture() -> None:
    torch.manual_seed(0)
    marked = (old_film._dusty(flat(0.5, side=64)) - 0.5).abs() > 0.1
    assert (marked.any(dim=3).all(dim=2)).any()  # some picture has a mark in each row
    assert not (marked.any(dim=2).all(dim=2)).any()  # none has one in each column


def test_compression_keeps_flat_blocks_and_simplifies_noise() -> None:
    torch.manual_seed(0)
    assert torch.allclose(old_film._compressed(flat(128 / 255)), flat(128 / 255), atol=1e-5)
    noise = (0.5 + 0.1 * torch.randn(64, 1, 32, 32)).clamp(0, 1)
    compressed = old_film._compressed(noise)
    assert contrast(compressed).mean() < contrast(noise).mean()
    assert (compressed - noise).abs().mean() < 0.1
    assert torch.allclose(compressed.mean(), noise.mean(), atol=0.01)


def test_compression_at_an_odd_size_is_that_of_the_picture_filled_up() -> None:
    odd = torch.rand(4, 1, 13, 21)
    full = torch.nn.functional.pad(odd, (0, 3, 0, 3), mode="replicate")
    torch.manual_seed(0)
    compressed = old_film._compressed(odd)
    torch.manual_seed(0)
    assert torch.allclose(compressed, old_film._compressed(full)[..., :13, :21], atol=1e-6)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_stays_on_the_device_of_the_pictures() -> None:
    for fault in FAULTS:
        assert fault(checks().cuda()).is_cuda
    assert film_lightness(torch.rand(64, 3, 64, 64, device="cuda")).is_cuda
