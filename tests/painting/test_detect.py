"""Instances are found in the anchors, each the same whatever comes with it, and coloured on their own."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from models.compact.network import INSTANCE_SIDE, Compact
from models.paint import GROUP
from models.weights.files import load_network, save_network
from pipelines.frames import AnchorBatch, InstanceBatch
from pipelines.painting.choice import choose
from pipelines.painting.detect import BOX_FIELDS, Detect, without_instances
from pipelines.painting.painter import Painter, open_painter
from pipelines.settings import PaintSettings
from tests.made.coloured import Coloured

Boxes = NDArray[np.float32]
NEVER, LOW, HIGH = -50.0, -4.5, -3.5
"""The detector's mean logit: nothing is found; a few instances, but for anchor 0; dozens."""
CAT = 15


def anchors(*numbers: int) -> AnchorBatch:
    """Anchors of 64 x 96: the higher the number, the stronger the noise."""
    noise = np.random.default_rng(9).integers(-127, 128, (4, 64, 96))
    lightness = np.stack([127 + noise[number] * number // 3 for number in numbers]).astype(np.uint8)
    return AnchorBatch(numbers, (0,) * len(numbers), lightness)


def painter(network: Path, confidence: float = HIGH, **settings: float) -> Painter:
    """A painter whose encoder tells pictures apart, unlike that of plain random weights, and finds things in them.

    `confidence` is the mean of the detector's logits, which have a deviation of 0.5.
    """
    stronger, _ = load_network(network)
    assert isinstance(stronger, Compact)
    detector = stronger.detector
    with torch.no_grad():
        for layer in [*stronger.encoder.modules(), *detector.modules()]:
            if isinstance(layer, nn.Conv2d) and layer not in (detector.classes, detector.sides):
                layer.weight *= math.sqrt(6)  # keeps the deviation from layer to layer (He et al., 2015)
                if layer.bias is not None:
                    layer.bias.zero_()
        detector.classes.bias.fill_(confidence)
        detector.classes.weight *= 0.4
        detector.sides.weight *= 0.2
    path = network.with_name(f"finds{confidence}.safetensors")
    save_network(stronger, path, {})
    named = {"rows": 64, "batch": 4, "instances": 8} | settings
    return open_painter(choose(PaintSettings(network=str(path), device="cpu", **named)))  # type: ignore[arg-type]


def boxes(*rows: tuple[float, float, float, float]) -> Boxes:
    return np.array([(*row, CAT, 0.9) for row in rows], np.float32).reshape(-1, BOX_FIELDS)


def some_boxes(count: int) -> Boxes:
    """Boxes of all sizes, over each other."""
    corners = np.sort(np.random.default_rng(count).uniform(0, 1, (count, 2, 2)), axis=1)
    return boxes(*(tuple(corner) for corner in corners.reshape(-1, 4)))


def test_gives_the_boxes_of_each_anchor_and_what_the_encoder_saw(network: Path) -> None:
    batch = Detect(painter(network))(anchors(0, 2, 3))
    assert batch.anchors.pts == (0, 2, 3)
    assert len(batch.boxes) == 3
    assert [len(table) for table in batch.boxes] == [0, 8, 8]  # the settings' most
    for table in batch.boxes[1:]:
        assert table.dtype == np.float32
        assert table.shape[1] == BOX_FIELDS
        assert (table[:, :2] < table[:, 2:4]).all()
        assert table[:, :4].min() >= 0
        assert table[:, :4].max() <= 1
        assert set(table[:, 4]) <= set(range(80))
        assert (np.diff(table[:, 5]) <= 0).all()
        assert table[:, 5].min() >= 0.3
    assert batch.features is not None
    assert [tuple(feature.shape) for feature in batch.features] == [
        (4, 24, 16, 24), (4, 32, 8, 12), (4, 96, 4, 6), (4, 1280, 2, 3)
    ]  # fmt: skip


def test_unsure_network_finds_nothing(network: Path) -> None:
    batch = Detect(painter(network, NEVER))(anchors(1, 3))
    assert [table.shape for table in batch.boxes] == [(0, BOX_FIELDS)] * 2


@pytest.mark.parametrize("most", [1, 2])
def test_finds_at_most_so_many_and_the_best_of_them(network: Path, most: int) -> None:
    many, few = (Detect(painter(network, LOW, instances=count))(anchors(1, 2, 3)).boxes for count in (20, most))
    assert max(map(len, many)) > 2
    for all_of_it, best in zip(many, few, strict=True):
        assert len(best) == min(most, len(all_of_it))
        assert best[0, 5] == all_of_it[0, 5]


def test_none_are_looked_for_where_none_may_be_found(network: Path) -> None:
    stage = Detect(painter(network, instances=0))
    stage.painter.network.encoder.register_forward_pre_hook(lambda *_: pytest.fail("it looked"))
    batch = stage(anchors(2, 3))
    assert [table.shape for table in batch.boxes] == [(0, BOX_FIELDS)] * 2
    assert batch.features is None


def test_least_score_is_the_settings_own(network: Path) -> None:
    wide = Detect(painter(network, instances=60, least_score=0.3))(anchors(3)).boxes[0]
    strict = Detect(painter(network, instances=60, least_score=0.45))(anchors(3)).boxes[0]
    assert 0 < len(strict) < len(wide) < 60
    assert strict[:, 5].min() >= 0.45 > wide[:, 5].min() >= 0.3


def test_anchor_has_the_same_boxes_and_colours_to_the_last_bit_whatever_comes_with_it(network: Path) -> None:
    shared = painter(network, LOW)
    detect, colorize = Detect(shared), Coloured(shared)
    found = detect(anchors(0, 1, 2, 3))
    together = colorize(found).ab
    assert len({len(table) for table in found.boxes}) > 1  # or this test would prove little
    for number in range(4):
        alone = detect(anchors(number))
        assert np.array_equal(alone.boxes[0], found.boxes[number])
        assert np.array_equal(colorize(alone).ab[0], together[number])
    turned = colorize(detect(anchors(3, 1, 0))).ab
    assert all(np.array_equal(turned[i], together[number]) for i, number in enumerate((3, 1, 0)))


@pytest.mark.parametrize("counts", [(0, 0, 0), (5, 4, 3), (9, 0, 8)])
@pytest.mark.parametrize("own", [0, 3])
def test_colour_does_not_depend_on_how_many_instances_others_have(
    network: Path, counts: tuple[int, ...], own: int
) -> None:
    colorize, four = Coloured(painter(network, NEVER)), anchors(0, 1, 2, 3)
    first, second, third = (some_boxes(count) for count in counts)
    with_others = colorize(InstanceBatch(four, (first, second, some_boxes(own), third)))
    alone = colorize(InstanceBatch(anchors(2), (some_boxes(own),)))
    assert np.array_equal(with_others.ab[2], alone.ab[0])


@pytest.mark.parametrize("count", [1, 8, 11])
def test_instances_are_always_seen_in_full_groups(network: Path, count: int) -> None:
    colorize, shapes = Coloured(painter(network, NEVER)), []
    colorize.painter.network.encoder.register_forward_pre_hook(lambda _, inputs: shapes.append(inputs[0].shape))
    colorize(InstanceBatch(anchors(3), (some_boxes(count),)))
    assert shapes[0] == (4, 1, 64, 96)
    assert shapes[1:] == [(GROUP, 1, INSTANCE_SIDE, INSTANCE_SIDE)] * math.ceil(count / GROUP)


def test_colours_are_the_same_with_the_detectors_features_as_with_ones_own(network: Path) -> None:
    shared = painter(network)
    found = Detect(shared)(anchors(2, 3))
    assert np.array_equal(Coloured(shared)(found).ab, Coloured(shared)(replace(found, features=None)).ab)


def test_instance_changes_colours_inside_its_box(network: Path) -> None:
    colorize, two = Coloured(painter(network, NEVER)), anchors(2, 3)
    plain = colorize(without_instances(two)).ab
    ab = colorize(InstanceBatch(two, (boxes(), boxes((0.0, 0.25, 0.25, 0.75))))).ab
    assert np.array_equal(ab[0], plain[0])
    change = np.abs(ab[1] - plain[1]).max(axis=2)  # (64, 96)
    inside, far = change[20:44, :20], change[:, 64:]
    assert np.median(inside) > 1
    assert far.max() < np.median(inside) / 10  # the convolutions after each fusion carry it a little way
