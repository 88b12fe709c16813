"""Where a device's memory is short, a batch is coloured in parts, or fails in words; never gray."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.errors import StageError
from pipelines.frames import AbBatch, AnchorBatch
from pipelines.media.probe import probe
from pipelines.painting import paint
from pipelines.painting.choice import choose
from pipelines.painting.colorize import Colorize
from pipelines.painting.paint import Paint, PaintOrder
from pipelines.settings import PaintSettings, Settings
from tests.made import clips


@pytest.fixture
def order(settings: Settings, tmp_path: Path) -> PaintOrder:
    """A whole batch of four anchors, a second from each to the next."""
    lightness = np.random.default_rng(0).integers(0, 256, (4, 64, 96), np.uint8)
    film = probe(clips.plain(tmp_path / "film.mp4"))
    second = int(1 / film.picture.time_base)
    return PaintOrder(
        film, choose(settings.paint), AnchorBatch(tuple(n * second for n in range(1, 5)), (0,) * 4, lightness)
    )


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Memory for as many anchors as its only item says; the sizes that were tried are added to it."""
    sizes = [4]

    class Short(Colorize):
        def __call__(self, *batch: object) -> AbBatch:
            sizes.append(self.painter.batch)
            if self.painter.batch > sizes[0]:
                raise torch.OutOfMemoryError("CUDA out of memory")
            return super().__call__(*batch)  # type: ignore[arg-type]

    monkeypatch.setattr(paint, "Colorize", Short)
    return sizes


@pytest.mark.parametrize(("room", "sizes"), [(4, [4]), (2, [4, 2, 2]), (1, [4, 2, 1, 1, 1, 1])])
def test_a_batch_is_coloured_in_parts_where_memory_is_short(
    order: PaintOrder, tried: list[int], room: int, sizes: list[int]
) -> None:
    tried[0] = room
    painted = Paint()(order)
    assert tried[1:] == sizes
    assert painted.anchors.pts == order.anchors.pts
    alone = [
        Paint()(replace(order, anchors=AnchorBatch((pts,), (0,), order.anchors.lightness[n : n + 1]))).ab[0]
        for n, pts in enumerate(order.anchors.pts)
    ]
    assert np.abs(painted.ab - np.stack(alone)).max() < 1
    assert np.abs(painted.ab).max(axis=(1, 2, 3)).min() > 1


def test_memory_for_not_even_a_quarter_of_a_batch_is_reported_with_its_time(
    order: PaintOrder, tried: list[int]
) -> None:
    tried[0] = 0
    with pytest.raises(StageError) as caught:
        Paint()(order)
    assert tried[1:] == [4, 2, 1]
    assert str(caught.value.as_film_error("film.mp4")) == (
        "film.mp4 at 00:00:01.000: the device's memory does not hold 1 anchor at a time; "
        "end what else uses it, or take --device cpu"
    )
    assert order.at == Fraction(1)


def test_the_default_batch_can_be_halved_twice() -> None:
    assert PaintSettings().batch % 4 == 0
