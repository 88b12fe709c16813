"""A network ready to paint: its weights loaded, on its device, with a detector of instances."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import nn

from models.colour.finish import Finish
from models.compact.fold import can_fold, folded, ready_for_gpu
from models.judges.maskrcnn import load_maskrcnn
from models.kind import Kind
from models.networks import NETWORKS
from models.weights.catalogue import find_weights
from models.weights.files import load_network
from pipelines.painting.choice import Chosen
from pipelines.painting.device import find_device, half_precision
from pipelines.painting.finder import Finder, MaskRcnnFinder, OwnFinder
from pipelines.settings import PaintSettings


@dataclass(frozen=True)
class Painter:
    """A loaded network, and how it is run."""

    device: torch.device
    kind: Kind
    network: nn.Module
    rows: int
    """Of the pictures that the network is shown, see `models.kind.Sees`."""
    batch: int
    """Anchors in one pass of the network."""
    instances: int
    """Most instances of an anchor that are looked for."""
    find: Finder | None
    """None: no instances are looked for."""
    temperature: float
    """T of the annealed mean, for networks that have one."""
    finish: Finish


@dataclass(frozen=True)
class Loaded:
    """A network and its detector on a device, shared by all settings that run them."""

    device: torch.device
    network: nn.Module
    metadata: dict[str, str]
    """Of its weights."""
    find: Finder | None


def load(chosen: Chosen) -> Loaded:
    """Loads a network that was chosen on this machine or on another, and its detector of instances.

    Raises:
        FileNotFoundError: its weights, or those of its detector, are not on this machine.
        ValueError: their files are of something else.
        NoDeviceError: the device cannot be used here.
    """
    asked, device = chosen.asked, find_device(chosen.device.type)
    network, metadata = load_network(find_weights(asked.network, asked.weights_dir))
    network = ready(NETWORKS[metadata["network"]], network, device)
    own = network if metadata["network"] == asked.detector else None
    return Loaded(device, network, metadata, open_finder(asked, device, own) if chosen.instances else None)


def open_painter(chosen: Chosen, load: Callable[[Chosen], Loaded] = load) -> Painter:
    """A network ready to paint as it was chosen.

    Args:
        chosen: the network.
        load: `load`, or a cache of it.

    Raises:
        FileNotFoundError, ValueError, NoDeviceError: as `load` does.
    """
    asked, loaded = chosen.asked, load(_loadable(chosen))
    device, network, find = loaded.device, loaded.network, loaded.find
    kind = NETWORKS[loaded.metadata["network"]]
    temperature = asked.temperature or float(loaded.metadata.get("temperature", kind.temperature or 1))
    finish = Finish.of(loaded.metadata)
    finish = replace(finish, saturation=asked.saturation * finish.saturation)
    return Painter(device, kind, network, chosen.rows, chosen.batch, chosen.instances, find, temperature, finish)


def _loadable(chosen: Chosen) -> Chosen:
    """The part of a choice on which it depends what is loaded."""
    asked = chosen.asked
    kept = PaintSettings(asked.network, asked.weights_dir, detector=asked.detector, least_score=asked.least_score)
    return replace(chosen, asked=kept, rows=0, motion_rows=0, batch=1, instances=min(1, chosen.instances))


def open_finder(settings: PaintSettings, device: torch.device, painting: nn.Module | None = None) -> Finder:
    """The detector of instances that the settings ask for.

    Args:
        settings: which detector, from which score.
        device: where it runs.
        painting: the network that paints, where it is the detector too.

    Raises:
        FileNotFoundError: the detector's weights are not here.
        ValueError: they are of something else, or the detector needs what is not installed.
    """
    score = {} if settings.least_score is None else {"least_score": settings.least_score}
    if settings.detector == "maskrcnn":
        path = find_weights("maskrcnn", settings.weights_dir)
        return MaskRcnnFinder(load_maskrcnn(path).to(device), **score)
    if painting is not None:
        return OwnFinder(painting, is_painter=True, **score)  # type: ignore[arg-type]  # it is of the detector's kind
    own, _ = load_network(find_weights(settings.detector))
    own = ready(NETWORKS[settings.detector], own, device)
    return OwnFinder(own, is_painter=False, **score)  # type: ignore[arg-type]  # the one that ships


def ready(kind: Kind, network: nn.Module, device: torch.device) -> nn.Module:
    """The network on its device, with what autocast would do anew at each call done once."""
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    if not (kind.in_bf16 and kind.is_folded):
        return network
    if device.type == "cpu":
        return folded(network) if can_fold() else network
    return ready_for_gpu(network, half_precision(device))
