"""Weights with which training of SCGAN begins: a run's own, or those that its authors began with."""

import json
from pathlib import Path

from models.published.scgan import Scgan
from models.published.spectral_training import begin_as_scgan, with_scgan_norm
from models.weights.files import load_network, network_of, read_weights
from pipelines.training.scgan_config import ScganConfig

SHAPE = ("has_saliency", "width", "side")
"""Settings of the network, in the config of its weights."""


def shape_of(config: ScganConfig) -> dict[str, int]:
    """Settings of the network, by name."""
    return {"has_saliency": config.saliency_weight > 0, "width": config.width, "side": config.side}


def begun(start: Path | None, config: ScganConfig) -> Scgan:
    """The generator with these weights, or with those that its authors began with, ready to be trained.

    Raises:
        ValueError: the file holds weights of another network, or of another width, side or branches.
    """
    network = Scgan(**shape_of(config))  # type: ignore[arg-type]
    if start is None:
        begin_as_scgan(network)
    else:
        if network_of(start) != "scgan":
            raise ValueError(f"{start}: weights of {network_of(start)}, not of scgan")
        own = {"has_saliency": True, "width": 64, "side": 256} | json.loads(read_weights(start)[1].get("config", "{}"))
        wanted = shape_of(config)
        if own != wanted:
            differences = ", ".join(f"{name} is {own[name]}, not {wanted[name]}" for name in SHAPE)
            raise ValueError(f"{start}: a network of another shape ({differences}); set what it has, or start anew")
        network.load_state_dict(load_network(start)[0].state_dict())
    with_scgan_norm(network)
    return network


def saliency_network(path: Path) -> Scgan:
    """A network that finds saliency, frozen.

    Raises:
        ValueError: these are weights of another network, or of one without that branch.
    """
    network, _ = load_network(path)
    if not isinstance(network, Scgan) or not hasattr(network, "attention_prediction_network"):
        raise ValueError(f"{path}: not weights of scgan with its branch for saliency; give these, or a zip of maps")
    return network.requires_grad_(False)
