"""A network ready to paint: its weights loaded, on its device, with a detector of instances."""

from dataclasses import dataclass, replace

import torch
from torch import nn

from models.colour.finish import Finish
from models.compact.fold import can_fold, folded
from models.compact.network import Compact
from models.judges.maskrcnn import load_maskrcnn
from models.networks import NETWORKS
from models.weights.catalogue import find_weights
from models.weights.files import load_network
from pipelines.painting.choice import Chosen, find_device
from pipelines.painting.finder import Finder, MaskRcnnFinder, OwnFinder
from pipelines.settings import PaintSettings


@dataclass(frozen=True)
class Painter:
    """A loaded network, and how it is run."""

    device: torch.device
    network: nn.Module
    batch: int
    """Anchors in one pass of the network."""
    instances: int
    """Most instances of an anchor that are looked for."""
    find: Finder | None
    """None: no instances are looked for."""
    temperature: float
    """T of the annealed mean, for networks that have one."""
    finish: Finish


def open_painter(chosen: Chosen) -> Painter:
    """Loads a network that was chosen on this machine or on another, and its detector of instances.

    Raises:
        FileNotFoundError: its weights, or those of its detector, are not on this machine.
        ValueError: their files are of something else, or the device is missing here.
    """
    asked, device = chosen.asked, find_device(chosen.device.type)
    network, metadata = load_network(find_weights(asked.network, asked.weights_dir))
    network = _ready(network, device)
    kind = NETWORKS[metadata["network"]]
    temperature = asked.temperature or float(metadata.get("temperature", kind.temperature or 1))
    own = Finish.of(metadata)
    finish = replace(own, saturation=asked.saturation * own.saturation)
    find = open_finder(asked, device, network) if chosen.instances else None
    return Painter(device, network, asked.batch, chosen.instances, find, temperature, finish)


def open_finder(settings: PaintSettings, device: torch.device, network: nn.Module | None = None) -> Finder:
    """The detector of instances that the settings ask for.

    Args:
        settings: which detector, from which score.
        device: where it runs.
        network: the one that paints, which finds instances itself where it can.

    Raises:
        FileNotFoundError: the detector's weights are not here.
        ValueError: they are of something else, or the detector needs what is not installed.
    """
    score = {} if settings.least_score is None else {"least_score": settings.least_score}
    if settings.detector == "maskrcnn":
        path = find_weights("maskrcnn", settings.weights_dir)
        return MaskRcnnFinder(load_maskrcnn(path).to(device), **score)
    if isinstance(network, Compact):
        return OwnFinder(network, is_painter=True, **score)
    own, _ = load_network(find_weights(settings.detector))
    return OwnFinder(_ready(own, device), is_painter=False, **score)  # type: ignore[arg-type]  # the one that ships


def _ready(network: nn.Module, device: torch.device) -> nn.Module:
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return folded(network) if device.type == "cpu" and can_fold() else network
