"""Anchors coloured as in a segment: the network, then the finish, at the size of their lightness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipelines.frames import AbBatch, InstanceBatch
from pipelines.painting.colorize import Colorize
from pipelines.painting.finish import finished
from pipelines.painting.painter import Painter


@dataclass
class Coloured:
    """The network and the finish as one stage."""

    painter: Painter
    colorize: Callable[[Painter], Colorize] = Colorize

    def __call__(self, batch: InstanceBatch) -> AbBatch:
        painted = self.colorize(self.painter)(batch)
        return finished(batch.anchors, painted, self.painter.batch)
