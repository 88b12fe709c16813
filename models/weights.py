"""Weights: named files of numbers beside this module, and how they are read and written."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from models.compact import Compact
from models.networks import NETWORKS, load_strictly

SHIPPED = Path(__file__).parent / "weights"
DEFAULT_NETWORK = "compact"


def find_weights(name: str) -> Path:
    """The file of the weights `name` (one that ships) or at the path `name`.

    Raises:
        FileNotFoundError: there is no such file.
    """
    shipped = SHIPPED / f"{name}.safetensors"
    path = shipped if shipped.is_file() else Path(name)
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.safetensors"))) or "none"
        raise FileNotFoundError(f"no network {name!r}: neither a file nor one that ships ({known})")
    return path


def weights_digest(path: Path) -> str:
    """sha256 of a weights file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata of a safetensors file.

    Raises:
        ValueError: it is none.
    """
    try:
        with safe_open(path, framework="pt") as file:
            state = {key: file.get_tensor(key) for key in list(file.keys())}
            return state, file.metadata() or {}
    except SafetensorError as error:
        raise ValueError(f"{path}: not a safetensors file ({error})") from error


def load_network(path: Path) -> tuple[nn.Module, dict[str, str]]:
    """The network that the weights at `path` belong to, in evaluation mode, and the weights' metadata.

    Raises:
        ValueError: not the weights of a known network, or tensors are missing, misshapen or too many.
    """
    state, metadata = read_weights(path)
    name = metadata.get("network", "")
    if name not in NETWORKS:
        raise ValueError(f"{path}: weights of network {name!r}; known: {', '.join(NETWORKS)}")
    try:
        network = NETWORKS[name].make(json.loads(metadata.get("config", "{}")))
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{path}: its config does not fit network {name!r} ({error})") from error
    try:
        load_strictly(network, state)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return network.eval(), metadata


def save_network(network: Compact, path: Path, metadata: dict[str, str]) -> None:
    """Writes the network's weights in half precision, with what is needed to build it again."""
    state = {
        key: (value.half() if value.is_floating_point() else value).contiguous()
        for key, value in network.state_dict().items()
    }
    about = {"network": "compact", "config": json.dumps(asdict(network.config))}
    part = path.with_name(path.name + ".part")
    save_file(state, part, metadata={"format": "pt"} | about | metadata)
    part.replace(path)
