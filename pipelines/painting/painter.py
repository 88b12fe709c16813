"""A network ready to paint: its weights loaded, on its device, with what finds instances for it."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from models.compact import Compact
from models.finish import Finish
from models.fold import can_fold, folded
from models.maskrcnn import load_maskrcnn
from models.networks import NETWORKS, Kind
from models.published import weights_digest
from models.weights import find_weights, load_network, network_of
from pipelines.painting.finder import Finder, MaskRcnnFinder, OwnFinder
from pipelines.settings import PaintSettings


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


def weights_of(settings: PaintSettings) -> dict[str, Path]:
    """The files of weights that a run needs: of the network, and of the detector where it is another.

    Raises:
        FileNotFoundError: one is not here.
        ValueError: the network's file is none of a network that is known.
    """
    network = find_weights(settings.network, settings.weights_dir)
    if not settings.instances or network_of(network) == settings.detector:
        return {"weights": network}
    return {"weights": network, "detector": find_weights(settings.detector, settings.weights_dir)}


def named_by_digests(settings: PaintSettings) -> tuple[PaintSettings, dict[str, str]]:
    """The settings without names of files, and instead the sha256 of what these hold: the same wherever they lie."""
    digests = {of: weights_digest(path) for of, path in weights_of(settings).items()}
    return replace(settings, network="", weights_dir=None), digests


def completed(settings: PaintSettings) -> PaintSettings:
    """The settings, with what they leave to the network filled in.

    Raises:
        FileNotFoundError: there is no such network.
        ValueError: it is not known, or does not take what the settings ask of it.
    """
    name = network_of(find_weights(settings.network, settings.weights_dir))
    kind = NETWORKS[name]
    instances = (kind.instances or 0) if settings.instances is None else settings.instances
    settings = replace(settings, rows=settings.rows or kind.rows, instances=instances)
    _check(name, kind, settings)
    return settings


def _check(name: str, kind: Kind, settings: PaintSettings) -> None:
    if settings.instances and kind.instances is None:
        raise ValueError(f"{name} does not colour instances on their own; --network instcolor and compact do")
    if settings.detector == "maskrcnn" and not settings.instances:
        raise ValueError("--detector maskrcnn finds things for --instances, which is off; add --instances N")
    if settings.temperature is not None and kind.temperature is None:
        raise ValueError(f"{name} has no distribution that a temperature would sharpen; leave it out")


def check_takes_hints(settings: PaintSettings) -> None:
    """Raises ValueError where the network takes no colours from a person."""
    name = network_of(find_weights(settings.network, settings.weights_dir))
    if not NETWORKS[name].takes_hints:
        others = ", ".join(other for other, kind in NETWORKS.items() if kind.takes_hints)
        raise ValueError(f"{name} takes no hints; --network {others} does")


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
