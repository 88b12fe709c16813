"""The published networks with weights that anybody can make again, and what their authors' code gives with these."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn

from models.networks import NETWORKS, made_of
from tests.made.rule import by_rule

GOLDEN = Path(__file__).parent / "golden"


def golden(name: str) -> dict[str, NDArray[np.float32]]:
    """What went into the authors' code, and what came out."""
    with np.load(GOLDEN / f"{name}.npz") as file:
        return dict(file)


def shapes_of(network: nn.Module) -> dict[str, torch.Size]:
    """The keys of a network's state, as its file has them."""
    return {key: value.shape for key, value in network.state_dict().items()}


def state_by_rule(name: str) -> dict[str, Tensor]:
    """The state of a published network; each of instcolor's three is filled by the keys of its own file."""
    with torch.device("meta"):
        network = NETWORKS[name].make({})
    if name != "instcolor":
        return by_rule(shapes_of(network))
    fusion = by_rule(shapes_of(network.get_submodule("fusion")))  # the other two have some of the same keys
    keys = [key.split(".", 1) for key in network.state_dict()]
    return {f"{part}.{key}": fusion[key] for part, key in keys}


@cache
def network_by_rule(name: str) -> nn.Module:
    """The network with these weights, in evaluation mode; kept for the session, as filling it takes seconds."""
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
