"""Anchors of any film, coloured: instances found, then the network, in as much memory as the device has."""

import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import torch

from pipelines.errors import BrokenError, SettingsError, StageError
from pipelines.frames import AbBatch, AnchorBatch, Painted
from pipelines.painting.blend import anchors_at, mean_ab
from pipelines.painting.choice import Chosen
from pipelines.painting.colorize import Colorize
from pipelines.painting.detect import Detect
from pipelines.painting.device import NoDeviceError, first_line, is_broken, is_out_of_memory, kind_of
from pipelines.painting.finish import finished
from pipelines.painting.painter import Painter, load, open_painter
from pipelines.painting.reach import held
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
    """Their lightness is what the network sees."""

    @property
    def at(self) -> Fraction:
        """Seconds from the film's start, of the first anchor."""
        return self.film.seconds(self.anchors.pts[0])


Painting = Stream[PaintOrder, Painted]


@dataclass(frozen=True)
class FilmPaint:
    """The painting of one film: a stream of its anchors."""

    painting: Painting
    """Of any film."""
    film: Film
    chosen: Chosen
    given: Guide

    def __call__(self, batches: Iterable[AnchorBatch]) -> Iterator[AbBatch]:
        """The anchors with their colour, in order; they wait here, and no more than the painter needs goes to it."""
        waiting = deque[list[PaintOrder]]()  # of each batch

        def orders() -> Iterator[PaintOrder]:
            for anchors in map(self.given, batches):
                waiting.append(list(self._orders(anchors)))
                for order in waiting[-1]:
                    seen = replace(order.anchors, lightness=order.anchors.seen, large=None, layers=(), references=())
                    yield replace(order, anchors=replace(seen, points=()))

        ready = list[AbBatch]()
        for painted in self.painting(orders()):
            order = waiting[0][len(ready)]
            ready.append(finished(order.anchors, painted, order.chosen.batch))
            if len(ready) == len(waiting[0]):
                waiting.popleft()
                yield self._one(ready)
                ready = []

    def _orders(self, anchors: AnchorBatch) -> Iterator[PaintOrder]:
        """Takes of a batch: by each network of a blend, with its points and, where it has some, without."""
        networks = [part.chosen for part in self.chosen.parts] or [self.chosen]
        takes = [anchors]
        if any(map(len, anchors.points)):
            both = (
                zip(anchors.hints, anchors.points, strict=True) if anchors.hints else zip(anchors.points, strict=True)
            )
            takes = [replace(anchors, hints=tuple(map(np.concatenate, both))), anchors]
        for take in takes:
            for chosen in networks:
                yield PaintOrder(self.film, chosen, anchors_at(chosen.rows, take) if self.chosen.parts else take)

    def _one(self, each: list[AbBatch]) -> AbBatch:
        """The colours of a batch, of all that was painted of it."""
        count = max(1, len(self.chosen.parts))
        pointed, *plain = (self._blended(each[first : first + count]) for first in range(0, len(each), count))
        if not plain:
            return pointed
        anchors = plain[0].anchors
        return replace(plain[0], ab=np.stack(list(map(held, pointed.ab, plain[0].ab, anchors.points))))

    def _blended(self, each: list[AbBatch]) -> AbBatch:
        """The mean of what the networks of a blend give, by their shares."""
        if not self.chosen.parts:
            return each[0]
        ab = mean_ab([part.share for part in self.chosen.parts], [one.ab for one in each])
        return replace(each[0], ab=ab, parts=max(one.parts for one in each))


class Paint:
    """The stages of painting as one; networks are loaded when the first anchors for them come.

    Where the device's memory is short, networks that other films have used are dropped first; then batches are coloured
    in parts, from then on all of them.

    Raises, when called:
        SettingsError: the network cannot be loaded.
        StageError: the device's memory does not hold a quarter of the batch.
        BrokenError: the GPU failed; this process can do no more on it.
    """

    def __init__(self) -> None:
        self._loaded = functools.lru_cache(OPEN_NETWORKS)(load)
        self._parts: dict[Chosen, int] = {}
        """In how many parts batches of a network fit into memory, where they do not as a whole."""

    def __call__(self, order: PaintOrder) -> Painted:
        """ab of a batch of anchors, as the network gives it."""
        try:
            return self._in_memory(order)
        except RuntimeError as error:
            if not is_broken(error):
                raise
            what = f"the GPU failed ({first_line(error)})"
            raise BrokenError(order, what, "start again: the run goes on where it stopped") from error

    def _in_memory(self, order: PaintOrder) -> Painted:
        """ab of the anchors, in as many parts as memory needs."""
        first, batch = self._parts.get(order.chosen, 1), order.chosen.batch
        possible = [parts for parts in PARTS if first <= parts < 2 * batch]  # more would be no smaller
        for parts in possible:
            painted = self._tried(order, parts)
            if painted is None and self._drop_others():
                painted = self._tried(order, parts)
            if painted is not None:
                self._parts[order.chosen] = parts
                return painted
        size = -(-batch // possible[-1])
        what = f"the device's memory does not hold {size} anchor{'s' if size > 1 else ''} at a time"
        raise StageError(order, what, "end what else uses it, or take --device cpu")

    def _tried(self, order: PaintOrder, parts: int) -> Painted | None:
        """ab of the anchors, in so many parts; None: memory is short for these."""
        try:
            return self._painted(order, parts)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
        torch.cuda.empty_cache()
        return None

    def _drop_others(self) -> bool:
        """Drops all networks, so that the one in use is loaded again alone; False: it is alone."""
        has_others = self._loaded.cache_info().currsize > 1
        if has_others:
            self._loaded.cache_clear()
            torch.cuda.empty_cache()
        return has_others

    def _painted(self, order: PaintOrder, parts: int) -> Painted:
        """ab of the anchors, in so many parts."""
        size = -(-order.chosen.batch // parts)
        painter = replace(self._painter(order), batch=size)
        detect, colorize = Detect(painter), Colorize(painter)
        painted = [colorize(detect(anchors)) for anchors in _in_parts(order.anchors, size)]
        ab = np.concatenate([part.ab for part in painted]) if painted[1:] else painted[0].ab
        return Painted(ab, painter.finish, kind_of(painter.device), parts)

    def _painter(self, order: PaintOrder) -> Painter:
        try:
            return open_painter(order.chosen, self._loaded)
        except NoDeviceError as error:
            raise SettingsError(order.film.path, str(error)) from error
        except (FileNotFoundError, ValueError) as error:
            raise SettingsError(order.film.path, str(error), "name another --network") from error


def _in_parts(anchors: AnchorBatch, size: int) -> Iterator[AnchorBatch]:
    for first in range(0, len(anchors.pts), size):
        part = slice(first, first + size)
        yield replace(
            anchors,
            pts=anchors.pts[part],
            shots=anchors.shots[part],
            lightness=anchors.lightness[part],
            hints=anchors.hints[part],
            classes=anchors.classes[part],
            large=None if anchors.large is None else anchors.large[part],
        )
