"""The work of `restore evaluate features`: what linear probes read off networks."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import nn

from models.compact.network import Compact, CompactConfig
from models.weights.catalogue import DEFAULT_NETWORK, find_weights
from models.weights.files import load_network
from pipelines.evaluate.features import evaluate_features
from pipelines.evaluate.masks import Masks
from pipelines.evaluate.paint import PictureSet
from pipelines.media.labels import classes_by_folder, labels_of, read_classes
from pipelines.training.begin import begun
from restore.exits import Refused, raised_as
from restore.measuring import ShowReport, check_results, stepping, weights_files
from restore.show.counting import counting

RANDOM = "random"


def measure_features(
    pictures: Sequence[Path],
    networks: Sequence[str],
    weights_dir: Path | None,
    given: Mapping[str, Path | None],
    limit: int | None,
    json_out: Path | None,
    show: ShowReport,
) -> None:
    """Measures what linear probes read off the features of networks, on gray pictures.

    Args:
        pictures: zip files or folders.
        networks: names or files of weights; `random` is the default network's layout, drawn at random.
        weights_dir: the folder of fetched weights.
        given: the files of `classes`, a table of key and class, and of `masks`; without classes, folders name them.
        limit: pictures taken at most, evenly spread.
        json_out: a file for all figures, which `show` writes.
        show: takes the figures.

    Raises:
        ValueError, OSError: an input cannot be read, or a result not be written.
    """
    read = (*pictures, *weights_files(weights_dir, *networks), given["classes"], given["masks"])
    check_results(read, {"--json": json_out})
    with raised_as(Refused, FileNotFoundError, ValueError):
        loaded = {name: _opened(name, weights_dir) for name in networks}
        table = read_classes(given["classes"]) if given["classes"] else classes_by_folder(pictures)
        chosen = PictureSet(pictures, limit, table)
    with counting("pictures", len(chosen)) as step:
        counted = (stepping(lambda named: named, step)(named) for named in chosen)
        report = evaluate_features(counted, labels_of(table), loaded, Masks(given["masks"]) if given["masks"] else None)
    show(report)


def _opened(name: str, folder: Path | None) -> nn.Module:
    """The network of a name or file; a classifier's file gives its encoder; `random` has weights of no training."""
    if name != RANDOM:
        path = find_weights(name, folder)
        try:
            return load_network(path)[0]
        except ValueError:
            return begun(path).eval()
    torch.manual_seed(0)
    shipped = load_network(find_weights(DEFAULT_NETWORK, folder))[0]
    assert isinstance(shipped, Compact)
    return Compact(CompactConfig(encoder=shipped.config.encoder)).eval()
