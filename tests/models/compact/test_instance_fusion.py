"""Full frame and instances fused: what a box shows, where it comes back to, and how much it counts there."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from models.compact.instance_fusion import CONTEXT, MAX_LOGIT, Fusion, cut_out, with_context
from models.compact.network import Compact, CompactConfig

CHANNELS = 3
WHOLE = (0.0, 0.0, 1.0, 1.0)
FIRST = torch.tensor([0])


def boxes(*rows: tuple[float, ...]) -> Tensor:
    return torch.tensor(rows).reshape(-1, 4)


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def ramp(height: int, width: int) -> Tensor:
    """(1, 2, h, w): x and y of each pixel's middle, as shares of the sides."""
    x, y = (torch.arange(width) + 0.5) / width, (torch.arange(height) + 0.5) / height
    return torch.stack([x.expand(height, width), y[:, None].expand(height, width)])[None]


def fusion(channels: int = CHANNELS) -> Fusion:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Fusion(channels).eval()


def weighed(features: Tensor, logit: float | Tensor) -> Tensor:
    """Features of what boxes show, with the logit of how much they count."""
    return torch.cat([features, torch.as_tensor(logit).expand(len(features), 1, *features.shape[-2:])], dim=1)


@torch.inference_mode()
def as_in_colouring(blender: Fusion, full: Tensor, shown: Tensor, rows: Tensor, owners: Tensor) -> Tensor:
    """The fused features of full frames in half precision."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return blender(full.bfloat16(), shown, rows, owners)


def inside(box: tuple[float, ...], height: int, width: int) -> Tensor:
    """(h, w), whether a pixel's middle lies in the box."""
    x, y = ramp(height, width)[0]
    return (x >= box[0]) & (x <= box[2]) & (y >= box[1]) & (y <= box[3])


# What a box shows


def test_context_is_a_tenth_on_each_side_within_the_picture() -> None:
    widened = with_context(boxes((0.4, 0.2, 0.6, 0.7), (0.0, 0.5, 0.5, 1.0), WHOLE))
    expected = [(0.38, 0.15, 0.62, 0.75), (0.0, 0.45, 0.55, 1.0), WHOLE]
    assert CONTEXT == 0.1
    assert widened.tolist() == [pytest.approx(row, abs=1e-6) for row in expected]


def test_context_of_no_boxes_is_none() -> None:
    assert with_context(boxes()).shape == (0, 4)


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_box_of_the_whole_picture_shows_the_picture(factor: int) -> None:
    picture = noise(1, 2, 16 * factor, 16 * factor)
    shown = cut_out(picture, boxes(WHOLE), FIRST, 16)
    assert shown.shape == (1, 2, 16, 16)
    expected = F.interpolate(picture, (16, 16), mode="bilinear", antialias=True)
    assert torch.allclose(shown, expected, atol=1e-5)
    assert factor > 1 or torch.allclose(shown, picture, atol=1e-5)


def test_box_shows_its_place_and_no_other() -> None:
    picture = torch.zeros(1, 1, 32, 48)
    picture[..., 16:, :24] = 5
    shown = cut_out(picture, boxes((0.0, 0.5, 0.5, 1.0), (0.5, 0.0, 1.0, 0.5), WHOLE), torch.tensor([0, 0, 0]), 8)
    assert torch.allclose(shown[0, :, 1:, :-1], torch.tensor(5.0))  # samples at the border see the other side
    assert torch.allclose(shown[1, :, :-1, 1:], torch.tensor(0.0))
    assert float(shown[2].mean()) == pytest.approx(5 / 4, abs=0.05)


def test_squares_keep_left_and_right_and_up_and_down() -> None:
    box = (0.25, 0.1, 0.75, 0.9)
    shown = cut_out(ramp(80, 160), boxes(box), FIRST, 8)[0]
    x, y = ramp(8, 8)[0]
    assert torch.allclose(shown, torch.stack([0.25 + 0.5 * x, 0.1 + 0.8 * y]), atol=1e-5)


def test_each_box_sees_the_picture_it_belongs_to() -> None:
    pictures = torch.arange(3.0)[:, None, None, None].expand(3, 1, 32, 32)
    shown = cut_out(pictures, boxes(WHOLE, WHOLE, WHOLE, WHOLE), torch.tensor([2, 0, 1, 2]), 4)
    assert shown.mean(dim=(1, 2, 3)).tolist() == pytest.approx([2, 0, 1, 2])


@pytest.mark.parametrize("side", [64, 32])
def test_large_boxes_do_not_alias(side: int) -> None:
    stripes = torch.tensor([0.0, 100.0]).repeat(64).expand(1, 1, 128, 128)  # as fine as pixels can be
    shown = cut_out(stripes, boxes(WHOLE), FIRST, side)
    assert shown[..., 1:-1].std() < 1
    assert F.interpolate(stripes, (side, side), mode="nearest").mean() == 0  # what aliasing looks like


def test_lightness_keeps_its_precision_under_autocast() -> None:
    picture, box = 60 + 40 * ramp(48, 64)[:, :1], boxes((0.1, 0.1, 0.9, 0.8))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        shown = cut_out(picture, box, FIRST, 16)
    assert torch.allclose(shown.float(), cut_out(picture, box, FIRST, 16), atol=1e-3)


# Where it comes back to


@pytest.mark.parametrize("box", [(0.25, 0.25, 0.75, 0.75), (0.0, 0.4, 0.6, 1.0), (0.1, 0.05, 0.93, 0.5)])
def test_ramp_comes_back_to_where_it_was_cut(box: tuple[float, ...]) -> None:
    square = cut_out(ramp(64, 96), boxes(box), FIRST, 32)
    full, blender, expected = noise(1, 2, 16, 24).bfloat16(), fusion(2), ramp(16, 24)[0]
    blender.full[-1].bias.data.fill_(-1e6)  # the full frame counts e^-16 of the instance
    fused = as_in_colouring(blender, full, weighed(square, 1e6), boxes(box), FIRST)[0]
    is_inside = inside(box, 16, 24)
    assert 0 < int(is_inside.sum()) < is_inside.numel()
    assert torch.equal(fused[:, ~is_inside], full[0, :, ~is_inside])
    half = 0.5 / 32 * max(box[2] - box[0], box[3] - box[1])  # nearer the box's sides, the outermost samples hold
    assert torch.allclose(fused[:, is_inside].float(), expected[:, is_inside], atol=half + 2**-8)
    exact = blender(full.float(), weighed(square, 1e6), boxes(box), FIRST)[0].detach()
    is_inner = inside((box[0] + half, box[1] + half, box[2] - half, box[3] - half), 16, 24)
    assert torch.allclose(exact[:, is_inner], expected[:, is_inner], atol=2e-3)  # half a sample is 4 times that


def test_covered_pixels_are_those_whose_middle_lies_in_the_box() -> None:
    box = (0.26, 0.24, 0.49, 0.51)  # of 8 x 8 cells: columns 2 and 3 (middles 0.3125, 0.4375), rows 2 and 3
    full = torch.zeros(1, 1, 8, 8)
    fused = fusion(1)(full, weighed(torch.ones(1, 1, 4, 4), 0.0), boxes(box), FIRST)
    expected = torch.zeros(8, 8, dtype=torch.bool)
    expected[2:4, 2:4] = True
    assert torch.equal(fused[0, 0] > 0, expected)


def test_owner_alone_is_changed() -> None:
    full, instance = noise(3, CHANNELS, 8, 8), weighed(noise(2, CHANNELS, 4, 4, seed=1), 3.0)
    fused = fusion()(full, instance, boxes(WHOLE, WHOLE), torch.tensor([2, 0]))
    alone = fusion()(full[2:], instance[:1], boxes(WHOLE), FIRST)
    assert torch.allclose(fused[2], alone[0], atol=1e-5)
    assert torch.allclose(fused[1], full[1], atol=1e-6)
    assert (fused[0] - full[0]).abs().max() > 0.5


# How much it counts


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 8), st.integers(1, 8)), max_size=3))
@settings(max_examples=30)
def test_pixel_that_no_instance_covers_is_exactly_the_full_frames(drawn: list[tuple[int, ...]]) -> None:
    rows = [(x / 8, y / 8, min(1, (x + w) / 8), min(1, (y + h) / 8)) for x, y, w, h in drawn]
    full = 10 * noise(1, CHANNELS, 8, 8).bfloat16()
    instances = weighed(noise(len(rows), CHANNELS, 4, 4, seed=1), 2.0)
    fused = as_in_colouring(fusion(), full, instances, boxes(*rows), torch.zeros(len(rows), dtype=torch.int64))
    is_covered = torch.zeros(8, 8, dtype=torch.bool)
    for row in rows:
        is_covered |= inside(row, 8, 8)
    is_changed = (fused[0] != full[0]).any(dim=0)
    assert torch.equal(is_changed, is_covered)


def test_weights_sum_to_1() -> None:
    full, same = torch.full((1, CHANNELS, 12, 16), 7.25), torch.full((4, CHANNELS, 8, 8), 7.25)
    rows = boxes(WHOLE, (0.0, 0.0, 0.7, 0.7), (0.3, 0.3, 1.0, 1.0), (0.45, 0.1, 0.6, 0.9))
    logits = 4 * noise(4, 1, 8, 8)
    fused = fusion()(full, torch.cat([same, logits], dim=1), rows, torch.zeros(4, dtype=torch.int64))
    assert torch.allclose(fused, full, rtol=1e-5)


def test_two_overlapping_instances_are_weighed_by_their_logits() -> None:
    full = torch.zeros(1, 1, 8, 8)
    blender = fusion(1)
    for weight in blender.full.parameters():
        torch.nn.init.zeros_(weight)  # the full frame's logit is 0
    shown = torch.cat([weighed(torch.full((1, 1, 4, 4), 10.0), 1.0), weighed(torch.full((1, 1, 4, 4), -20.0), -0.5)])
    fused = blender(full, shown, boxes((0.0, 0.0, 0.75, 1.0), (0.25, 0.0, 1.0, 1.0)), torch.tensor([0, 0]))[0, 0]
    one, other = (float((MAX_LOGIT * torch.tanh(torch.tensor(x) / MAX_LOGIT)).exp()) for x in (1.0, -0.5))
    assert torch.allclose(fused[:, :2], torch.tensor(10 * one / (1 + one)))
    assert torch.allclose(fused[:, 2:6], torch.tensor((10 * one - 20 * other) / (1 + one + other)))
    assert torch.allclose(fused[:, 6:], torch.tensor(-20 * other / (1 + other)))


def test_order_of_instances_does_not_matter() -> None:
    full, shown = noise(1, CHANNELS, 8, 8), weighed(noise(3, CHANNELS, 4, 4, seed=1), noise(3, 1, 4, 4, seed=2))
    rows, owners = boxes(WHOLE, (0.0, 0.0, 0.6, 0.6), (0.4, 0.4, 1.0, 1.0)), torch.zeros(3, dtype=torch.int64)
    turned = fusion()(full, shown.flip(0), rows.flip(0), owners)
    assert torch.allclose(fusion()(full, shown, rows, owners), turned, atol=1e-5)


@pytest.mark.parametrize("huge", [1e4, -1e4, 1e30])
def test_huge_features_and_logits_give_numbers_under_autocast(huge: float) -> None:
    blender = fusion()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        shown = blender.weighed(huge * noise(2, CHANNELS, 8, 8))
        shown[:, -1] = huge
        fused = blender(noise(1, CHANNELS, 8, 8).bfloat16(), shown, boxes(WHOLE, WHOLE), torch.tensor([0, 0]))
    assert shown.dtype == torch.float32
    assert fused.dtype == torch.bfloat16
    assert fused.isfinite().all()


def test_weights_are_blended_in_float32_under_autocast() -> None:
    blender, full = fusion(1), torch.zeros(1, 1, 4, 4)
    for weight in blender.full.parameters():
        torch.nn.init.zeros_(weight)
    shown = weighed(torch.ones(1, 1, 4, 4), 0.01)  # next to 0.01, bfloat16 knows steps of 1/16384 only
    with torch.autocast("cpu", dtype=torch.bfloat16):
        fused = blender(full, shown, boxes(WHOLE), FIRST).detach()
    assert float(fused.mean()) == pytest.approx(float(torch.sigmoid(torch.tensor(0.01))), abs=1e-6)


def test_gradient_reaches_both_weighers_and_both_features() -> None:
    blender = fusion()
    full, instances = noise(2, CHANNELS, 8, 8).requires_grad_(), noise(1, CHANNELS, 4, 4, seed=1).requires_grad_()
    shown = blender.weighed(instances)
    blender(full, shown, boxes((0.0, 0.0, 0.8, 0.8)), torch.tensor([1])).square().sum().backward()
    for name, weight in [*blender.named_parameters(), ("full frame", full), ("instances", instances)]:
        assert weight.grad is not None, name
        assert weight.grad.abs().max() > 0, name


@torch.inference_mode()
def test_instances_added_at_once_give_what_they_give_one_after_the_other() -> None:
    blender, full, instances = fusion(), noise(2, CHANNELS, 12, 16), noise(6, CHANNELS, 8, 8, seed=1)
    shown = blender.weighed(instances)
    rows = boxes((0.0, 0.0, 0.5, 0.5), (0.2, 0.1, 0.9, 0.97), (0, 0, 0, 0), (0.5, 0.5, 0.51, 0.51), WHOLE, (0, 0, 0, 0))
    is_one = rows.any(dim=1)
    expected = blender(full, shown[is_one], rows[is_one], torch.tensor([0, 0, 1, 1]))
    assert torch.allclose(blender(full, shown, rows, None), expected, atol=1e-5)
    assert not torch.allclose(expected, full, atol=0.1)


def test_no_instances_leave_the_full_frames() -> None:
    full = noise(2, CHANNELS, 8, 8)
    nothing = torch.zeros(0, CHANNELS + 1, 4, 4)
    assert torch.allclose(fusion()(full, nothing, boxes(), torch.zeros(0, dtype=torch.int64)), full, rtol=1e-6)


@torch.inference_mode()
def test_instance_changes_the_colours_in_its_box_alone() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Compact(CompactConfig(widths=(32, 24, 16, 16))).eval()
    lightness = 50 + 20 * noise(2, 1, 64, 128).clamp(-2, 2)
    box, owners = boxes((0.0, 0.0, 0.4, 1.0)), torch.tensor([1])
    features = network.features(lightness)
    fused = network.fuse(features, network.see(cut_out(lightness, box, owners, 64)), box, owners)
    plain = network.colour(features)
    difference = (fused - plain).abs().amax(dim=1)  # (2, 16, 32)
    assert difference[1, :, :12].min() > 1e-5
    assert difference[1, :, 24:].max() < 1e-5  # far enough from the box for the convolutions after each fusion
    assert difference[0].max() < 1e-5
