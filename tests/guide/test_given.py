"""Colours given by a person go to the network with the anchors that they are for."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from pipelines.frames import AnchorBatch
from pipelines.guide.given import Given, given_for
from pipelines.media.probe import probe
from pipelines.painting.choice import choose
from pipelines.painting.paint import FilmPaint, PaintOrder
from pipelines.settings import Hint, Settings
from tests.made import clips
from tests.made.runs import Films

TABLE = np.array([[0.5, 0.5, 60, 40]], np.float32)


def test_anchors_go_to_the_network_with_their_hints(films: Films, settings: Settings) -> None:
    film, orders = probe(films(clips.plain, ".mp4")), list[PaintOrder]()

    def painting(coming: Any) -> Any:
        orders.extend(coming)
        return iter(())

    anchors = AnchorBatch((6, 7), (0, 0), np.zeros((2, 64, 96), np.uint8))
    for given in (Given({7: TABLE}), Given()):
        list(FilmPaint(painting, film, choose(settings.paint), given)([anchors]))
    with_points, beside, without = (order.anchors.hints for order in orders)
    assert [len(one) for one in with_points] == [0, 1]
    assert np.array_equal(with_points[1], TABLE)
    assert beside == without == ()  # the same anchors, without their points


def test_a_film_is_read_only_where_something_was_given(films: Films, settings: Settings) -> None:
    film = probe(films(clips.plain, ".mp4"))
    missing = replace(film, path=film.path.with_name("missing.mp4"))
    chosen = choose(settings.paint)
    assert given_for(missing, settings, chosen) == Given()
    hints = (Hint(Fraction(0), 64, 48, (60, 40)),)
    assert 0 in given_for(film, replace(settings, hints=hints), chosen).hints
