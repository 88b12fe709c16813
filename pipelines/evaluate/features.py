"""Linear probes on a frozen network's features of gray pictures.

Colorful Image Colorization (Zhang, Isola, Efros, ECCV 2016, arXiv 1603.08511), sec. 3.3: colourization as a task that
teaches a network to see. After each block its features are pooled to about 9,000 numbers, and a linear classifier
learns the pictures' classes from them; with class maps another one learns the class of each place.
"""

from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor, nn

from pipelines.evaluate.blocks import PLACES, Blocks, Seen, blocks_of, placed_features, pooled_features, with_colour
from pipelines.evaluate.classes import Classes, Places
from pipelines.evaluate.probes import mean_iou, mean_precision, probe, teach_colour
from pipelines.evaluate.report import Report, Section

PRECISIONS = {"mAP in %, 11 points (VOC 2007)": 11, "mAP in %, all points (VOC 2010)": None}


def evaluate_features(
    seen: Seen,
    networks: Mapping[str, nn.Module],
    classes: Classes | None,
    places: Places | None,
    has_colour: bool = False,
    step: Callable[[], None] = lambda: None,
) -> Report:
    """How well classes of pictures, and of their places, are read off the features after each block.

    Args:
        seen: the pictures.
        networks: by the name of their column.
        classes: of the pictures; those that have none are left out.
        places: whose masks `seen` has.
        has_colour: a second column for each network, which sees colours, too: the weights of its first layer for them
            begin at zero and learn with the classes; all else stays as it is.
        step: is called after each network.

    Raises:
        ValueError: there are too few pictures to learn from, or colours without classes.
    """
    if has_colour and not classes:
        raise ValueError("colours are learned with the pictures' classes, and these pictures have none; give --classes")
    found: dict[str, Section] = {}
    for name, network in networks.items():
        for column, blocks in _columns(name, network, seen, classes if has_colour else None):
            of_pictures = _of_pictures(blocks, seen, classes) if classes else ()
            for title, count, values in (*of_pictures, *(_of_places(blocks, seen, places) if places else ())):
                section = found.setdefault(title, Section(title, count, {}))
                for number, value in enumerate(values, start=1):
                    section.figures.setdefault(f"block {number}", {})[column] = value
        step()
    return Report([*found.values()], [])


Measured = tuple[str, int, list[float]]
"""Title, pictures, a figure for each block."""


def _columns(name: str, network: nn.Module, seen: Seen, classes: Classes | None) -> Iterator[tuple[str, Blocks]]:
    yield name, blocks_of(network)
    if classes:
        own, weights = with_colour(network)
        has_class, targets, is_tested = _tested(seen, classes)
        taught = seen.squares[has_class][~is_tested]
        last = pooled_features(blocks_of(network), taught)[-1]
        teach_colour(own, weights, taught, targets[~is_tested], last)
        yield f"{name}, colour", blocks_of(own)


def _tested(seen: Seen, classes: Classes) -> tuple[Tensor, Tensor, Tensor]:
    """Which pictures have a class, (N,) bool; of these the classes, and which of these are tested."""
    own = [classes.of[key] for key in seen.keys if key in classes.of]
    is_tested = torch.tensor([classes.is_tested(key) for key in seen.keys if key in classes.of])
    if not is_tested.any() or is_tested.all():
        raise ValueError(f"{len(own)} pictures are too few to teach a probe and test it; give more")
    return torch.tensor([key in classes.of for key in seen.keys]), torch.stack(own), is_tested


def _of_pictures(blocks: Blocks, seen: Seen, classes: Classes) -> list[Measured]:
    has_class, targets, is_tested = _tested(seen, classes)
    scores = [probe(one, targets, is_tested) for one in pooled_features(blocks, seen.squares[has_class])]
    true, of = targets[is_tested], f"{len(classes.names)} classes"
    if targets.ndim == 1:
        right = [100 * float((one.argmax(dim=1) == true).float().mean()) for one in scores]
        return [(f"top-1 in %, {of}", len(targets), right)]
    return [
        (f"{title}, {of}", len(targets), [mean_precision(one, true, points) for one in scores])
        for title, points in PRECISIONS.items()
    ]


def _of_places(blocks: Blocks, seen: Seen, places: Places) -> list[Measured]:
    has_map = (seen.places >= 0).flatten(1).any(dim=1)
    is_tested = torch.tensor([places.is_tested(key) for key in seen.keys])[has_map]
    if not is_tested.any() or is_tested.all():
        return []
    true, tested = seen.places[has_map].flatten(), is_tested.repeat_interleave(PLACES**2)
    known = true >= 0
    values = []
    for features in placed_features(blocks, seen.squares[has_map]):
        scores = probe(features.flatten(0, 2)[known], true[known], tested[known])
        values.append(mean_iou(scores.argmax(dim=1), true[known][tested[known]]))
    return [("mIU of places in %", int(has_map.sum()), values)]
