"""The published networks with weights that anybody can make again, and what their authors' code gives with these."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn

from models.networks import NETWORKS, made_of, state_of_published
from models.published.normed_weights import published_shapes
from tests.made.rule import by_rule

GOLDEN = Path(__file__).parent / "golden"
OF_SEVERAL_FILES = ("instcolor", "gcp")
SMALL: dict[str, dict[str, object]] = {
    "ddcolor": {"depths": [1, 1, 2, 1], "widths": [8, 16, 24, 32], "width": 32, "queries": 10, "layers": 4},
    "deoldify": {"depths": [1, 1, 1, 1], "stem": 8, "raised": [16, 16, 16, 8], "outputs": [16, 16, 16, 8]},
}
"""Configs of small twins of networks that are large, by the first part of their names."""


def golden(name: str) -> dict[str, NDArray[np.float32]]:
    """What went into the authors' code, and what came out."""
    with np.load(GOLDEN / f"{name}.npz") as file:
        return dict(file)


def config_of(name: str, is_small: bool) -> dict[str, object]:
    """The network's config: the published one, or that of its small twin where it is large."""
    return SMALL.get(name.partition("-")[0], {}) if is_small else {}


def published_by_rule(name: str, is_small: bool = False) -> dict[str, Tensor]:
    """The tensors of a published file; networks of several files are filled by the bare keys of each."""
    kind = NETWORKS[name]
    with torch.device("meta"):
        network = kind.published() if kind.published else kind.make(config_of(name, is_small))
    if name not in OF_SEVERAL_FILES:
        return by_rule(published_shapes(network))
    parts = {part: by_rule(published_shapes(child)) for part, child in network.named_children()}
    return {f"{part}.{key}": value for part, state in parts.items() for key, value in state.items()}


def state_by_rule(name: str, is_small: bool = False) -> dict[str, Tensor]:
    """The state of a network whose published file was made by the rule."""
    return state_of_published(name, published_by_rule(name, is_small), config_of(name, is_small))


@lru_cache(3)
def network_by_rule(name: str, is_small: bool = False) -> nn.Module:
    """The network with these weights, in evaluation mode; the last are kept, as filling one takes seconds."""
    network = made_of(name, config_of(name, is_small), state_by_rule(name, is_small))
    return network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def save_about(name: str, folder: Path) -> Path:
    """A file that says it holds the weights of a network, but does not."""
    path = folder / f"{name}.safetensors"
    save_file({"none": torch.zeros(1)}, path, {"format": "pt", "network": name})
    return path


def save_by_rule(name: str, folder: Path, is_small: bool = False) -> Path:
    """Weights by the rule as a file of the product's own kind."""
    path = folder / f"{name}.safetensors"
    # a file keeps none that are shared
    state = {key: value.contiguous().clone() for key, value in state_by_rule(name, is_small).items()}
    save_file(state, path, {"format": "pt", "network": name, "config": json.dumps(config_of(name, is_small))})
    return path
