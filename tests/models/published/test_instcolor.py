"""Instances are fused as the published code fuses them: see test_published.py for its numbers."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from models.published.instcolor import OUTSIDE, Fusion, InstColor, InstColorConfig, place
from models.published.siggraph17 import LEVELS

SIDE, CHANNELS = 32, 6
PIXEL = 1 / SIDE


def boxes_of(count: int) -> Tensor:
    """Boxes over each other, at the borders, one pixel wide and without any width."""
    special = [(0.0, 0.0, 1.0, 1.0), (0.0, 0.2, PIXEL, 0.9), (1 - PIXEL, 0.0, 1.0, 1.0), (0.5, 0.5, 0.5, 0.5),
               (0.3, 1.0, 0.7, 1.0), (1.0, 1.0, 1.0, 1.0)]  # fmt: skip
    drawn = torch.rand((30, 2, 2), generator=torch.Generator().manual_seed(count)).sort(dim=1).values.reshape(-1, 4)
    return torch.cat([torch.tensor(special), drawn])[:count]


@pytest.fixture(scope="module")
def fusion() -> Fusion:
    torch.manual_seed(1)
    return Fusion(CHANNELS, is_masked=False).eval()


def as_published(fusion: Fusion, full: Tensor, seen: Tensor, boxes: Tensor) -> Tensor:
    """One frame as the authors fuse it: each instance brought to the whole frame, then all weighed."""
    maps, pictures, covered = [], [], torch.zeros_like(full[:, :1])
    for one, box in zip(seen.split(1), boxes.tolist(), strict=True):
        left, top, right, bottom = place(box, *full.shape[2:])
        pad = (left, full.shape[3] - right, top, full.shape[2] - bottom)
        size = (bottom - top, right - left)
        maps.append(F.pad(F.interpolate(fusion.simple_instance_conv(one), size=size, mode="bilinear"), pad))
        pictures.append(F.pad(F.interpolate(one, size=size, mode="bilinear"), pad))
        covered[:, :, top:bottom, left:right] = 1
    maps.append(fusion.simple_bg_conv(full) + (1 - covered) * OUTSIDE)
    weights = torch.cat(maps).softmax(dim=0)
    return (torch.cat([*pictures, full]) * weights).sum(dim=0, keepdim=True)


@torch.inference_mode()
@pytest.mark.parametrize("count", [1, 8, 30])
def test_fuses_as_if_each_instance_were_brought_to_the_whole_frame(fusion: Fusion, count: int) -> None:
    full, seen, boxes = torch.randn(1, CHANNELS, SIDE, SIDE), torch.randn(count, CHANNELS, 24, 24), boxes_of(count)
    fused = fusion(full, seen, boxes)
    assert torch.allclose(fused, as_published(fusion, full, seen, boxes), atol=1e-5)


@torch.inference_mode()
def test_published_fusion_dims_what_another_box_covers_and_the_masked_one_does_not() -> None:
    full, seen = torch.full((1, CHANNELS, SIDE, SIDE), 5.0), torch.full((2, CHANNELS, 24, 24), 5.0)
    boxes = torch.tensor([[0.0, 0.0, 0.5, 1.0], [0.5, 0.0, 1.0, 1.0]])
    torch.manual_seed(1)
    dims, keeps = Fusion(CHANNELS, is_masked=False), Fusion(CHANNELS, is_masked=True)
    dimmed, kept = (one(full, seen, boxes) for one in (dims, keeps))
    assert dimmed.max() < 4.9
    assert torch.allclose(kept, full)


@torch.inference_mode()
@pytest.mark.parametrize("is_masked", [False, True])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("count", [0, 1, 8, 30])
def test_half_precision_gives_no_nan(dtype: torch.dtype, count: int, is_masked: bool) -> None:
    torch.manual_seed(1)
    fusion = Fusion(CHANNELS, is_masked).to(dtype)
    full, seen = 40 * torch.randn(1, CHANNELS, SIDE, SIDE), 40 * torch.randn(count, CHANNELS, 24, 24)
    fused = fusion(full.to(dtype), seen.to(dtype), boxes_of(count))
    assert fused.dtype == dtype
    assert torch.isfinite(fused).all()


@torch.inference_mode()
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("count", [0, *(pytest.param(count, marks=pytest.mark.slow) for count in (1, 8, 30))])
def test_network_gives_no_nan_in_half_precision(small_network: InstColor, dtype: torch.dtype, count: int) -> None:
    lightness = 100 * torch.rand(2, 1, SIDE, SIDE)
    squares, boxes = 100 * torch.rand(count, 1, 16, 16), boxes_of(count)
    with torch.autocast("cpu", dtype=dtype):
        ab = small_network(lightness, squares, boxes, torch.arange(count) % 2)
    assert ab.shape == (2, 2, SIDE, SIDE)
    assert torch.isfinite(ab).all()


@pytest.fixture(scope="module")
def small_network() -> InstColor:
    torch.manual_seed(1)
    return InstColor(InstColorConfig(is_masked=False)).eval()


@torch.inference_mode()
def test_frames_without_a_box_are_coloured_as_if_alone(small_network: InstColor) -> None:
    lightness, squares = 100 * torch.rand(2, 1, SIDE, SIDE), 100 * torch.rand(1, 1, 16, 16)
    ab = small_network(lightness, squares, boxes_of(1), torch.tensor([1]))
    plain = small_network.full(lightness)
    assert torch.equal(ab[0], plain[0])
    assert not torch.equal(ab[1], plain[1])


@torch.inference_mode()
def test_frame_is_coloured_with_its_own_instances_only(small_network: InstColor) -> None:
    lightness, squares = 100 * torch.rand(3, 1, SIDE, SIDE), 100 * torch.rand(5, 1, 16, 16)
    owners, boxes = torch.tensor([2, 0, 0, 2, 2]), boxes_of(5)
    ab = small_network(lightness, squares, boxes, owners)
    for frame in (0, 2):
        own = owners == frame
        none = torch.zeros(int(own.sum())).long()
        alone = small_network(lightness[frame][None], squares[own], boxes[own], none)
        assert torch.equal(ab[frame], alone[0])
    assert not torch.allclose(ab[0], small_network.full(lightness[:1])[0])


@torch.inference_mode()
def test_levels_have_the_widths_and_strides_of_the_table(small_network: InstColor) -> None:
    levels = small_network.full.levels(torch.zeros(1, 1, SIDE, SIDE))
    x = next(levels)
    for channels, times in LEVELS:
        assert tuple(x.shape) == (1, channels, SIDE // times, SIDE // times)
        x = levels.send(x)
    assert tuple(x.shape) == (1, 2, SIDE, SIDE)


@pytest.mark.parametrize(
    ("box", "size", "expected"),
    [
        ((0.25, 0.5, 0.75, 1.0), (8, 16), (4, 4, 12, 8)),
        ((0.3, 0.3, 0.3, 0.3), (10, 10), (3, 3, 4, 4)),
        ((0.0, 0.0, 0.01, 0.01), (32, 32), (0, 0, 1, 1)),
        ((1.0, 0.0, 1.0, 1.0), (32, 32), (31, 0, 32, 32)),
        ((0.97, 0.0, 0.98, 1.0), (32, 32), (30, 0, 31, 32)),  # in the last column, an empty box grows to the left
        ((0.0, 0.0, 1.0, 1.0), (1, 1), (0, 0, 1, 1)),
    ],
)
def test_box_lies_on_a_grid_as_in_the_published_code(
    box: tuple[float, ...], size: tuple[int, int], expected: tuple[int, ...]
) -> None:
    assert place(box, *size) == expected
