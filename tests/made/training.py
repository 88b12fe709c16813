"""Training as small as can be: drawn pictures, a narrow network, a few steps."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from models.colour.bins import BINS
from models.compact.mobilenet import BLOCKS
from models.compact.network import Compact, CompactConfig
from pipelines.training.config import TrainConfig
from pipelines.training.examples import Sources
from pipelines.training.run import train
from pipelines.training.stages import Batch

SMALL = CompactConfig(widths=(32, 24, 16, 16))
CAT = 15
PICTURES = 6
CONFIG = TrainConfig(steps=3, batch=2, crop=32, warmup=1, held_out=0, prior_pictures=2, frozen_layers=16, workers=0)
"""As small as can be; the first layers are the expensive ones."""
WHOLE_ENCODER = 19
"""Layers."""
Told = dict[str, float]


def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs train a narrow network whose encoder does not expand, a quarter of the work, and log every step."""
    monkeypatch.setattr("models.compact.mobilenet.BLOCKS", [(1, *rest) for _, *rest in BLOCKS])
    monkeypatch.setattr("pipelines.training.begin.CompactConfig", partial(CompactConfig, SMALL.widths))
    monkeypatch.setattr("pipelines.training.loop.LOGGED_EVERY", 1)


def draw_sources(folder: Path) -> Sources:
    """Drawn pictures: a bright yellow thing, and a smaller red one, on dark blue."""
    lines = []
    for number in range(PICTURES):
        picture = np.full((48, 64, 3), (10, 20, 90), np.uint8)
        left, top = 4 + 4 * number, 4 + 2 * number
        picture[top : top + 28, left : left + 30] = (240, 220, 60)
        picture[36:46, 50:62] = (170, 30, 30)
        Image.fromarray(picture).save(folder / f"{number:04d}.png")
        boxes = [
            [left / 64, top / 48, (left + 30) / 64, (top + 28) / 48, CAT, 0.9],
            [50 / 64, 0.75, 62 / 64, 46 / 48, 3, 0.2],
        ]
        lines.append(json.dumps({"key": f"{number:04d}", "boxes": boxes}))
    table = folder / "boxes.jsonl"
    table.write_text("\n".join(lines))
    return Sources([folder], boxes=table)


def run(sources: Sources, out: Path, config: TrainConfig = CONFIG, start: Path | None = None, **how: int) -> list[Told]:
    """Trains, and gives the terms of the loss that each step logged."""
    told: list[Told] = []

    def log(line: str) -> None:
        if line.startswith("step"):
            told.append({name: float(value) for name, value in re.findall(r"  ([a-z-]+) ([\d.]+)(?=  )", line)})

    train(sources, config, out, start=start, log=log, **how)
    return told


class StoppedError(Exception):
    """A run was killed."""


def stopped_after(step: int, train: Callable[..., object]) -> None:
    """Trains until the step after this one has been taken, but not written down; takes lines at each step."""

    def log(line: str) -> None:
        if line.startswith(f"step {step + 1}/"):
            raise StoppedError

    with pytest.raises(StoppedError):
        train(log=log, checkpoint_every=step)


def checkpoint_of(out: Path) -> dict[str, dict[str, Tensor]]:
    return torch.load(out.with_suffix(".checkpoint"), weights_only=True)


def are_equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def batch(pictures: int = 2, *boxes: tuple[float, ...]) -> Batch:
    light = torch.rand(pictures, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    rows = torch.full((pictures, 20, 6), -1.0)
    if boxes:
        rows[:, : len(boxes)] = torch.tensor(boxes)
    return Batch(light, rows, torch.ones(BINS))


def network() -> Compact:
    torch.manual_seed(0)
    return Compact(SMALL).train()
