"""GPUs that fail, simulated: Ray counts them, the CPU does their work, and errors are raised as CUDA raises them.

What a GPU does wrong is the content of a file of its number in a folder: `sticky` fails with every batch, `sticky once`
fails once and is well after the next start, `gone` is not there, `sticky gone` fails once and is not there after that,
`full` has room for half a batch only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import ray
import torch

from pipelines.frames import InstanceBatch, Painted
from pipelines.on_ray import films
from pipelines.on_ray.metrics import MeteredPaint
from pipelines.painting import device, paint, painter
from pipelines.painting.colorize import Colorize

STICKY = "CUDA error: unspecified launch failure\nCUDA kernel errors might be asynchronously reported"
FULL = "GET was unable to find an engine to execute this computation"
GONE = "no CUDA device here"
POISON = 250
"""Least lightness of a picture, of 255, on which any GPU fails."""


class SimulatedPaint(MeteredPaint):
    """The painting of the product on a GPU that Ray counts."""

    def __init__(self, folder: Path, asked: str) -> None:
        assert asked == "cuda"
        (number,) = ray.get_gpu_ids()
        card = Card(folder / str(number))
        device.unusable_cuda = card.unusable  # type: ignore[assignment]
        painter.find_device = on_cpu  # type: ignore[attr-defined]
        paint.kind_of = lambda _: "Simulated, cuDNN 0"  # type: ignore[attr-defined]
        paint.Colorize = partial(SimulatedColorize, card=card)  # type: ignore[attr-defined]
        super().__init__(asked)


def on_cpu(name: str) -> torch.device:
    """The device that computes in a GPU's place, where that can be used."""
    device.find_device(name)
    return torch.device("cpu")


@dataclass
class Card:
    """A GPU, by the file that says what it does wrong."""

    file: Path
    is_broken: bool = False
    """Whether it has failed in this process."""

    @property
    def fault(self) -> str:
        return self.file.read_text() if self.file.exists() else ""

    def unusable(self, number: int = 0) -> str | None:
        return GONE if self.fault == "gone" else None

    def compute(self, lightness: Any, batch: int) -> None:
        """Fails as CUDA does."""
        fault = self.fault
        if fault == "full" and batch > 2:
            raise RuntimeError(FULL)
        if fault.startswith("sticky"):
            self.is_broken = True
            self.file.write_text({"sticky once": "", "sticky gone": "gone"}.get(fault, fault))
        if self.is_broken or bool((lightness >= POISON).all()):
            self.is_broken = True
            raise torch.AcceleratorError(STICKY)


@dataclass
class SimulatedColorize(Colorize):
    """The network on a GPU that may fail."""

    card: Card = None  # type: ignore[assignment]

    def __call__(self, batch: InstanceBatch) -> Painted:
        self.card.compute(batch.anchors.lightness, self.painter.batch)
        return super().__call__(batch)


def simulate(monkeypatch: pytest.MonkeyPatch, folder: Path, faults: dict[int, str]) -> None:
    """Pools of GPUs that are opened from now on have these faults, by the GPU's number on its node."""
    folder.mkdir()
    for number, fault in faults.items():
        (folder / str(number)).write_text(fault)
    made: Callable[[str], MeteredPaint] = partial(SimulatedPaint, folder)
    monkeypatch.setattr(films, "MeteredPaint", made)
