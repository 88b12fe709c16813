"""Files of weights, read and written."""

import hashlib
import json
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from models.compact.network import Compact
from models.kind import Beside, Sees
from models.networks import NETWORKS, made_of

KNOWN_FILES = 64
"""Files whose metadata are kept: each film of an archive, and each picture of the studio, chooses its network."""


def tensors_digest(state: dict[str, Tensor]) -> str:
    """sha256 of tensors and their keys, in hex; it does not depend on the file that they lie in."""
    digest = hashlib.sha256()
    for key in sorted(state):
        value = state[key].contiguous()
        digest.update(f"{key} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()


def read_weights(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors and metadata of a safetensors file.

    Raises:
        ValueError: it is not such a file.
    """
    try:
        with safe_open(path, framework="pt") as file:
            state = {key: file.get_tensor(key) for key in list(file.keys())}
            return state, file.metadata() or {}
    except SafetensorError as error:
        raise ValueError(f"{path}: not a safetensors file ({error})") from error


def network_of(path: Path) -> str:
    """The name of the network that the weights at `path` belong to.

    Raises:
        ValueError: the network is not known, or the file holds no weights.
    """
    name = _metadata(path).get("network", "")
    if name not in NETWORKS:
        raise ValueError(f"{path}: weights of network {name!r}; known: {', '.join(NETWORKS)}")
    return name


def beside_of(path: Path) -> tuple[Beside, ...]:
    """Inputs beside the picture that the network with the weights at `path` takes.

    Raises:
        ValueError: as `network_of`, or their config cannot be read.
    """
    kind = NETWORKS[network_of(path)]
    config = _config(path) if kind.may_take else {}
    return (*kind.takes, *(beside for beside in kind.may_take if config.get(beside)))


def sees_of(path: Path) -> Sees:
    """The pictures that the network with the weights at `path` takes.

    Raises:
        ValueError: as `network_of`, or their config cannot be read.
    """
    kind = NETWORKS[network_of(path)]
    try:
        return kind.sees_of(_config(path)) if kind.sees_of else kind.sees
    except TypeError as error:
        raise ValueError(f"{path}: its config cannot be read ({error})") from error


def classes_of(path: Path) -> list[str] | None:
    """Names of the classes by which the network with the weights at `path` colours; None: ImageNet's.

    Raises:
        ValueError: they cannot be read.
    """
    try:
        found = _metadata(path).get("classes")
        return None if found is None else [str(name) for name in json.loads(found)]
    except (SafetensorError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path}: its classes cannot be read ({error})") from error


def _config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(_metadata(path).get("config", "{}"))
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}: its config cannot be read ({error})") from error
    if not isinstance(config, dict):
        raise ValueError(f"{path}: its config cannot be read ({config} is no object)")
    return config


def _metadata(path: Path) -> dict[str, str]:
    """Metadata of a file of weights; one that has not changed since is not read again.

    Raises:
        ValueError: it is not such a file.
    """
    about = path.stat()
    return _read_metadata(path, about.st_ino, about.st_size, about.st_mtime_ns, about.st_ctime_ns)


@lru_cache(KNOWN_FILES)
def _read_metadata(path: Path, *_changed: int) -> dict[str, str]:
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}
    except SafetensorError as error:
        raise ValueError(f"{path}: not a safetensors file ({error})") from error


def load_network(path: Path) -> tuple[nn.Module, dict[str, str]]:
    """The network that the weights at `path` belong to, in evaluation mode, and the weights' metadata.

    Raises:
        ValueError: not the weights of a known network, or tensors are missing, misshapen or too many.
    """
    name = network_of(path)
    state, metadata = read_weights(path)
    try:
        config = json.loads(metadata.get("config", "{}"))
        network = made_of(name, config, state)
    except (TypeError, AttributeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path}: its config does not fit network {name!r} ({error})") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return network.eval(), metadata


def write_weights(state: dict[str, Tensor], path: Path, metadata: dict[str, str]) -> None:
    """Writes tensors and metadata as a safetensors file, whole or not at all, with the mode that the umask leaves."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    part.touch()
    mode = part.stat().st_mode  # safetensors puts a file of its own in the place, which nobody else may read
    save_file(state, part, {"format": "pt"} | metadata)
    part.chmod(mode)
    part.replace(path)


def save_network(network: Compact, path: Path, metadata: dict[str, str]) -> None:
    """Writes the network's weights in half precision, with what is needed to build it again."""
    state = {
        key: (value.half() if value.is_floating_point() else value).contiguous()
        for key, value in network.state_dict().items()
    }
    about = {"network": "compact", "config": json.dumps(asdict(network.config))}
    write_weights(state, path, about | metadata)
