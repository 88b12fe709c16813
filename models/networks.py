"""The networks by name."""

from typing import Any

import torch
from torch import Tensor, nn

from models.compact.network import Compact, CompactConfig
from models.kind import Kind, Sees
from models.paint import compact_logits, eccv16_logits, with_hints, with_instances
from models.published.eccv16 import Eccv16
from models.published.instcolor import InstColor, InstColorConfig
from models.published.siggraph17 import Siggraph17
from models.published.strict import misfit
from models.published.trunk import SIDE


def _compact(config: dict[str, Any]) -> Compact:
    lists = {key: tuple(value) if isinstance(value, list) else value for key, value in config.items()}
    return Compact(CompactConfig(**lists))


NETWORKS = {
    "compact": Kind(
        _compact,
        Sees(192, is_square=False),
        "distribution",
        compact_logits,
        takes=("instances",),
        temperature=0.38,
    ),
    "eccv16": Kind(
        lambda config: Eccv16(**config), Sees(SIDE), "distribution", eccv16_logits, temperature=1.0, motion_rows=256
    ),
    "siggraph17": Kind(
        lambda config: Siggraph17(**config), Sees(SIDE), run=with_hints, takes=("hints",), motion_rows=256
    ),
    "instcolor": Kind(
        lambda config: InstColor(InstColorConfig(**config)),
        Sees(SIDE),
        run=with_instances,
        takes=("instances",),
        instances=8,
        motion_rows=256,
    ),
}
"""By name, each with all that the program knows of it: a network is a file of layers and an entry here."""


def made_of(name: str, config: dict[str, object], state: dict[str, Tensor]) -> nn.Module:
    """The network of this name with these tensors.

    Raises:
        TypeError: the config is not one of this network.
        ValueError: tensors are missing, too many or misshapen; it names them.
    """
    with torch.device("meta"):  # no time is spent on numbers that are overwritten
        network = NETWORKS[name].make(config)
    load_strictly(network, state)
    return network


def load_strictly(network: nn.Module, state: dict[str, Tensor]) -> None:
    """Gives the network the tensors, in the types that it has them in.

    Raises:
        ValueError: tensors are missing, too many or misshapen; it names them.
    """
    own = network.state_dict()
    fault = misfit({key: value.shape for key, value in own.items()}, state)
    if fault:
        raise ValueError(fault)
    network.load_state_dict({key: value.to(own[key].dtype) for key, value in state.items()}, strict=True, assign=True)
