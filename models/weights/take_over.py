"""Published weights, converted once to files of the product's own form."""

import json
from pathlib import Path

from models.networks import NETWORKS, state_of_published
from models.weights.catalogue import SHIPPED, Published, no_weights, published, weights_digest
from models.weights.files import load_network, network_of, read_weights, tensors_digest, write_weights
from models.weights.published_files import read_published


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
