"""Weights that anybody can make again: each tensor is drawn from the CRC-32 of its key, by one rule."""

from __future__ import annotations

import hashlib
import math
import zlib
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
"""Buffers of DDColor's files; they keep their values."""


def by_rule(shapes: Mapping[str, torch.Size]) -> dict[str, Tensor]:
    """A tensor for each key: float32, and int64 for `num_batches_tracked`."""
    return {key: _tensor(key, shapes) for key in shapes}


def digest_of(state: Mapping[str, Tensor]) -> str:
    """First 16 digits of the sha256 over sorted keys and their tensors' bytes: whether weights were made alike."""
    digest = hashlib.sha256()
    for key in sorted(state):
        digest.update(key.encode())
        digest.update(state[key].contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def _tensor(key: str, shapes: Mapping[str, torch.Size]) -> Tensor:
    if key.endswith("num_batches_tracked"):
        return torch.zeros(shapes[key], dtype=torch.int64)
    if key in IMAGENET:
        return torch.tensor(IMAGENET[key]).reshape(shapes[key])
    weight = _normalised(key, shapes)
    values = _values(key, tuple(shapes[key])) if weight is None else _singular_vector(key, weight, shapes)
    return torch.from_numpy(values).float()


def _drawn(key: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    return np.random.default_rng(zlib.crc32(key.encode())).standard_normal(shape)


def _values(key: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    x = _drawn(key, shape)
    if key.endswith(("running_mean", "stored_mean")):
        return 0.1 * x
    if key.endswith(("running_var", "stored_var")):
        return 1 + 0.1 * np.abs(x)
    if key.rpartition(".")[2] == "gamma":
        return np.asarray(0.3 + 0.05 * x)
    if key.endswith("bn3.weight"):
        return 0.2 * (1 + 0.1 * x)
    if len(shape) >= 2 and not key.endswith("weight_g"):  # of weight norm
        return x * math.sqrt(2 / math.prod(shape[1:]))
    return 1 + 0.1 * x if key.endswith((".weight", "weight_g")) else 0.05 * x


def _normalised(key: str, shapes: Mapping[str, torch.Size]) -> str | None:
    """The key of the weight whose spectral norm this vector tells; None: it is no such vector."""
    stem, _, last = key.rpartition("_")
    if last not in ("u", "v") or not stem.endswith("weight"):
        return None
    return next((stem + end for end in ("_orig", "_bar") if stem + end in shapes), None)


def _singular_vector(key: str, weight: str, shapes: Mapping[str, torch.Size]) -> NDArray[np.float64]:
    stem = key.rpartition("_")[0]
    u = _drawn(stem + "_u", tuple(shapes[stem + "_u"]))
    u /= np.linalg.norm(u)
    if key.endswith("_u"):
        return u
    values = _values(weight, tuple(shapes[weight]))
    v = values.reshape(len(values), -1).T @ u
    return v / np.linalg.norm(v)
