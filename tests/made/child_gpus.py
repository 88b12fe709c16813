"""An archive on four simulated GPUs of its own cluster, to be killed: python child_gpus.py REELS OUT SETTINGS.

The settings are pickled. Prints `done` when the archive is.
"""

from __future__ import annotations

import pickle
import sys
import tempfile
import time
import warnings
from functools import partial
from pathlib import Path

from pipelines.frames import Painted
from pipelines.on_ray import films
from pipelines.painting.paint import PaintOrder
from restore.api import Devices, restore_archive
from tests.made.gpus import SimulatedPaint
from tests.made.on_cluster import Nodes

BATCH_SECONDS = 0.1
"""Waited at each batch, so that there is time to be killed in."""


class SlowPaint(SimulatedPaint):
    """A simulated GPU, later."""

    def __call__(self, order: PaintOrder) -> Painted:
        time.sleep(BATCH_SECONDS)
        return super().__call__(order)


def main() -> None:
    """Restores the archive."""
    warnings.simplefilter("ignore")  # Ray's own
    settings = pickle.loads(Path(sys.argv[3]).read_bytes())
    nodes = Nodes()
    with tempfile.TemporaryDirectory() as faults, nodes.more(1, cpus=2, gpus=4):
        films.MeteredPaint = partial(SlowPaint, Path(faults))  # type: ignore[assignment, misc]
        restore_archive([sys.argv[1]], sys.argv[2], settings, devices=Devices(gpus=4, address=nodes.address))
    sys.stdout.write("done\n")


if __name__ == "__main__":
    main()
