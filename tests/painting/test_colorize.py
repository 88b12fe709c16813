"""The network colours anchors, each the same whatever comes with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models.colour.finish import Finish
from models.network_input import NetworkInput
from pipelines.frames import AnchorBatch
from pipelines.painting.choice import choose
from pipelines.painting.detect import BOX_FIELDS, without_instances
from pipelines.painting.painter import open_painter
from pipelines.settings import PaintSettings
from tests.made.coloured import Coloured
from tests.made.runs import save_random_network


def anchors(count: int, first: int = 0) -> AnchorBatch:
    lightness = np.random.default_rng(9).integers(0, 256, (first + count, 64, 96), np.uint8)[first:]
    return AnchorBatch(tuple(range(first, first + count)), (0,) * count, lightness)


def colorize(network: Path, **settings: float) -> Coloured:
    settings_of_it = PaintSettings(network=str(network), device="cpu", rows=64, **settings)  # type: ignore[arg-type]
    return Coloured(open_painter(choose(settings_of_it)))


def test_gives_ab_at_the_size_of_the_lightness(network: Path) -> None:
    batch = colorize(network)(without_instances(anchors(3)))
    assert batch.ab.shape == (3, 64, 96, 2)
    assert batch.ab.dtype == np.float32
    assert batch.anchors.pts == (0, 1, 2)
    assert batch.ab.std() > 1


def test_anchor_has_the_same_colour_to_the_last_bit_whatever_comes_with_it(network: Path) -> None:
    stage = colorize(network, batch=4)
    together = stage(without_instances(anchors(4))).ab
    for number in range(4):
        assert np.array_equal(stage(without_instances(anchors(1, number))).ab[0], together[number])


def test_the_network_sees_the_larger_picture_and_its_ab_has_the_size_of_the_flows(network: Path) -> None:
    stage, small, shapes = colorize(network), anchors(2), []
    large = np.repeat(np.repeat(small.lightness, 2, axis=1), 2, axis=2)
    stage.painter.network.encoder.register_forward_pre_hook(lambda _, inputs: shapes.append(tuple(inputs[0].shape)))
    batch = stage(without_instances(replace(small, large=large)))
    assert shapes == [(4, 1, 128, 192)]
    assert batch.ab.shape == (2, 64, 96, 2)


def test_hints_are_given_as_colours_are_before_the_finish(network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[NDArray[np.float32]] = []

    def paint(_kind: object, _network: object, seen: NetworkInput) -> torch.Tensor:
        given.append(seen.hints.numpy())
        return torch.zeros(4, 2, 16, 24)

    monkeypatch.setattr("pipelines.painting.colorize.paint", paint)
    stage, table = colorize(network, saturation=2.0), np.array([[0.25, 0.5, 60, -40]], np.float32)
    stage(without_instances(replace(anchors(2), hints=(table[:0], table))))
    before = stage.painter.finish.before(torch.tensor([[60.0, -40.0]]))
    assert stage.painter.finish.saturation >= 2
    assert before[0, 0] < 40
    assert np.allclose(given, [[1, 0.25, 0.5, *before[0].tolist()]])


@pytest.mark.parametrize("count", [1, 3, 4])
def test_network_always_gets_a_full_batch(network: Path, count: int) -> None:
    stage, shapes = colorize(network, batch=4), []
    stage.painter.network.encoder.register_forward_pre_hook(lambda _, inputs: shapes.append(tuple(inputs[0].shape)))
    stage(without_instances(anchors(count)))
    assert shapes == [(4, 1, 64, 96)]


def test_saturation_is_a_factor(network: Path) -> None:
    plain, strong, none = (
        colorize(network, saturation=factor)(without_instances(anchors(2))).ab for factor in (1.0, 2.0, 0.0)
    )
    assert np.allclose(strong, 2 * plain, atol=1e-3)
    assert np.abs(none).max() == 0


def test_colours_are_finished_as_the_weights_say(tmp_path: Path) -> None:
    weights = save_random_network(tmp_path / "own.safetensors", saturation="1.5", smoothing="30.0", tint="0.5")
    assert colorize(weights, saturation=2.0).painter.finish == Finish(saturation=3.0, smoothing=30.0, tint=0.5)
    plain = colorize(save_random_network(tmp_path / "plain.safetensors"))(without_instances(anchors(2))).ab
    finished = colorize(weights)(without_instances(anchors(2))).ab
    mean = plain.mean(axis=(1, 2), keepdims=True)
    assert np.allclose(finished.mean(axis=(1, 2), keepdims=True), 0.75 * mean, atol=0.1)
    assert np.abs(finished - 1.5 * (plain - 0.5 * mean)).max() > 1


def test_temperature_is_the_settings_own_or_that_of_the_weights(network: Path) -> None:
    shipped = colorize(network)
    assert shipped.painter.temperature == 0.38
    flat = colorize(network, temperature=1000.0)(without_instances(anchors(1))).ab
    sharp = colorize(network, temperature=0.1)(without_instances(anchors(1))).ab
    assert flat.std() < sharp.std() / 4


def test_anchors_without_instances_have_empty_boxes() -> None:
    batch = without_instances(anchors(3))
    assert [boxes.shape for boxes in batch.boxes] == [(0, BOX_FIELDS)] * 3
