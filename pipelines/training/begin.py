"""The network with which training begins."""

from dataclasses import replace
from pathlib import Path

from models.compact.listener import Listener
from models.compact.lite import encoder_of_classifier, gray_lite_state
from models.compact.mobilenet import gray_encoder_state
from models.compact.network import Compact, CompactConfig
from models.weights.files import load_network, read_weights
from models.weights.published_files import read_published
from models.weights.take_over import named_network


def listening(network: Compact) -> Compact:
    """The network with a branch that takes hints, which adds nothing until it is trained."""
    if network.listener is None:
        network.config = replace(network.config, hints=True)
        network.listener = Listener(network.config.widths[1:], list(network.encoder.taps.values()))
    return network


def begun(start: Path | None) -> Compact:
    """The network with these weights, or with a classifier's as its encoder; with random ones where there are none.

    Raises:
        ValueError: the file holds neither.
    """
    if start is None:
        return Compact(CompactConfig())
    if named_network(start) == "compact":
        network, _ = load_network(start)
        assert isinstance(network, Compact)
        return network
    state = read_weights(start)[0] if start.suffix == ".safetensors" else read_published(start)
    name = encoder_of_classifier(state)
    if name is None:
        network, as_own = Compact(CompactConfig()), gray_encoder_state
    else:
        network, as_own = Compact(CompactConfig(encoder=name)), gray_lite_state
    try:
        network.encoder.load_state_dict(as_own(state), strict=True)
    except (KeyError, RuntimeError) as error:
        raise ValueError(f"{start}: no encoder of this network; give weights of compact or of a classifier") from error
    return network
