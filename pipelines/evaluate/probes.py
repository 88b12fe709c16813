"""Linear probes: classifiers that read classes off features."""

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.measures.metrics import average_precision
from pipelines.evaluate.blocks import BATCH, blocks_of, pooled

EPOCHS, RATE, DECAY = 40, 2e-3, 1e-2
"""Of a probe."""
COLOUR_EPOCHS, COLOUR_RATE = 3, 3e-3
"""Of the weights by which a first layer takes colours."""


def _loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Of one class each, (N,) int64, or of several, (N, K) of 1, 0 and NaN where nothing counts."""
    if targets.ndim == 1:
        return F.cross_entropy(logits, targets)
    counts = ~targets.isnan()
    return F.binary_cross_entropy_with_logits(logits[counts], targets[counts]) * targets.shape[1]


def _linear(size: int, targets: Tensor) -> tuple[nn.Linear, float]:
    """A probe that says nothing yet, and its rate."""
    linear = nn.Linear(size, int(targets.max()) + 1 if targets.ndim == 1 else targets.shape[1])
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)
    return linear, RATE / math.sqrt(size / 100)


def _shuffled(count: int, batch: int, epochs: int) -> Iterator[Tensor]:
    generator = torch.Generator().manual_seed(0)
    for _ in range(epochs):
        yield from torch.split(torch.randperm(count, generator=generator), batch)


def probe(features: Tensor, targets: Tensor, is_tested: Tensor) -> Tensor:
    """Scores that a linear classifier, taught on the others, gives those that are tested: (T, K).

    Args:
        features: (N, F), float16.
        targets: (N,), int64, from 0, of one class each; or (N, K) of several, 1, 0, or NaN where nothing counts.
        is_tested: (N,) bool.
    """
    taught = features[~is_tested].float()
    mean, spread = taught.mean(dim=0), taught.std(dim=0).clamp(min=1e-3)
    inputs, own = (taught - mean) / spread, targets[~is_tested]
    linear, rate = _linear(inputs.shape[1], targets)
    optimizer = torch.optim.AdamW(linear.parameters(), rate, weight_decay=DECAY)
    batch = max(64, len(inputs) // 64)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS * math.ceil(len(inputs) / batch))
    for chosen in _shuffled(len(inputs), batch, EPOCHS):
        optimizer.zero_grad()
        _loss(linear(inputs[chosen]), own[chosen]).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    with torch.inference_mode():
        scores: Tensor = linear((features[is_tested].float() - mean) / spread)
    return scores


def teach_colour(network: nn.Module, weights: Tensor, squares: Tensor, targets: Tensor, last: Tensor) -> None:
    """Teaches the weights by which a first layer takes colours, with a probe on the last block; all else stays.

    Args:
        network: see `with_colour`, whose weights these are.
        weights: the only ones that learn.
        squares: (N, 3, h, w), CIE Lab, of the pictures to learn from.
        targets: their classes, see `probe`.
        last: (N, F), what is pooled of the last block without colours.
    """
    blocks = blocks_of(network)
    mean, spread = last.float().mean(dim=0), last.float().std(dim=0).clamp(min=1e-3)
    linear, rate = _linear(last.shape[1], targets)
    weights.requires_grad_(True)
    groups = [{"params": [*linear.parameters()], "lr": rate}, {"params": [weights], "lr": COLOUR_RATE}]
    optimizer = torch.optim.AdamW(groups, weight_decay=DECAY)
    steps = COLOUR_EPOCHS * math.ceil(len(squares) / BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for chosen in _shuffled(len(squares), BATCH, COLOUR_EPOCHS):
        optimizer.zero_grad()
        features = pooled(blocks(squares[chosen].float())[-1])
        _loss(linear((features - mean) / spread), targets[chosen]).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    weights.requires_grad_(False)


def mean_iou(found: Tensor, true: Tensor) -> float:
    """Intersection over union of each class that is there or found, in %, their mean."""
    classes = torch.unique(torch.cat([found, true]))
    shares = [((found == c) & (true == c)).sum() / ((found == c) | (true == c)).sum() for c in classes]
    return 100 * float(torch.stack(shares).mean())


def mean_precision(scores: Tensor, targets: Tensor, points: int | None) -> float:
    """Average precision of each class that is there, in %, their mean (mAP).

    Args:
        scores: (N, K).
        targets: (N, K) of 1, 0, or NaN where nothing counts.
        points: recalls at which precision is read, as `average_precision` takes them.
    """
    each = [(score[~one.isnan()], one[~one.isnan()] == 1) for score, one in zip(scores.T, targets.T, strict=True)]
    precisions = [average_precision(score, one, int(one.sum()), points) for score, one in each if one.any()]
    return 100 * sum(precisions) / len(precisions)
