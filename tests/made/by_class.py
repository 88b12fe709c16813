"""Training by class as small as can be: a few drawn pictures of three classes, networks of two channels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from models.published.biggan import Discriminator
from pipelines.training.bigcolor import BigColorTrainer
from pipelines.training.biggan import BigGanTrainer
from pipelines.training.biggan_config import BigColorRun, BigGanRun
from pipelines.training.examples import Sources
from pipelines.training.loop import run

SMALL = BigGanRun(
    steps=3, batch=2, width=2, side=64, noise=10, shared=4, attention=0, held_out=0, workers=0, learning_rate=1e-3
)
SMALL_COLOUR = BigColorRun(
    steps=3, batch=2, width=2, side=64, noise=10, shared=4, attention=0, held_out=0, workers=0, learning_rate=1e-3
)
CPU = torch.device("cpu")
COLOURS = {"reds": (200, 40, 40), "blues": (30, 60, 200), "grays": (120, 120, 120)}


def coloured_folders(folder: Path) -> Path:
    """Four pictures of a colour in a folder of its name each; the grays have none."""
    for name, colour in COLOURS.items():
        (folder / name).mkdir(parents=True)
        for number in range(4):
            picture = np.full((70, 80, 3), colour, np.uint8)
            picture[10 * number : 10 * number + 20] //= 2
            Image.fromarray(picture).save(folder / name / f"{name}{number}.png")
    return folder


def scored_as(
    discriminator: Discriminator, true: list[float], false: list[float], monkeypatch: pytest.MonkeyPatch
) -> list[tuple[Tensor, Tensor]]:
    """Gives a discriminator scores of true and made pictures; the list of pictures and classes that it is asked about.

    It is asked about all of them in one call, or about the made ones.
    """
    asked: list[tuple[Tensor, Tensor]] = []
    weight, scores = next(discriminator.parameters()), torch.tensor([*true, *false])[:, None]

    def score(_: object, pictures: Tensor, classes: Tensor) -> Tensor:
        asked.append((pictures.detach().clone(), classes))
        return scores[-len(pictures) :] + 0 * pictures.sum() + 0 * weight.sum()

    monkeypatch.setattr(type(discriminator), "score", score)
    return asked


def train_biggan(sources: Sources, config: BigGanRun, out: Path) -> None:
    run(lambda: BigGanTrainer(sources, config, CPU), sources, config, out, log=str)


def train_bigcolor(sources: Sources, config: BigColorRun, out: Path, start: Path | None = None) -> None:
    run(lambda: BigColorTrainer(sources, config, start, CPU), sources, config, out, start=start, log=str)
