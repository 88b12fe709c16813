"""The network with which training begins."""

from dataclasses import replace
from pathlib import Path

from models.compact.detector import Detector
from models.compact.drawn import draw
from models.compact.listener import Listener
from models.compact.lite import encoder_of_classifier, gray_lite_state
from models.compact.mobilenet import gray_encoder_state
from models.compact.network import SHIPPED_ENCODER, Compact, CompactConfig
from models.weights.files import load_network, read_weights
from models.weights.published_files import read_published
from models.weights.take_over import named_network
from pipelines.training.config import TrainConfig


def listening(network: Compact) -> Compact:
    """The network with a branch that takes hints, which adds nothing until it is trained."""
    if network.listener is None:
        network.config = replace(network.config, hints=True)
        network.listener = Listener(network.config.widths[1:], list(network.encoder.taps.values()))
    return network


def drawn_anew() -> Compact:
    """The network on the encoder that ships, with weights of no training."""
    network = Compact(CompactConfig(encoder=SHIPPED_ENCODER))
    draw(network)
    return network


def beginning(start: Path | None, config: TrainConfig) -> Compact:
    """The network with which a run begins.

    Raises:
        ValueError: `start` holds no weights to start from, or the encoder is to be drawn all the same.
    """
    if config.encoder == "random" and start:
        raise ValueError(f"{start}: nothing of it is used with encoder=random; leave --start out")
    network = drawn_anew() if config.encoder == "random" else begun(start)
    if config.detector == "random":
        network.detector = Detector(list(network.encoder.taps.values())[1:])
    return listening(network) if config.hint_share else network


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
