"""The detector: where its locations lie, and which box each is to find."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from models.compact.detector import (
    CLASSES,
    PRIOR_SCORE,
    STRIDES,
    Detector,
    Found,
    assign,
    best_boxes,
    detection_loss,
    overlap,
)
from models.compact.network import Compact, CompactConfig

SMALL = CompactConfig(widths=(32, 24, 16, 16))
CHANNELS = (8, 12, 16)
CAT, DOG = 15, 16
NONE = (-1.0,) * 6
UNKNOWN = (-2.0,) * 6
LIKELY = 6.0
"""A logit of score 0.998."""


@pytest.fixture(scope="module")
def network() -> Compact:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return Compact(SMALL).eval()


@torch.inference_mode()
def found_by(network: Compact, *shape: int) -> Found:
    lightness = 100 * torch.rand(shape, generator=torch.Generator().manual_seed(3))
    return network.find(network.features(lightness))


def rows(*boxes: tuple[float, ...]) -> Tensor:
    """Boxes of one picture, (1, M, 6)."""
    return torch.tensor([boxes], dtype=torch.float32)


def grid(columns: int, boxes: Tensor | None = None, logits: Tensor | None = None) -> Found:
    """Locations of one level of a square picture; all say one cell and no class where nothing else is given."""
    place = (torch.arange(columns) + 0.5) / columns
    centres = torch.stack(torch.meshgrid(place, place, indexing="xy"), dim=-1).reshape(-1, 2)
    reach = torch.full_like(centres, 0.5 / columns)
    if boxes is None:
        boxes = torch.cat([centres - reach, centres + reach], dim=1)[None]
    if logits is None:
        logits = torch.full((1, len(centres), CLASSES), -LIKELY)
    return Found(logits, boxes, centres, reach)


def twice(found: Found) -> Found:
    """The output for a batch of this picture twice."""
    return replace(found, logits=found.logits.repeat(2, 1, 1), boxes=found.boxes.repeat(2, 1, 1))


# What is said of each location


@pytest.mark.parametrize(("count", "height", "width"), [(1, 32, 32), (2, 64, 96), (1, 96, 32), (3, 32, 160)])
def test_says_classes_and_a_box_of_every_location(network: Compact, count: int, height: int, width: int) -> None:
    found = found_by(network, count, 1, height, width)
    locations = sum((height // stride) * (width // stride) for stride in STRIDES)
    assert found.logits.shape == (count, locations, CLASSES)
    assert found.boxes.shape == (count, locations, 4)
    assert found.centres.shape == found.reach.shape == (locations, 2)
    assert {tensor.dtype for tensor in (found.logits, found.boxes, found.centres, found.reach)} == {torch.float32}


def test_locations_are_the_middles_of_cells_row_by_row(network: Compact) -> None:
    found = found_by(network, 1, 1, 64, 96)
    first = 0
    for stride, rows_, columns in ((8, 8, 12), (16, 4, 6), (32, 2, 3)):
        level = slice(first, first + rows_ * columns)
        expected = [((x + 0.5) * stride / 96, (y + 0.5) * stride / 64) for y in range(rows_) for x in range(columns)]
        assert torch.allclose(found.centres[level], torch.tensor(expected), atol=1e-6)
        assert torch.allclose(found.reach[level], torch.tensor([stride / 2 / 96, stride / 2 / 64]), atol=1e-7)
        first += rows_ * columns
    assert first == len(found.centres)


def test_every_box_holds_its_location(network: Compact) -> None:
    found = found_by(network, 2, 1, 64, 96)
    assert (found.boxes[..., :2] < found.centres).all()
    assert (found.boxes[..., 2:] > found.centres).all()


@torch.inference_mode()
def test_sides_are_counted_in_cells_of_their_level() -> None:
    detector = Detector(CHANNELS).eval()
    detector.sides.weight.zero_()
    detector.sides.bias.copy_(torch.tensor([1.0, 2, 3, 4]).log())
    detector.scales.copy_(torch.tensor([1.0, 2, 0]))
    found = detector([torch.rand(1, c, 16 // s, 24 // s) for c, s in zip(CHANNELS, (1, 2, 4), strict=True)])
    grown = torch.cat([found.centres - found.boxes[0, :, :2], found.boxes[0, :, 2:] - found.centres], dim=1)
    cells = grown / (2 * found.reach.repeat(1, 2))
    fine, middle = 16 * 24, 16 * 24 // 4
    assert torch.allclose(cells[:fine], torch.tensor([1.0, 2, 3, 4]), rtol=1e-3)
    assert torch.allclose(cells[fine : fine + middle], torch.tensor([1.0, 4, 9, 16]), rtol=1e-3)
    assert torch.allclose(cells[fine + middle :], torch.ones(4), rtol=1e-3)


@torch.inference_mode()
def test_untaught_detector_believes_in_nothing() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        detector = Detector(CHANNELS).eval()
    found = detector([torch.rand(1, c, 8 // s, 8 // s) for c, s in zip(CHANNELS, (1, 2, 4), strict=True)])
    assert float(found.logits.sigmoid().mean()) == pytest.approx(PRIOR_SCORE, rel=0.2)
    assert best_boxes(found)[0].shape == (0, 6)


@torch.inference_mode()
@pytest.mark.parametrize("level", [0, 1, 2])
def test_finer_levels_see_what_coarser_ones_see(level: int) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        detector = Detector(CHANNELS).eval()
        features = [torch.rand(1, c, 8 // s, 8 // s) for c, s in zip(CHANNELS, (1, 2, 4), strict=True)]
    changed = [feature + (i == level) for i, feature in enumerate(features)]
    difference = (detector(features).logits - detector(changed).logits).abs().amax(dim=(0, 2))
    is_changed = [bool(part.max() > 0) for part in difference.split([64, 16, 4])]
    assert is_changed == [at <= level for at in range(3)]


# Which location is to find which box


def test_box_takes_the_locations_that_find_it_best() -> None:
    box = (0.25, 0.25, 0.75, 0.75)
    found = grid(8, boxes=torch.tensor([0.0, 0, 1, 1]).expand(1, 64, 4).clone())
    near, nearest = 3 * 8 + 3, 4 * 8 + 4
    found.boxes[0, near], found.boxes[0, nearest] = torch.tensor([0.25, 0.25, 0.75, 0.875]), torch.tensor(box)
    index, iou = assign(found, rows((*box, CAT, 0.9)), most=2)
    assert torch.nonzero(index[0] == 0)[:, 0].tolist() == [near, nearest]
    assert iou[0, [near, nearest]].tolist() == pytest.approx([0.8, 1], abs=1e-6)


def test_likelier_location_wins_where_boxes_are_alike() -> None:
    box = (0.25, 0.25, 0.75, 0.75)
    found = grid(8, boxes=torch.tensor(box).expand(1, 64, 4))
    found.logits[0, 3 * 8 + 4, CAT], found.logits[0, 4 * 8 + 4, DOG] = LIKELY, LIKELY
    index, _ = assign(found, rows((*box, CAT, 0.9)), most=1)
    assert torch.nonzero(index[0] == 0)[:, 0].tolist() == [3 * 8 + 4]


@pytest.mark.parametrize("most", [1, 4, 9])
def test_box_takes_at_most_so_many_locations_all_inside(most: int) -> None:
    generator = torch.Generator().manual_seed(0)
    found = grid(16, logits=torch.randn(1, 256, CLASSES, generator=generator))
    tables = rows((0.1, 0.2, 0.6, 0.9, CAT, 0.9), (0.55, 0.0, 1.0, 0.45, DOG, 0.5), NONE)
    index, _ = assign(found, tables, most)
    for number, (left, top, right, bottom, *_) in enumerate(tables[0, :2].tolist()):
        x, y = found.centres[index[0] == number].unbind(dim=1)
        assert 1 <= len(x) <= most
        assert left <= float(x.min()) <= float(x.max()) <= right
        assert top <= float(y.min()) <= float(y.max()) <= bottom


def test_box_takes_only_what_lies_inside_though_less_than_it_may() -> None:
    index, _ = assign(grid(8), rows((0.25, 0.25, 0.5, 0.375, CAT, 0.9)), most=9)  # two cells
    assert torch.nonzero(index[0] >= 0)[:, 0].tolist() == [2 * 8 + 2, 2 * 8 + 3]


def test_tiny_box_between_the_locations_still_gets_one() -> None:
    box = (0.26, 0.13, 0.262, 0.132)  # in a corner of a cell, far from its middle
    index, _ = assign(grid(8), rows((*box, CAT, 0.9)))
    assert torch.nonzero(index[0] >= 0)[:, 0].tolist() == [1 * 8 + 2]


def test_location_claimed_twice_goes_to_the_box_it_finds_better() -> None:
    small, large = (0.375, 0.375, 0.625, 0.625), (0.25, 0.25, 0.75, 0.75)
    found = grid(8, boxes=torch.tensor(large).expand(1, 64, 4).clone())
    found.boxes[0, 3 * 8 + 3] = torch.tensor(small)
    tables = rows((*large, CAT, 0.9), (*small, CAT, 0.9))
    index, iou = assign(found, tables, most=16)
    assert index[0, 3 * 8 + 3] == 1
    assert [int(index[0, place]) for place in (3 * 8 + 4, 4 * 8 + 3, 4 * 8 + 4)] == [0, 0, 0]
    assert iou[0, [3 * 8 + 3, 3 * 8 + 4]].tolist() == pytest.approx([1, 1], abs=1e-6)
    swapped, _ = assign(found, tables.flip(1), most=16)
    assert torch.equal(torch.where(index >= 0, 1 - index, -1), swapped)


def test_rows_of_no_class_take_no_location() -> None:
    table = (0.25, 0.25, 0.75, 0.75, CAT, 0.9)
    alone, _ = assign(grid(8), rows(table))
    index, _ = assign(grid(8), rows((0.0, 0.0, 1.0, 1.0, -1, 0.9), table, NONE))
    assert torch.equal(torch.where(alone == 0, 1, -1), index)
    assert (assign(grid(8), rows(NONE, NONE))[0] == -1).all()


def test_pictures_of_a_batch_are_assigned_alone() -> None:
    one, other = (0.0, 0.0, 0.5, 0.5, CAT, 0.9), (0.25, 0.5, 1.0, 1.0, DOG, 0.9)
    single = grid(8)
    index, iou = assign(twice(single), torch.cat([rows(one, NONE), rows(NONE, other)]))
    for picture, table in enumerate((rows(one, NONE), rows(NONE, other))):
        alone = assign(single, table)
        assert torch.equal(index[picture], alone[0][0])
        assert torch.equal(iou[picture], alone[1][0])


# The loss


def perfect(tables: Tensor, columns: int = 8) -> Found:
    """Says of every location just what the tables teach."""
    found = grid(columns)
    index, _ = assign(found, tables)
    is_one, taught = index[0] >= 0, tables[0, index[0].clamp(min=0)]
    exact = torch.where(is_one[:, None], taught[:, :4], found.boxes[0])[None]
    logits = torch.full_like(found.logits, -20)
    logits[0, is_one, taught[is_one, 4].long()] = torch.logit(taught[is_one, 5], eps=1e-6)
    return grid(columns, exact, logits)


TWO = rows((0.0, 0.0, 0.5, 0.5, CAT, 1.0), (0.5, 0.25, 1.0, 1.0, DOG, 0.6), NONE)


def test_saying_what_is_taught_costs_nothing() -> None:
    found = perfect(TWO)
    assert float(detection_loss(found, TWO)) < 1e-3


def test_each_mistake_costs() -> None:
    found = perfect(TWO)
    is_one = assign(found, TWO)[0][0] >= 0
    wrong_class = grid(8, found.boxes, found.logits.roll(1, dims=2))
    shifted = grid(8, found.boxes + 0.1 * is_one[:, None], found.logits)
    boastful = grid(8, found.boxes, torch.where(found.logits > -20, LIKELY, found.logits))
    imagined = grid(8, found.boxes, torch.where(is_one[:, None], found.logits, found.logits.clamp(min=0)))
    for found_wrongly in (wrong_class, shifted, boastful, imagined):
        assert float(detection_loss(found_wrongly, TWO)) > 0.01


def test_without_boxes_every_belief_costs() -> None:
    nothing = rows(NONE, NONE)
    believes = grid(8, logits=torch.zeros(1, 64, CLASSES))
    assert 0 <= float(detection_loss(grid(8), nothing)) < float(detection_loss(believes, nothing))
    sure = grid(8, logits=torch.full((1, 64, CLASSES), -20.0))
    assert float(detection_loss(sure, nothing)) == pytest.approx(0, abs=1e-6)


def test_picture_in_which_nobody_looked_teaches_nothing() -> None:
    believes = grid(8, logits=torch.zeros(1, 64, CLASSES, requires_grad=True))
    loss = detection_loss(believes, rows(UNKNOWN, NONE))
    loss.backward()
    assert float(loss.detach()) == 0
    assert believes.logits.grad is not None
    assert believes.logits.grad.abs().max() == 0
    both = twice(grid(8, logits=torch.zeros(1, 64, CLASSES)))
    known = TWO[:, :2]
    alone = detection_loss(grid(8, logits=torch.zeros(1, 64, CLASSES)), known)
    assert float(detection_loss(both, torch.cat([rows(UNKNOWN, NONE), known]))) == pytest.approx(float(alone))


def test_gradient_reaches_classes_and_sides() -> None:
    detector = Detector(CHANNELS)
    features = [torch.rand(2, c, 8 // s, 8 // s) for c, s in zip(CHANNELS, (1, 2, 4), strict=True)]
    detection_loss(detector(features), TWO.repeat(2, 1, 1)).backward()
    for name, weight in detector.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        assert weight.grad.abs().max() > 0, name


def test_learns_a_drawn_picture() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        detector = Detector(CHANNELS)
        features = [0.1 * torch.rand(1, c, 8 // s, 8 // s) for c, s in zip(CHANNELS, (1, 2, 4), strict=True)]
    for feature in features:
        side = feature.shape[-1]
        feature[:, 0, : side // 2, : side // 2] += 1
        feature[:, 1, side // 4 :, side // 2 :] += 1
    optimizer, losses = torch.optim.Adam(detector.parameters(), 1e-2), []
    for _ in range(50):
        optimizer.zero_grad()
        loss = detection_loss(detector(features), TWO)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] / 4
    boxes = best_boxes(detector(features), most=2)[0]
    assert boxes[:, 4].tolist() == [CAT, DOG]
    assert overlap(boxes[:, :4], TWO[0, :2, :4])[0].min() > 0.7
