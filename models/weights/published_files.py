"""Files as their authors published them, read under the keys of the networks here.

Pickled files are read with `weights_only`, which runs no code of theirs. What lies in several files is one zip of them.
"""

import io
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import torch
from torch import Tensor

from models.weights.catalogue import no_weights
from models.weights.keras_file import is_keras, read_keras

State = dict[str, Tensor]

ALLOWED = (slice,)
"""Types that a pickle may hold beside tensors and plain values: fastai 1 writes slices of an optimizer."""
WRAPPERS = ("state_dict", "params", "model")
"""Keys under which checkpoints keep their tensors."""
MMAGIC_PARTS = {"image_model.": "full.", "instance_model.": "instance.", "fusion_model.": "fusion."}
MMAGIC_BARE = re.compile(r"\.(model(?:8up|9up|10up|3short8|2short9|1short10|_class))\.(weight|bias)$")
"""Convolutions that stand alone in MMagic's file and first in a list in the authors'."""
INSTCOLOR = {"latest_net_GComp.pth": "full.", "latest_net_G.pth": "instance.", "latest_net_GF.pth": "fusion."}
"""InstColorization's files, and which of its networks each holds."""
BIGCOLOR, BIGCOLOR_MEANS = "EG_011.ckpt", "EG_EMA_011.ckpt"
"""BigColor's networks; and the means of their parameters over training, which have no names."""
STATISTICS = ("u0", "sv0", "stored_mean", "stored_var")
"""Ends of BigColor's keys that are of no parameters."""
GCP = {"biggan_D_256.pth": "biggan_dis.", "biggan_G_ema_256.pth": "biggan_gen.", "biggan_E.pth": "biggan_enc."}
GCP_COLOURS, GCP_PARTS = "colorization_model.pth", ("net_corr", "net_gen")
"""GCP's files, and which of its networks each holds."""


def read_pickled(file: IO[bytes] | Path, name: str) -> State:
    """The tensors of a file that PyTorch wrote, without wrappers and `module.` prefixes.

    Raises:
        ValueError: it is not such a file, or holds more than tensors.
    """
    found = _unpickled(file, name)
    for wrapper in WRAPPERS:
        if isinstance(found, dict) and isinstance(found.get(wrapper), dict):
            found = found[wrapper]
    return _named_tensors(found, name)


def read_published(path: Path) -> State:
    """The tensors of a published file under the keys of the network here.

    It is a PyTorch file, Keras's of ChromaGAN, a Python package with one PyTorch file, or a zip of the files of
    InstColorization, BigColor or GCP.

    Raises:
        ValueError: it is none of these.
    """
    other = no_weights(path)
    if other:
        raise ValueError(f"{path}: {other}")
    if is_keras(path):
        return read_keras(path)
    state = _of_archive(path)
    if state is None:
        state = read_pickled(path, str(path))
    return {_own_key(key): value for key, value in state.items()}


def _of_archive(path: Path) -> State | None:
    """The tensors of a zip of files; None: it is none, as PyTorch's own files are zips too."""
    if not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as archive:
        members = {Path(name).name: name for name in sorted(archive.namelist())}  # of two folders, the last: 256_ffs

        def opened(file: str) -> tuple[IO[bytes], str]:
            return io.BytesIO(archive.read(members[file])), f"{path}: {file}"

        for files, read in ARCHIVES:
            if members.keys() >= files:
                return read(opened)
        single = [name for name in members if name.endswith(".pth")]
        return read_pickled(*opened(single[0])) if len(single) == 1 else None


Open = Callable[[str], tuple[IO[bytes], str]]
"""A file of an archive by its name, opened, and what errors call it."""


def _instcolor(opened: Open) -> State:
    return _prefixed({prefix: read_pickled(*opened(file)) for file, prefix in INSTCOLOR.items()})


def _gcp(opened: Open) -> State:
    file, name = opened(GCP_COLOURS)
    found = _unpickled(file, name)
    absent = [part for part in GCP_PARTS if not isinstance(found, dict) or part not in found]
    if absent:
        raise ValueError(f"{name}: holds no {absent[0]}")
    parts = {f"{part}.": _named_tensors(found[part], name) for part in GCP_PARTS}
    return _prefixed(parts | {prefix: read_pickled(*opened(file)) for file, prefix in GCP.items()})


def _bigcolor(opened: Open) -> State:
    """Parameters from the means over training, and all else from the networks as training left them."""
    state = read_pickled(*opened(BIGCOLOR))
    file, name = opened(BIGCOLOR_MEANS)
    found = _unpickled(file, name)
    means = found.get("shadow_params") if isinstance(found, dict) else None
    keys = [key for key in state if not key.endswith(STATISTICS)]
    if not isinstance(means, list) or len(means) != len(keys):
        count = len(means) if isinstance(means, list) else "no"
        raise ValueError(f"{name}: holds {count} means for the {len(keys)} parameters of {BIGCOLOR}")
    for key, mean in zip(keys, means, strict=True):
        if mean.shape != state[key].shape:
            raise ValueError(f"{name}: its mean of {key} is {tuple(mean.shape)}, not {tuple(state[key].shape)}")
        state[key] = mean.clone(memory_format=torch.contiguous_format)
    return state


ARCHIVES: list[tuple[set[str], Callable[[Open], State]]] = [
    (set(INSTCOLOR), _instcolor),
    ({BIGCOLOR, BIGCOLOR_MEANS}, _bigcolor),
    ({*GCP, GCP_COLOURS}, _gcp),
]
"""Files that a zip must hold, and how these are read."""


def _unpickled(file: IO[bytes] | Path, name: str) -> Any:
    try:
        with torch.serialization.safe_globals([*ALLOWED]):
            return torch.load(file, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise ValueError(f"{name}: PyTorch cannot read it as plain tensors; it is damaged or holds code") from error


def _named_tensors(found: Any, name: str) -> State:
    if not isinstance(found, dict) or not all(isinstance(value, Tensor) for value in found.values()):
        raise ValueError(f"{name}: holds something else than named tensors")
    # tensors that share their numbers cannot be written as they are
    own = {key: value.clone(memory_format=torch.contiguous_format) for key, value in found.items()}
    return {str(key).removeprefix("module."): value for key, value in own.items()}


def _prefixed(parts: dict[str, State]) -> State:
    return {prefix + key: value for prefix, state in parts.items() for key, value in state.items()}


def _own_key(key: str) -> str:
    for theirs, ours in MMAGIC_PARTS.items():
        if key.startswith(theirs):
            return MMAGIC_BARE.sub(r".\1.0.\2", ours + key.removeprefix(theirs))
    return key
