"""Which network colours, on which device, from which files of weights."""

from dataclasses import replace
from pathlib import Path

import torch

from models.networks import NETWORKS, Kind
from models.weights.catalogue import find_weights, weights_digest
from models.weights.files import network_of
from pipelines.errors import SettingsError
from pipelines.settings import PaintSettings, Settings


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


def find_network(where: Path | str, settings: Settings, has_pool: bool = False) -> tuple[torch.device, Settings]:
    """The device to colour on, and the settings that name it, with what they leave to the network filled in.

    Raises:
        SettingsError: there is no such network or device here, or it does not take what the settings ask of it.
    """
    try:
        device = torch.device(settings.paint.device) if has_pool else find_device(settings.paint.device)
        paint = completed(settings.paint)
        weights_of(paint)
        if settings.hints:
            check_takes_hints(paint)
    except (FileNotFoundError, ValueError) as error:
        raise SettingsError(where, str(error)) from error
    return device, replace(settings, paint=replace(paint, device=device.type))  # type: ignore[arg-type]
