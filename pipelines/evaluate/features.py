"""Linear probes: classifiers that read classes off the features that a frozen network has of gray pictures.

Colorful Image Colorization (Zhang, Isola, Efros, ECCV 2016, arXiv 1603.08511), sec. 3.3: colourization as a task that
teaches a network to see. After each block its features are pooled to about 9,000 numbers, and a linear classifier
learns the pictures' classes from them; with class maps another one learns the class of each place.
"""

import math
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.compact.network import Compact
from models.published.eccv16 import Eccv16
from models.published.trunk import normed
from pipelines.evaluate.masks import Masks
from pipelines.evaluate.paint import Named, lab_of
from pipelines.evaluate.report import Figures, Report, Section

SIDE = 128
"""Pixels along each side of the middle square that is seen."""
POOLED = 9_000
"""Numbers to which a block's features are pooled, at most."""
PLACES = 12
"""Along each side of the squares whose class is learned."""
BATCH = 32
TESTED = 4
"""One picture of so many is held out to test on."""
EPOCHS, RATE, DECAY = 40, 2e-3, 1e-2
"""Of a probe."""

Blocks = Callable[[Tensor], list[Tensor]]
"""Lightness (N, 1, h, w), 0..100, to the features after each block."""


def blocks_of(network: nn.Module) -> Blocks:
    """A network's blocks: what its encoder has each time before its picture shrinks, and at its end.

    Raises:
        ValueError: it has none that are known.
    """
    if isinstance(network, Compact):
        return lambda lightness: _ends(network.encoder.features, lightness / 50 - 1)
    if isinstance(network, Eccv16):
        models = [getattr(network, f"model{number}") for number in range(1, 8)]
        return lambda lightness: _all(models, normed(lightness))
    raise ValueError("features of this network cannot be read; give compact's or eccv16's weights")


def _all(layers: Iterable[nn.Module], x: Tensor) -> list[Tensor]:
    found = []
    for layer in layers:
        x = layer(x)
        found.append(x)
    return found


def _ends(layers: Iterable[nn.Module], x: Tensor) -> list[Tensor]:
    """The last features of each size, and the last of all."""
    every = _all(layers, x)
    return [
        one
        for one, after in zip(every, [*every[1:], None], strict=True)
        if after is None or after.shape[2:] != one.shape[2:]
    ]


def split(keys: Sequence[str]) -> Tensor:
    """(N,) bool: the pictures that probes are tested on, the same for the same keys."""
    return torch.tensor([zlib.crc32(key.encode()) % TESTED == 0 for key in keys])


@torch.inference_mode()
def read_features(
    pictures: Iterable[Named], networks: Mapping[str, nn.Module], masks: Masks | None
) -> tuple[dict[str, list[Tensor]], dict[str, list[Tensor]], Tensor]:
    """Features of the pictures.

    Returns:
        For each network and block what is pooled of it, (N, F), float16, and, with masks, what it has at each place,
        (N, C, PLACES, PLACES), float16; the classes of the places, (N, PLACES, PLACES), -1 where a picture has no map.
    """
    readers = {name: blocks_of(network) for name, network in networks.items()}
    pooled: dict[str, list[list[Tensor]]] = {name: [] for name in readers}
    placed: dict[str, list[list[Tensor]]] = {name: [] for name in readers}
    classes: list[Tensor] = []
    for batch in _batches(pictures):
        seen = torch.cat([_square(lab_of(named.picture)[:, :1]) for named in batch])
        classes += [_classes(named, masks) for named in batch]
        for name, reader in readers.items():
            found = reader(seen)
            pooled[name].append([_pooled(one).half() for one in found])
            if masks:
                places = [F.interpolate(one, (PLACES, PLACES), mode="area").half() for one in found]
                placed[name].append(places)
    joined = [{name: [torch.cat(one) for one in zip(*rows, strict=True)] for name, rows in each.items()}
              for each in (pooled, placed)]  # fmt: skip
    return joined[0], joined[1], torch.stack(classes)


def _batches(pictures: Iterable[Named]) -> Iterable[list[Named]]:
    batch: list[Named] = []
    for named in pictures:
        batch.append(named)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _square(lightness: Tensor) -> Tensor:
    """The middle square of a picture, (1, 1, SIDE, SIDE)."""
    side = min(lightness.shape[-2:])
    top, left = ((extent - side) // 2 for extent in lightness.shape[-2:])
    square = lightness[..., top : top + side, left : left + side]
    return F.interpolate(square, size=(SIDE, SIDE), mode="bilinear", antialias=True)


def _classes(named: Named, masks: Masks | None) -> Tensor:
    if not masks or named.key not in masks.names:
        return torch.full((PLACES, PLACES), -1)
    height, width = named.picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = masks.classes(named.key, height, width)[top : top + side, left : left + side]
    middle = ((np.arange(PLACES) + 0.5) * side / PLACES).astype(int)
    return torch.from_numpy(square[np.ix_(middle, middle)].astype(np.int64))


def _pooled(features: Tensor) -> Tensor:
    """Features (N, C, h, w) as (N, F), F at most POOLED or C."""
    side = max(1, min(features.shape[2], math.isqrt(POOLED // features.shape[1])))
    return F.adaptive_avg_pool2d(features, side).flatten(1)


def probe(features: Tensor, labels: Tensor, is_tested: Tensor) -> Tensor:
    """Classes that a linear classifier, taught on the others, gives those that are tested: (T,).

    Args:
        features: (N, F), float16.
        labels: (N,), int64, from 0.
        is_tested: (N,) bool.
    """
    taught = features[~is_tested].float()
    mean, spread = taught.mean(dim=0), taught.std(dim=0).clamp(min=1e-3)
    inputs, targets = (taught - mean) / spread, labels[~is_tested]
    generator = torch.Generator().manual_seed(0)
    linear = nn.Linear(inputs.shape[1], int(labels.max()) + 1)
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)
    optimizer = torch.optim.AdamW(linear.parameters(), RATE / math.sqrt(inputs.shape[1] / 100), weight_decay=DECAY)
    batch = max(64, len(inputs) // 64)
    steps = EPOCHS * math.ceil(len(inputs) / batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(EPOCHS):
        for chosen in torch.split(torch.randperm(len(inputs), generator=generator), batch):
            optimizer.zero_grad()
            F.cross_entropy(linear(inputs[chosen]), targets[chosen]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    with torch.inference_mode():
        return linear((features[is_tested].float() - mean) / spread).argmax(dim=1)


def mean_iou(found: Tensor, true: Tensor) -> float:
    """Intersection over union of each class that is there or found, in %, their mean."""
    classes = torch.unique(torch.cat([found, true]))
    shares = [((found == c) & (true == c)).sum() / ((found == c) | (true == c)).sum() for c in classes]
    return 100 * float(torch.stack(shares).mean())


def evaluate_features(
    pictures: Iterable[Named], labels: Mapping[str, int], networks: Mapping[str, nn.Module], masks: Masks | None = None
) -> Report:
    """How well classes, and with masks those of places, are read off the features after each block.

    Args:
        pictures: with a class each.
        labels: class of each by key, from 0.
        networks: by the name of their column.
        masks: class maps of some of the pictures.

    Raises:
        ValueError: there are too few pictures to learn from.
    """
    keys: list[str] = []
    counted = (keys.append(named.key) or named for named in pictures)  # type: ignore[func-returns-value]
    pooled, placed, places = read_features(counted, networks, masks)
    is_tested, own = split(keys), torch.tensor([labels[key] for key in keys])
    if not is_tested.any() or is_tested.all():
        raise ValueError(f"{len(keys)} pictures are too few to teach a probe and test it; give more")
    rows: Figures = {}
    for name, blocks in pooled.items():
        for number, features in enumerate(blocks, start=1):
            right = probe(features, own, is_tested) == own[is_tested]
            rows.setdefault(f"block {number}", {})[name] = 100 * float(right.float().mean())
    sections = [Section(f"top-1 in %, {len(set(own.tolist()))} classes", len(keys), rows)]
    has_map = places[:, 0, 0] >= 0
    if masks and (has_map & is_tested).any() and (has_map & ~is_tested).any():
        sections.append(
            Section("mIU of places in %", int(has_map.sum()), _of_places(placed, places, is_tested, has_map))
        )
    return Report(sections, [])


def _of_places(placed: Mapping[str, list[Tensor]], places: Tensor, is_tested: Tensor, has_map: Tensor) -> Figures:
    rows: Figures = {}
    true, tested = places[has_map].flatten(), is_tested[has_map].repeat_interleave(PLACES**2)
    for name, blocks in placed.items():
        for number, features in enumerate(blocks, start=1):
            each = features[has_map].permute(0, 2, 3, 1).flatten(0, 2)
            rows.setdefault(f"block {number}", {})[name] = mean_iou(probe(each, true, tested), true[tested])
    return rows
