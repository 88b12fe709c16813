"""Pictures, boxes and a classifier to measure networks with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import save_file

from models.judges.classifier import Classifier

LEFT_HALF = (0.0, 0.0, 0.5, 1.0)
RIGHT_HALF = (0.5, 0.0, 1.0, 1.0)
PERSON, CAR, DOG, CUP = 0, 2, 16, 41


def boxes(*rows: tuple[float, ...]) -> NDArray[np.float32]:
    return np.array(rows, np.float32).reshape(-1, 6)


def drawn(number: int, height: int = 64, width: int = 96) -> NDArray[np.uint8]:
    """Coloured waves."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    waves = [np.sin(x / (5 + number + c) + c) + np.cos(y / (7 + c)) for c in range(3)]
    return np.rint(np.stack(waves, axis=-1) * 50 + 128).astype(np.uint8)


def save_pictures(folder: Path) -> Path:
    """Five pictures, the last two of other shapes."""
    for number, size in enumerate([(64, 96), (64, 96), (64, 96), (96, 64), (48, 200)]):
        Image.fromarray(drawn(number, *size)).save(folder / f"{number:06}.png")
    return folder


def save_classifier(path: Path) -> Path:
    """Weights of a classifier that knows nothing."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        state = Classifier().state_dict()
    save_file(state, path)
    return path
