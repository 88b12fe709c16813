"""Published weights, converted once to files of the product's own form.

Pickled files are read with `weights_only`, which runs no code of theirs.
"""

import io
import json
import pickle
import re
import zipfile
from pathlib import Path
from typing import IO

import torch
from torch import Tensor

from models.networks import NETWORKS, state_of_published
from models.weights.catalogue import SHIPPED, Published, no_weights, published, weights_digest
from models.weights.files import load_network, network_of, read_weights, tensors_digest, write_weights

ALLOWED = (slice,)
"""What a pickle may hold beside tensors and plain values: fastai 1 writes slices of an optimizer into its files."""
WRAPPERS = ("state_dict", "params", "model")
"""Keys under which checkpoints keep their tensors."""
MMAGIC_PARTS = {"image_model.": "full.", "instance_model.": "instance.", "fusion_model.": "fusion."}
MMAGIC_BARE = re.compile(r"\.(model(?:8up|9up|10up|3short8|2short9|1short10|_class))\.(weight|bias)$")
"""Convolutions that stand alone in MMagic's file and first in a list in the authors'."""
AUTHORS_FILES = {"latest_net_GComp.pth": "full.", "latest_net_G.pth": "instance.", "latest_net_GF.pth": "fusion."}
"""InstColorization's own files, and which of its networks each holds."""


def read_pickled(file: IO[bytes] | Path, name: str) -> dict[str, Tensor]:
    """The tensors of a file that PyTorch wrote, without wrappers and `module.` prefixes.

    Raises:
        ValueError: it is not such a file, or holds more than tensors.
    """
    try:
        with torch.serialization.safe_globals([*ALLOWED]):
            found = torch.load(file, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise ValueError(f"{name}: PyTorch cannot read it as plain tensors; it is damaged or holds code") from error
    for wrapper in WRAPPERS:
        if isinstance(found, dict) and isinstance(found.get(wrapper), dict):
            found = found[wrapper]
    if not isinstance(found, dict) or not all(isinstance(value, Tensor) for value in found.values()):
        raise ValueError(f"{name}: holds something else than named tensors")
    # tensors that share their numbers cannot be written as they are
    own = {key: value.clone(memory_format=torch.contiguous_format) for key, value in found.items()}
    return {str(key).removeprefix("module."): value for key, value in own.items()}


def read_published(path: Path) -> dict[str, Tensor]:
    """The tensors of a published file under the product's own keys.

    It is a PyTorch file, or for InstColorization a zip of the authors' three.

    Raises:
        ValueError: it is neither.
    """
    other = no_weights(path)
    if other:
        raise ValueError(f"{path}: {other}")
    state = _authors_instcolor(path)
    if state is None:
        state = read_pickled(path, str(path))
    return {_own_key(key): value for key, value in state.items()}


def _authors_instcolor(path: Path) -> dict[str, Tensor] | None:
    if not zipfile.is_zipfile(path):
        return None
    with zipfile.ZipFile(path) as archive:
        members = {Path(name).name: name for name in sorted(archive.namelist())}  # of two folders, the last: 256_ffs
        if not AUTHORS_FILES.keys() <= members.keys():
            return None  # PyTorch's own files are zips too
        parts = {
            prefix: read_pickled(io.BytesIO(archive.read(members[file])), f"{path}: {file}")
            for file, prefix in AUTHORS_FILES.items()
        }
    return {prefix + key: value for prefix, state in parts.items() for key, value in state.items()}


def _own_key(key: str) -> str:
    for theirs, ours in MMAGIC_PARTS.items():
        if key.startswith(theirs):
            return MMAGIC_BARE.sub(r".\1.0.\2", ours + key.removeprefix(theirs))
    return key


def named_network(path: Path) -> str | None:
    """The network that weights in the product's own form name, as training writes them; None in other files."""
    try:
        return network_of(path)
    except ValueError:
        return None


def _metadata_of(path: Path) -> dict[str, str]:
    """Metadata of weights in the product's own form; empty where the file is of another form."""
    return read_weights(path)[1] if named_network(path) else {}


def _digest_of_source(path: Path) -> str:
    """sha256, in hex, of the file that weights were made from; of the file itself where it does not name one."""
    return _metadata_of(path).get("source_sha256") or weights_digest(path)


def is_imported(source: Path, path: Path) -> bool:
    """Whether the weights of a file are at `path`, or under its name among those that ship, already.

    Raises:
        ValueError: the name is that of other weights.
    """
    name, digest, ships = path.stem, _digest_of_source(source), SHIPPED / path.name
    if ships.is_file():
        if weights_digest(source) == weights_digest(ships):
            return True
        raise ValueError(f"{source}: {name} is the name of weights that ship with the program; rename the file")
    if name in published() and not published()[name].is_of(digest):
        raise ValueError(f"{source}: {name} is the name of published weights, and it is not these; rename the file")
    if not path.is_file() or no_weights(path):
        return False
    if digest != _digest_of_source(path):
        raise ValueError(f"{path}: other weights have this name; rename {source.name}, or move these away")
    return fault_of_imported(path) is None


def import_published(source: Path, network: str, path: Path, about: Published | None, in_half: bool = False) -> None:
    """Writes the tensors of a published file as weights of `network`, after they have been found to fit it.

    Weights in the product's own form keep what they say of themselves.

    Args:
        source: the file.
        network: its name.
        path: where the .safetensors file goes.
        about: what is known of the file; None for weights of one's own.
        in_half: whether weights are written in half precision; norms, biases and the like keep theirs.

    Raises:
        ValueError: the file cannot be read, or tensors are missing, misshapen or too many.
    """
    own = _metadata_of(source)
    fault = fault_of_imported(source) if own else None
    if own.get("network", network) != network:
        fault = f"weights of {own['network']}, not of {network}"
    if fault:
        raise ValueError(f"{source}: {fault}")
    state = read_weights(source)[0] if own else read_published(source)
    # networks of libraries that need not be here are known by their files' sha256
    if network in NETWORKS and not own:
        try:
            state = state_of_published(network, state)
        except ValueError as error:
            raise ValueError(f"{source}: not weights of {network} ({error})") from error
    if in_half:
        state = {key: value.half() if value.is_floating_point() and value.ndim > 1 else value
                 for key, value in state.items()}  # fmt: skip
    metadata = {"network": network, "config": json.dumps({})} | own
    metadata["source_sha256"] = _digest_of_source(source)
    if about:
        metadata |= {"paper": about.paper, "licence": about.licence}
    write_weights(state, path, metadata | {"tensors_sha256": tensors_digest(state)})


def fault_of_imported(path: Path) -> str | None:
    """The fault of a file that `import_published` wrote; None where it has none."""
    if not path.is_file():
        return "not here"
    try:
        state, metadata = read_weights(path)
    except ValueError as error:
        return no_weights(path) or str(error).partition(": ")[2]
    name, wanted = metadata.get("network", ""), published().get(path.stem)
    if metadata.get("tensors_sha256", tensors_digest(state)) != tensors_digest(state):
        return "its tensors are not those that were taken over; pull or import it again"
    if wanted and not wanted.is_of(metadata.get("source_sha256", "")):
        return f"not made from the published file of {wanted.name}"
    if name in NETWORKS:
        try:
            load_network(path)
        except ValueError as error:
            return str(error).partition(": ")[2]
    return None
