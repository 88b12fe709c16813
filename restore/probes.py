"""The work of `restore evaluate features`: what linear probes read off networks."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import nn

from models.compact.drawn import settle
from models.compact.network import Compact
from models.weights.catalogue import find_weights
from models.weights.files import load_network
from pipelines.evaluate.blocks import Seen, batches, look
from pipelines.evaluate.classes import Classes, Places, is_voc, one_each, read_voc
from pipelines.evaluate.features import evaluate_features
from pipelines.evaluate.masks import Masks
from pipelines.evaluate.paint import PictureSet
from pipelines.media.labels import classes_by_folder, read_classes
from pipelines.training.begin import begun, drawn_anew
from restore.exits import Refused, raised_as
from restore.measuring import OnPictures, check_results, column_names, stepping, weights_files
from restore.show.counting import counting

RANDOM = "random"
SETTLED = 256
"""Pictures from which the random network's batch norms take their statistics."""


def measure_features(
    asked: OnPictures,
    networks: Sequence[str],
    weights_dir: Path | None,
    given: Mapping[str, Path | None],
    has_colour: bool,
) -> None:
    """Measures what linear probes read off the features of networks, on gray pictures.

    Args:
        asked: pictures, which may be one folder of PASCAL VOC, and results.
        networks: names or files of weights; `random` is the default network's layout, drawn at random.
        weights_dir: the folder of fetched weights.
        given: the files of `classes`, a table of key and class, and of `masks`; without classes, folders name them.
        has_colour: a second column for each network, with colours as input, too.

    Raises:
        ValueError, OSError: an input cannot be read, or a result not be written.
    """
    read = (*asked.pictures, *weights_files(weights_dir, *networks), given["classes"], given["masks"])
    check_results(read, {"--json": asked.json_out})
    with raised_as(Refused, FileNotFoundError, ValueError):
        loaded = {column: _opened(name, weights_dir) for column, name in column_names(networks).items()}
        sources, classes, places = _known(asked.pictures, given)
        wanted = set(classes.of) if classes else set[str]()
        if places and not given["classes"]:
            wanted |= places.masks.names.keys()
        chosen = PictureSet(sources, asked.limit, wanted)
    with counting("pictures", len(chosen)) as step:
        counted = (stepping(lambda named: named, step)(named) for named in chosen)
        seen = look(counted, places.masks if places else None)
    if RANDOM in loaded:
        _settle(loaded[RANDOM], seen)
    with counting("networks", len(loaded)) as step:
        asked.show(evaluate_features(seen, loaded, classes, places, has_colour, step))


def _known(
    pictures: Sequence[Path], given: Mapping[str, Path | None]
) -> tuple[Sequence[Path], Classes | None, Places | None]:
    """Where the pictures are, their classes, and those of their places."""
    folder = next((path for path in pictures if is_voc(path)), None)
    if folder:
        if len(pictures) > 1 or any(given.values()):
            raise ValueError(f"{folder}: PASCAL VOC has its own classes, maps and pictures to test on; give it alone")
        return [folder / "JPEGImages"], *read_voc(folder)
    places = Places(Masks(given["masks"])) if given["masks"] else None
    try:
        names = read_classes(given["classes"]) if given["classes"] else classes_by_folder(pictures)
    except ValueError:
        if given["classes"] or not places:
            raise
        return pictures, None, places
    return pictures, one_each(names), places


def _opened(name: str, folder: Path | None) -> nn.Module:
    """The network of a name or file; a classifier's file gives its encoder; `random` has weights of no training."""
    if name == RANDOM:
        torch.manual_seed(0)
        return drawn_anew().eval()
    path = find_weights(name, folder)
    try:
        return load_network(path)[0]
    except ValueError:
        return begun(path).eval()


def _settle(network: nn.Module, seen: Seen) -> None:
    """Gives the random network's batch norms the statistics of pictures, as every trained network has them."""
    assert isinstance(network, Compact)
    some = seen.squares[:: max(1, len(seen.squares) // SETTLED)][:SETTLED]
    settle(network, (lab[:, :1] for lab in batches(some)))
