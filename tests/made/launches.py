"""Batches of anchors on the simulated device, of each kind of work that a painter has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.frames import AnchorBatch, InstanceBatch, Painted
from pipelines.painting.choice import Chosen, choose
from pipelines.painting.colorize import Colorize
from pipelines.painting.detect import Detect
from pipelines.painting.painter import open_painter
from pipelines.settings import PaintSettings
from tests.made.published import save_by_rule
from tests.made.simulated_device import Counts, simulated_device

BATCH = 4


@dataclass(frozen=True)
class Case:
    """A network, and how many instances of each anchor it colours."""

    network: str
    instances: int = 0

    def choose(self, folder: Path) -> Chosen:
        """The network, with weights by rule but for the one that ships; they are saved in the folder once."""
        if self.network != "compact" and not (folder / f"{self.network}.safetensors").exists():
            save_by_rule(self.network, folder)
        return choose(PaintSettings(self.network, folder, device="cpu", instances=self.instances))


CASES = {
    "compact": Case("compact"),
    "compact, 8 instances": Case("compact", 8),
    "eccv16": Case("eccv16"),
    "siggraph17": Case("siggraph17"),
    "instcolor, 8 instances": Case("instcolor", 8),
}


def anchors(height: int = 192, width: int = 352) -> AnchorBatch:
    """A batch of noise."""
    lightness = np.random.default_rng(9).integers(0, 256, (BATCH, height, width), np.uint8)
    return AnchorBatch(tuple(range(BATCH)), (0,) * BATCH, lightness)


def boxes(counts: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    """Boxes of all sizes, so many for each anchor."""
    random = np.random.default_rng(4)
    corners = [np.sort(random.uniform(0, 1, (count, 2, 2)), axis=1).reshape(-1, 4) for count in counts]
    return tuple(np.hstack([table, np.ones((len(table), 2))]).astype(np.float32) for table in corners)


def count(name: str, folder: Path, size: tuple[int, int] = (192, 352)) -> tuple[Counts, Painted]:
    """The work of a case on its second batch, with as many drawn boxes as it colours, and the colours."""
    chosen, batch = CASES[name].choose(folder), anchors(*size)
    with simulated_device() as counts:
        painter = open_painter(chosen)
        for _ in range(2):
            counts.clear()
            features = Detect(painter)(batch).features
            painted = Colorize(painter)(InstanceBatch(batch, boxes((painter.instances,) * BATCH), features))
    return counts, painted
