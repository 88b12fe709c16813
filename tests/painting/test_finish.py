"""Colours are finished where their anchors are: little goes to the painter, and less comes back."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from models.colour.finish import Finish
from pipelines.frames import AnchorBatch, Painted
from pipelines.guide.given import Given
from pipelines.media.probe import probe
from pipelines.painting.choice import choose
from pipelines.painting.finish import finished
from pipelines.painting.paint import FilmPaint, Paint, PaintOrder
from pipelines.settings import Settings
from tests.made import clips
from tests.made.runs import Films

FINISH = Finish(saturation=1.5, smoothing=30.0, tint=0.5)


def anchors(*numbers: int, scale: int = 1) -> AnchorBatch:
    lightness = np.random.default_rng(9).integers(0, 256, (8, 64, 96), np.uint8)[list(numbers)]
    large = None if scale == 1 else lightness.repeat(scale, axis=1).repeat(scale, axis=2)
    return AnchorBatch(numbers, (0,) * len(numbers), lightness, large=large)


def painted(*numbers: int) -> Painted:
    ab = np.random.default_rng(1).uniform(-40, 40, (8, 16, 24, 2)).astype(np.float32)
    return Painted(ab[list(numbers)], FINISH, "Card A", 2)


def test_colours_have_the_size_of_the_lightness_and_are_finished() -> None:
    done = finished(anchors(0, 1, 2), painted(0, 1, 2), 4)
    assert done.ab.shape == (3, 64, 96, 2)
    assert done.ab.dtype == np.float32
    assert (done.device, done.parts) == ("Card A", 2)
    plain = finished(anchors(0, 1, 2), replace(painted(0, 1, 2), finish=Finish()), 4)
    assert np.abs(done.ab - 1.5 * plain.ab).mean() > 0.1


@pytest.mark.parametrize("batch", [1, 4, 8])
def test_a_colour_is_the_same_to_the_last_bit_whatever_comes_with_it(batch: int) -> None:
    together = finished(anchors(0, 1, 2, 3), painted(0, 1, 2, 3), batch).ab
    for number in range(4):
        assert np.array_equal(finished(anchors(number), painted(number), batch).ab[0], together[number])


@dataclass
class Watched:
    """The painting of this process, as it looks from a distance: what goes there and comes back is pickled."""

    orders: list[PaintOrder] = field(default_factory=list)
    came_back: int = 0

    def __call__(self, orders: Iterable[PaintOrder]) -> Iterator[Painted]:
        for order in orders:
            self.orders.append(order)
            sent = pickle.dumps(Paint()(order))
            self.came_back += len(sent)
            yield pickle.loads(sent)


def test_a_painter_gets_only_what_the_network_sees_and_gives_back_only_what_it_gives(
    films: Films, settings: Settings
) -> None:
    film, painting = probe(films(clips.plain, ".mp4")), Watched()
    paint = FilmPaint(painting, film, choose(settings.paint), Given())
    batches = [anchors(0, 1, 2, 3), anchors(4, 5, 6, 7, scale=2)]
    small, large = paint(batches)
    assert [order.anchors.large for order in painting.orders] == [None, None]
    assert [order.anchors.lightness.shape[1:] for order in painting.orders] == [(64, 96), (128, 192)]
    assert (small.anchors, large.anchors) == (batches[0], batches[1])
    assert small.ab.shape == large.ab.shape == (4, 64, 96, 2)

    alone = Watched()
    list(FilmPaint(alone, film, choose(settings.paint), Given())([anchors(0, 1, 2, 3)]))
    assert len(pickle.dumps(small)) > 16 * alone.came_back
