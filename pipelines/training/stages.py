"""Stages of training the default network: the parts that each changes, and its losses.

full: encoder, decoder and detector, on whole pictures. instance: the instance branch, on instances. fusion: the
fusion with the instance branch. decoder, detector: one of these once more, on a frozen encoder. The first three are
those of Instance-aware Image Colorization (Su, Chu, Huang, CVPR 2020, arXiv 2005.10825).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from models.colour.bins import expected_ab
from models.colour.colorspace import lab_from_linear
from models.compact.detector import detection_loss
from models.compact.instance_fusion import cut_out, with_context
from models.compact.network import HEAD_STRIDE, INSTANCE_SIDE, STEPS, Compact
from models.measures.losses import (
    ab_huber,
    ab_squared,
    colourfulness_difference,
    rebalanced_cross_entropy,
    relative_difference,
)
from pipelines.training.config import Stage, TrainConfig
from pipelines.training.crops import JITTER
from pipelines.training.drawn_hints import Hints, drawn_hints
from pipelines.training.old_film import frame_lightness, stock_lightness

TRAINED: dict[Stage, tuple[str, ...]] = {
    "full": ("encoder", "decoder", "detector"),
    "instance": ("instance",),
    "fusion": ("instance", "fusion"),
    "decoder": ("decoder",),
    "detector": ("detector",),
}
"""Parts of the network that a stage changes; the others stay as they are."""


@dataclass(frozen=True)
class Batch:
    """Pictures of a step, their boxes, and the weights of the bins."""

    light: Tensor
    """(N, 3, h, w), linear RGB 0..1."""
    boxes: Tensor
    """(N, M, 6): left, top, right, bottom as shares of the sides, class, score; best first, -1 and below: none."""
    bin_weights: Tensor
    """(313,), of the rebalancing."""


def true_ab(light: Tensor) -> Tensor:
    """ab of the mean light at the head's size: (N, 3, h, w) linear RGB to (N, 2, h/4, w/4)."""
    return lab_from_linear(F.avg_pool2d(light, HEAD_STRIDE))[:, 1:]


def _colour_losses(logits: Tensor, ab: Tensor, bin_weights: Tensor, config: TrainConfig) -> dict[str, Tensor]:
    """Weighted terms of a batch; with consistency its second half has the first half's pictures again."""
    # bins last, where they lie: three times as fast as over the middle of the tensor
    log_probability = torch.log_softmax(logits.permute(0, 2, 3, 1), dim=-1, dtype=torch.float32).permute(0, 3, 1, 2)
    mean = expected_ab(log_probability.exp())
    if config.objective == "regression":
        terms = {"squared": ab_squared(mean, ab)}
    else:
        terms = {
            "cross-entropy": rebalanced_cross_entropy(log_probability, ab, bin_weights),
            "huber": config.huber_weight * ab_huber(mean, ab),
        }
        if config.colourfulness_weight:
            saturated = config.saturation * mean
            terms["colourfulness"] = config.colourfulness_weight * colourfulness_difference(saturated, ab)
    if config.consistency_weight:
        terms["consistency"] = config.consistency_weight * relative_difference(*mean.chunk(2))
    return terms


def takes(config: TrainConfig) -> int:
    """Frames of each picture in a step."""
    return 2 if config.stage != "detector" and config.consistency_weight else 1


def _frames(batch: Batch, config: TrainConfig) -> tuple[Tensor, Tensor, Tensor]:
    """Lightness of the pictures' frames, all first ones first; the frames' true ab at the head's size; their boxes."""
    count = takes(config)
    stock = stock_lightness(batch.light)
    faulty = torch.cat([frame_lightness(stock) for _ in range(count)])
    is_clean = torch.rand(len(batch.light), 1, 1, 1, device=stock.device) < config.clean_share
    clean = lab_from_linear(batch.light)[:, :1]
    lightness = torch.where(is_clean.repeat(count, 1, 1, 1), clean.repeat(count, 1, 1, 1), faulty)
    ab, boxes = true_ab(batch.light).repeat(count, 1, 1, 1), batch.boxes.repeat(count, 1, 1)
    return lightness.contiguous(memory_format=torch.channels_last), ab, boxes


def _frozen_features(network: Compact, lightness: Tensor) -> list[Tensor]:
    """Features of a frozen encoder."""
    with torch.no_grad():
        return network.features(lightness)


def _given(batch: Batch, config: TrainConfig) -> Hints | None:
    """Hints drawn for the pictures, equal for all frames of a picture."""
    if not config.hint_share:
        return None
    hints, count = drawn_hints(lab_from_linear(batch.light), config.hint_share), takes(config)
    return Hints(hints.planes.repeat(count, 1, 1, 1), hints.shift.repeat(count, 1, 1, 1))


def _coloured(network: Compact, features: list[Tensor], hints: Hints | None) -> Tensor:
    """Logits of full frames with their hints."""
    return network.colour(features, network.listen(hints.planes, features) if hints else None)


def _wanted(ab: Tensor, hints: Hints | None) -> Tensor:
    """The true ab at the head's size, as hints change it."""
    return ab + F.avg_pool2d(hints.shift, HEAD_STRIDE) if hints else ab


def _full_losses(network: Compact, batch: Batch, config: TrainConfig) -> dict[str, Tensor]:
    lightness, ab, boxes = _frames(batch, config)
    hints = _given(batch, config)
    with torch.autocast(batch.light.device.type, dtype=torch.bfloat16):
        features = network.features(lightness)
        logits, found = _coloured(network, features, hints), network.find(features)
    terms = _colour_losses(logits, _wanted(ab, hints), batch.bin_weights, config)
    return terms | {"detector": config.detector_weight * detection_loss(found, boxes)}


def _decoder_losses(network: Compact, batch: Batch, config: TrainConfig) -> dict[str, Tensor]:
    lightness, ab, _ = _frames(batch, config)
    hints = _given(batch, config)
    with torch.autocast(batch.light.device.type, dtype=torch.bfloat16):
        logits = _coloured(network, _frozen_features(network, lightness), hints)
    return _colour_losses(logits, _wanted(ab, hints), batch.bin_weights, config)


def _instance_losses(network: Compact, batch: Batch, config: TrainConfig) -> dict[str, Tensor]:
    lightness, ab, _ = _frames(batch, config)
    with torch.autocast(batch.light.device.type, dtype=torch.bfloat16):
        features = _frozen_features(network, lightness)
        x = network.instance.start(features)
        for number in range(STEPS):
            x = network.instance.step(number, x, features)
        logits = network.instance.head(x)
    return _colour_losses(logits, ab, batch.bin_weights, config)


def _fusion_losses(network: Compact, batch: Batch, config: TrainConfig) -> dict[str, Tensor]:
    lightness, ab, boxes = _frames(batch, config)
    boxes = boxes[:, : config.instances]
    owners, number = torch.nonzero(boxes[..., 5] >= config.least_score, as_tuple=True)
    corners = boxes[owners, number, :4]
    extent = (corners[:, 2:] - corners[:, :2]).repeat(1, 2)
    corners = with_context((corners + JITTER * extent * torch.empty_like(extent).uniform_(-1, 1)).clamp(0, 1))
    with torch.autocast(batch.light.device.type, dtype=torch.bfloat16):
        features = _frozen_features(network, lightness)
        instances = network.see(cut_out(lightness, corners, owners, INSTANCE_SIDE))
        logits = network.fuse(features, instances, corners, owners)
    return _colour_losses(logits, ab, batch.bin_weights, config)


def _detector_losses(network: Compact, batch: Batch, config: TrainConfig) -> dict[str, Tensor]:
    lightness, _, boxes = _frames(batch, config)
    with torch.autocast(batch.light.device.type, dtype=torch.bfloat16):
        features = _frozen_features(network, lightness)
        found = network.find(features)
    return {"detector": config.detector_weight * detection_loss(found, boxes)}


LOSSES: dict[Stage, Callable[[Compact, Batch, TrainConfig], dict[str, Tensor]]] = {
    "full": _full_losses,
    "instance": _instance_losses,
    "fusion": _fusion_losses,
    "decoder": _decoder_losses,
    "detector": _detector_losses,
}
