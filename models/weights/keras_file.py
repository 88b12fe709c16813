"""ChromaGAN's file, which Keras wrote as HDF5, under the keys of the network here.

Keras numbers layers as a session makes them, so its layers are known by order and shape: each of the file is the first
one here that has the same kinds and shapes of tensors and is not taken yet.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.published.chromagan import Chromagan

SIGNATURE = b"\x89HDF\r\n\x1a\n"
ROLES = {"kernel": "weight", "gamma": "weight", "beta": "bias", "moving_mean": "running_mean",
         "moving_variance": "running_var", "bias": "bias"}  # fmt: skip
"""Keras's names of a layer's tensors, and PyTorch's."""


def is_keras(path: Path) -> bool:
    """Whether a file is HDF5."""
    with path.open("rb") as file:
        return file.read(len(SIGNATURE)) == SIGNATURE


def read_keras(path: Path) -> dict[str, Tensor]:
    """The tensors of a file of ChromaGAN's layers, saved whole or their weights alone.

    Layers that have no like here keep their own names.

    Raises:
        ValueError: h5py is not installed, or the file is damaged or of something else.
    """
    try:
        import h5py
    except ModuleNotFoundError as error:
        raise ValueError(f"{path}: Keras's files need h5py; pip install 'restore-film[chromagan]'") from error
    try:
        with h5py.File(path) as file:
            layers = list(_layers(file.get("model_weights", file)))
    except (OSError, KeyError) as error:
        raise ValueError(f"{path}: h5py cannot read it as Keras's weights ({error}); it is damaged") from error
    free = _own_layers()
    state: dict[str, Tensor] = {}
    for name, tensors in layers:
        shapes = {role: value.shape for role, value in tensors.items()}
        own = next((key for key, wanted in free.items() if wanted == shapes), name)
        free.pop(own, None)
        state |= {f"{own}.{role}": value for role, value in tensors.items()}
    return state


def _layers(group: Any) -> Iterator[tuple[str, dict[str, Tensor]]]:
    """Each layer with tensors, those of nested models too, in the file's order."""
    for layer in _names(group, "layer_names"):
        tensors: dict[str, dict[str, Tensor]] = {}
        for path in _names(group[layer], "weight_names"):
            name, _, role = path.removesuffix(":0").rpartition("/")
            tensors.setdefault(name, {})[ROLES.get(role, role)] = _as_in_pytorch(
                torch.from_numpy(group[layer][path][()])
            )
        yield from tensors.items()


def _names(group: Any, attribute: str) -> list[str]:
    return [name.decode() if isinstance(name, bytes) else str(name) for name in group.attrs[attribute]]


def _as_in_pytorch(values: Tensor) -> Tensor:
    """Kernels (h, w, in, out) as (out, in, h, w) and (in, out) as (out, in); others as they are."""
    order = (3, 2, 0, 1) if values.ndim == 4 else tuple(reversed(range(values.ndim)))
    return values.permute(order).contiguous()


def _own_layers() -> dict[str, dict[str, torch.Size]]:
    with torch.device("meta"):
        network = Chromagan(is_whole=True)
    return {name: {key: value.shape for key, value in layer.state_dict().items()}
            for name, layer in network.named_children()}  # fmt: skip
