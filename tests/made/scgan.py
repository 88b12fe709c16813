"""Training of SCGAN as small as can be: drawn pictures with maps, a network of one channel."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from pipelines.training import loop
from pipelines.training.examples import Sources
from pipelines.training.scgan import ScganTrainer
from pipelines.training.scgan_config import ScganConfig
from tests.made.training import PICTURES

SMALL = ScganConfig(steps=2, batch=2, width=1, side=64, held_out=0, workers=0)
CPU = torch.device("cpu")


def zipped(path: Path, maps: dict[str, np.ndarray]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for key, values in maps.items():
            png = BytesIO()
            Image.fromarray(values).save(png, "PNG")
            archive.writestr(f"{key}.png", png.getvalue())
    return path


def with_maps(sources: Sources, path: Path) -> Sources:
    """All pictures but the last one have a map, whose left half is salient."""
    left = np.zeros((12, 16), np.uint8)
    left[:, :8] = 255
    maps = zipped(path, {f"{number:04d}": left for number in range(PICTURES - 1)})
    return Sources(sources.images, others={"saliency": maps})


def train(sources: Sources, config: ScganConfig, out: Path, start: Path | None = None, **how: object) -> list[str]:
    """Trains, and gives what was logged, unless `log` among `how` takes it."""
    lines: list[str] = []
    given = {"log": lines.append} | how
    loop.run(lambda: ScganTrainer(sources, config, start, CPU), sources, config, out, start=start, **given)
    return lines
