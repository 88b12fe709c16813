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


def golden(name: str) -> dict[str, NDArray[np.float32]]:
    """What went into the authors' code, and what came out."""
    with np.load(GOLDEN / f"{name}.npz") as file:
        return dict(file)


def published_by_rule(name: str) -> dict[str, Tensor]:
    """The tensors of a published file; networks of several files are filled by the bare keys of each."""
    kind = NETWORKS[name]
    with torch.device("meta"):
        network = kind.published() if kind.published else kind.make({})
    if name not in OF_SEVERAL_FILES:
        return by_rule(published_shapes(network))
    parts = {part: by_rule(published_shapes(child)) for part, child in network.named_children()}
    return {f"{part}.{key}": value for part, state in parts.items() for key, value in state.items()}


def state_by_rule(name: str) -> dict[str, Tensor]:
    """The state of a network whose published file was made by the rule."""
    return state_of_published(name, published_by_rule(name))


@lru_cache(3)
def network_by_rule(name: str) -> nn.Module:
    """The network with these weights, in evaluation mode; the last are kept, as filling one takes seconds."""
    network = made_of(name, {}, state_by_rule(name))
    return network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def save_about(name: str, folder: Path) -> Path:
    """A file that says it holds the weights of a network, but does not."""
    path = folder / f"{name}.safetensors"
    save_file({"none": torch.zeros(1)}, path, {"format": "pt", "network": name})
    return path


def save_by_rule(name: str, folder: Path) -> Path:
    """Weights by the rule as a file of the product's own kind."""
    path = folder / f"{name}.safetensors"
    state = {key: value.clone() for key, value in state_by_rule(name).items()}  # a file keeps none that are shared
    save_file(state, path, {"format": "pt", "network": name, "config": json.dumps({})})
    return path
