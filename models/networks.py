"""The networks by name."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.compact.network import Compact, CompactConfig
from models.published.eccv16 import Eccv16
from models.published.instcolor import InstColor, InstColorConfig
from models.published.siggraph17 import Siggraph17
from models.published.strict import misfit
from models.published.trunk import SIDE


@dataclass(frozen=True)
class Kind:
    """A network's maker, and its defaults where neither the settings nor its weights give a value."""

    make: Callable[[dict[str, object]], nn.Module]
    """From the config that its weights name."""
    rows: int
    """Short side, in pixels, of the pictures that it takes."""
    temperature: float | None = None
    """T of its annealed mean; None: it has none."""
    instances: int | None = None
    """Maximum of instances in a frame that it colours on their own; None: it cannot."""
    takes_hints: bool = False


def _compact(config: dict[str, object]) -> Compact:
    lists = {key: tuple(value) if isinstance(value, list) else value for key, value in config.items()}
    return Compact(CompactConfig(**lists))  # type: ignore[arg-type]


NETWORKS = {
    "compact": Kind(_compact, rows=192, temperature=0.38, instances=0),
    "eccv16": Kind(lambda config: Eccv16(**config), rows=SIDE, temperature=1.0),
    "siggraph17": Kind(lambda config: Siggraph17(**config), rows=SIDE, takes_hints=True),  # type: ignore[arg-type]
    "instcolor": Kind(lambda config: InstColor(InstColorConfig(**config)), rows=SIDE, instances=8),  # type: ignore[arg-type]
}


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
