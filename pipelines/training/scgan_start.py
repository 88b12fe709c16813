"""Weights with which training of SCGAN begins: a run's own, or those that its authors began with."""

import json
from pathlib import Path

from models.published.scgan import Scgan
from models.published.spectral_training import begin_as_scgan, with_scgan_norm
from models.weights.files import load_network, network_of, read_weights
from models.weights.published_files import read_published
from pipelines.training.scgan_config import ScganConfig

CONTENT = "global_feature_network."
"""Before the keys of the features of what a picture shows, in files of SCGAN; the authors' VGG-16 has none."""
SHAPE = ("has_saliency", "width", "side")
"""Settings of the network, in the config of its weights."""


def shape_of(config: ScganConfig) -> dict[str, int]:
    """Settings of the network, by name."""
    return {"has_saliency": config.saliency_weight > 0, "width": config.width, "side": config.side}


def begun(start: Path | None, config: ScganConfig, content: Path | None = None) -> tuple[Scgan, str]:
    """The generator with these weights, or with those that its authors began with, ready to be trained.

    Args:
        start: weights of a generator.
        config: of the run.
        content: weights for the features of what a picture shows, where no generator is given.

    Returns:
        The generator; and how many tensors are those of `content`, empty where it is not given.

    Raises:
        ValueError: a file holds weights of another network, or of another width, side or branches.
    """
    if start and content:
        raise ValueError(f"{content}: --content is for a run that begins anew, and {start} has its own; leave one out")
    network, taken = Scgan(**shape_of(config)), ""  # type: ignore[arg-type]
    if start is None:
        begin_as_scgan(network)
        taken = _take_content(network, content) if content else ""
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
    return network, taken


def _take_content(network: Scgan, path: Path) -> str:
    """Gives the generator those tensors of a file that fit its features of what a picture shows, by name and shape.

    Vectors of spectral norm, biases of convolutions and the classifier of the authors' file have no place there.

    Returns:
        How many they are, of how many.

    Raises:
        ValueError: no convolution of the file fits.
    """
    state = read_weights(path)[0] if path.suffix == ".safetensors" else read_published(path)
    named = {key.removeprefix(CONTENT).replace(".module.weight_bar", ".weight"): value for key, value in state.items()}
    own = network.global_feature_network.state_dict()
    fit = {key: named[key] for key, value in own.items() if key in named and named[key].shape == value.shape}
    if not any(key.endswith(".conv2d.weight") for key in fit):
        shape = tuple(own["conv1_2.conv2d.weight"].shape)
        fault = f"fits no convolution of the features of content, such as conv1_2, {shape}"
        raise ValueError(f"{path}: {fault}; set another width, or leave --content out")
    network.global_feature_network.load_state_dict(own | fit)
    return f"{len(fit)} of {len(own)}"


def saliency_network(path: Path) -> Scgan:
    """A network that finds saliency, frozen.

    Raises:
        ValueError: these are weights of another network, or of one without that branch.
    """
    network, _ = load_network(path)
    if not isinstance(network, Scgan) or not hasattr(network, "attention_prediction_network"):
        raise ValueError(f"{path}: not weights of scgan with its branch for saliency; give these, or a zip of maps")
    return network.requires_grad_(False)
