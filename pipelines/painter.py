"""A network ready to paint: its weights loaded, on its device."""

from dataclasses import dataclass

import torch
from torch import nn

from models.fold import can_fold, folded
from models.weights import find_weights, load_network
from pipelines.settings import PaintSettings

DEFAULT_TEMPERATURE = 0.38
"""The paper's, for weights that name none."""


def find_device(name: str) -> torch.device:
    """The device to colour on: auto | cpu | cuda.

    Raises:
        ValueError: cuda is asked for and there is none.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("no CUDA device here; --device cpu runs without one")
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(name)


@dataclass(frozen=True)
class Painter:
    """What the stages that paint share."""

    settings: PaintSettings
    device: torch.device
    network: nn.Module
    temperature: float
    """T of the annealed mean."""
    saturation: float
    """Factor on ab."""


def open_painter(settings: PaintSettings) -> Painter:
    """Loads the network that the settings name.

    Raises:
        FileNotFoundError: there is no such network.
        ValueError: its file is none of a network that is known, or the device is missing.
    """
    device = find_device(settings.device)
    network, metadata = load_network(find_weights(settings.network))
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    if device.type == "cpu" and can_fold():
        network = folded(network)
    temperature = settings.temperature or float(metadata.get("temperature", DEFAULT_TEMPERATURE))
    saturation = settings.saturation * float(metadata.get("saturation", 1))
    return Painter(settings, device, network, temperature, saturation)
