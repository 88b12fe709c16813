"""Anchors of any film, coloured: instances found, then the network, in as much memory as the device has."""

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import torch

from pipelines.errors import SettingsError, StageError
from pipelines.frames import AbBatch, AnchorBatch
from pipelines.painting.choice import Chosen
from pipelines.painting.colorize import Colorize
from pipelines.painting.detect import Detect
from pipelines.painting.painter import Painter, open_painter
from pipelines.source import Film
from pipelines.streams import Stream

OPEN_NETWORKS = 4
"""Networks that stay loaded: films of one archive may ask for different ones."""
PARTS = (1, 2, 4)
"""In how many parts a batch is coloured: the whole of it, and where memory is short its halves, and their halves."""

Guide = Callable[[AnchorBatch], AnchorBatch]
"""Adds to anchors what a person gave for them, such as `pipelines.guide.given.Given`."""


@dataclass(frozen=True)
class PaintOrder:
    """Anchors, with their film and the network that is to colour them."""

    film: Film
    chosen: Chosen
    anchors: AnchorBatch

    @property
    def at(self) -> Fraction:
        """Seconds from the film's start, of the first anchor."""
        return self.film.seconds(self.anchors.pts[0])


Painting = Stream[PaintOrder, AbBatch]


@dataclass(frozen=True)
class FilmPaint:
    """The painting of one film: a stream of its anchors."""

    painting: Painting
    """Of any film."""
    film: Film
    chosen: Chosen
    given: Guide

    def __call__(self, batches: Iterable[AnchorBatch]) -> Iterator[AbBatch]:
        """The anchors with their colour, in order."""
        return self.painting(PaintOrder(self.film, self.chosen, self.given(anchors)) for anchors in batches)


class Paint:
    """The stages of painting as one; networks are loaded when the first anchors for them come.

    Raises, when called:
        SettingsError: the network cannot be loaded.
        StageError: the device's memory does not hold a quarter of the batch.
    """

    def __init__(self) -> None:
        self._opened = functools.lru_cache(OPEN_NETWORKS)(open_painter)

    def __call__(self, order: PaintOrder) -> AbBatch:
        """ab of a batch of anchors, at the size of its lightness."""
        for parts in PARTS:
            size = -(-order.chosen.asked.batch // parts)
            with suppress(torch.OutOfMemoryError):
                return self._painted(order, size)
            torch.cuda.empty_cache()
        what = f"the device's memory does not hold {size} anchor{'s' if size > 1 else ''} at a time"
        raise StageError(order, what, "end what else uses it, or take --device cpu")

    def _painted(self, order: PaintOrder, size: int) -> AbBatch:
        """ab of the anchors, `size` of them at a time."""
        painter = replace(self._painter(order), batch=size)
        detect, colorize = Detect(painter), Colorize(painter)
        painted = [colorize(detect(anchors)) for anchors in _in_parts(order.anchors, size)]
        return AbBatch(order.anchors, np.concatenate([part.ab for part in painted])) if painted[1:] else painted[0]

    def _painter(self, order: PaintOrder) -> Painter:
        try:
            return self._opened(order.chosen)
        except (FileNotFoundError, ValueError) as error:
            raise SettingsError(order.film.path, str(error), "name another --network") from error


def _in_parts(anchors: AnchorBatch, size: int) -> Iterator[AnchorBatch]:
    for first in range(0, len(anchors.pts), size):
        part = slice(first, first + size)
        large = None if anchors.large is None else anchors.large[part]
        yield AnchorBatch(anchors.pts[part], anchors.shots[part], anchors.lightness[part], anchors.hints[part], large)
