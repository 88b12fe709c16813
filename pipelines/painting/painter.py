"""A network ready to paint: its weights loaded, on its device, with what finds instances for it."""

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
from pipelines.painting.choice import completed, find_device, weights_of
from pipelines.painting.finder import Finder, MaskRcnnFinder, OwnFinder
from pipelines.settings import PaintSettings


@dataclass(frozen=True)
class Painter:
    """What the stages that paint share."""

    settings: PaintSettings
    """Completed."""
    device: torch.device
    network: nn.Module
    find: Finder | None
    """None: no instances are looked for."""
    temperature: float
    """T of the annealed mean, for networks that have one."""
    finish: Finish


def open_painter(settings: PaintSettings) -> Painter:
    """Loads the network that the settings name, and what finds instances for it.

    Raises:
        FileNotFoundError: there is no such network.
        ValueError: its file is none of a network that is known, it does not take what the settings ask of it, or the
            device is missing.
    """
    device, settings = find_device(settings.device), completed(settings)
    files = weights_of(settings)
    network, metadata = load_network(files["weights"])
    network = _ready(network, device)
    kind = NETWORKS[metadata["network"]]
    temperature = settings.temperature or float(metadata.get("temperature", kind.temperature or 1))
    own = Finish.of(metadata)
    finish = replace(own, saturation=settings.saturation * own.saturation)
    find = open_finder(settings, device, network) if settings.instances else None
    return Painter(settings, device, network, find, temperature, finish)


def open_finder(settings: PaintSettings, device: torch.device, network: nn.Module | None = None) -> Finder:
    """What finds instances, as the settings say.

    Args:
        settings: completed or not.
        device: where it runs.
        network: the one that paints; where it can find instances itself, it does.

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
