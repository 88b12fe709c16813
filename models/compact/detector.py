"""Finds instances on the colour network's own encoder: anchor-free, COCO's 80 classes, at 1/8, 1/16 and 1/32.

Each location says how likely each class is and how far the box's four sides lie from it (FCOS: Tian et al., ICCV
2019, arXiv 1904.01355); locations are given to boxes by how well they do already (TOOD: Feng et al., ICCV 2021, arXiv
2108.07755), and the score that is taught is the teacher's score times the overlap (quality focal loss: Li et al.,
NeurIPS 2020, arXiv 2006.04388). Boxes are left, top, right, bottom as shares of the picture's sides.
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CLASSES = 80
WIDTH = 96
STRIDES = (8, 16, 32)
CANDIDATES = 50
"""Candidates for each box that may be kept, the best first."""
PRIOR_SCORE = 0.01
"""Score of every class before training, low so that training does not begin with a flood of false finds."""


@dataclass(frozen=True)
class Found:
    """Output of the detector at every location; L locations over all levels."""

    logits: Tensor
    """(N, L, 80), of the classes' scores."""
    boxes: Tensor
    """(N, L, 4), shares of the sides, not clipped."""
    centres: Tensor
    """(L, 2), x and y of the locations, shares of the sides."""
    reach: Tensor
    """(L, 2), half a stride as shares of the width and the height."""


def _norm_relu(channels: int) -> nn.Sequential:
    return nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU())


def _separable(channels: int) -> nn.Sequential:
    spread = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
    mix = nn.Conv2d(channels, channels, 1, bias=False)
    return nn.Sequential(spread, _norm_relu(channels), mix, _norm_relu(channels))


class Detector(nn.Module):
    """The encoder's features to classes and boxes."""

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.lateral = nn.ModuleList(
            nn.Sequential(nn.Conv2d(c, WIDTH, 1, bias=False), _norm_relu(WIDTH)) for c in channels
        )
        self.smooth = nn.ModuleList(_separable(WIDTH) for _ in channels)
        self.class_tower, self.box_tower = _separable(WIDTH), _separable(WIDTH)
        self.classes = nn.Conv2d(WIDTH, CLASSES, 1)
        self.sides = nn.Conv2d(WIDTH, 4, 1)
        self.scales = nn.Parameter(torch.ones(len(STRIDES)))
        nn.init.constant_(self.classes.bias, -math.log((1 - PRIOR_SCORE) / PRIOR_SCORE))  # type: ignore[arg-type]
        nn.init.constant_(self.sides.bias, 1.0)  # type: ignore[arg-type]

    def forward(self, features: list[Tensor]) -> Found:
        """Classes and boxes at every location, from features at 1/8, 1/16 and 1/32 of the picture."""
        levels = [lateral(feature) for lateral, feature in zip(self.lateral, features, strict=True)]
        for i in (1, 0):
            levels[i] = levels[i] + F.interpolate(levels[i + 1], size=levels[i].shape[-2:], mode="nearest")
        logits, boxes, centres, reach = [], [], [], []
        for i, (level, smooth) in enumerate(zip(levels, self.smooth, strict=True)):
            x = smooth(level)
            centre, unit, half = _grid(*x.shape[-2:], x.device)
            logits.append(self.classes(self.class_tower(x)).flatten(2).transpose(1, 2).float())
            sides = self.sides(self.box_tower(x)).flatten(2).transpose(1, 2).float()
            sides = (self.scales[i] * sides).clamp(max=6).exp() * unit
            boxes.append(torch.cat([centre - sides[..., :2], centre + sides[..., 2:]], dim=-1))
            centres.append(centre)
            reach.append(half.expand_as(centre))
        return Found(torch.cat(logits, 1), torch.cat(boxes, 1), torch.cat(centres), torch.cat(reach))


def overlap(one: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """Intersection over union, and its generalised form (Rezatofighi et al., CVPR 2019), of boxes (..., 4)."""
    low, high = torch.maximum(one[..., :2], other[..., :2]), torch.minimum(one[..., 2:], other[..., 2:])
    hull = (torch.maximum(one[..., 2:], other[..., 2:]) - torch.minimum(one[..., :2], other[..., :2])).prod(dim=-1)
    shared = (high - low).clamp(min=0).prod(dim=-1)
    areas = [(box[..., 2:] - box[..., :2]).clamp(min=0).prod(dim=-1) for box in (one, other)]
    union = areas[0] + areas[1] - shared
    iou = shared / union.clamp(min=1e-9)
    return iou, iou - (hull - union) / hull.clamp(min=1e-9)


@torch.no_grad()
def assign(found: Found, boxes: Tensor, most: int = 9) -> tuple[Tensor, Tensor]:
    """Which box each location is to find: the `most` best-aligned locations of each box (TOOD, sec. 3.2).

    Args:
        found: output of the detector.
        boxes: (N, M, 6): left, top, right, bottom, class, score; rows of class -1 are none.
        most: locations for each box.

    Returns:
        (N, L) index of the box, -1 for none, and (N, L) the overlap of the location's own box with it.
    """
    corners, is_box = boxes[..., :4], boxes[..., 4] >= 0
    middle = (corners[..., :2] + corners[..., 2:]) / 2
    half = torch.maximum((corners[..., 2:] - corners[..., :2])[:, :, None] / 2, found.reach)  # small ones get a cell
    is_inside = ((found.centres - middle[:, :, None]).abs() <= half).all(dim=-1) & is_box[..., None]  # (N, M, L)
    iou = overlap(corners[:, :, None], found.boxes[:, None])[0]
    classes = boxes[..., 4].long().clamp(min=0)
    scores = found.logits.sigmoid().transpose(1, 2)  # (N, 80, L)
    score = scores.gather(1, classes[..., None].expand(-1, -1, scores.shape[-1]))
    alignment = torch.where(is_inside, score.sqrt() * iou**4 + 1e-9, 0)
    best = alignment.topk(min(most, alignment.shape[-1]), dim=-1)
    chosen = torch.zeros_like(alignment).scatter(-1, best.indices, best.values)
    strength, index = chosen.max(dim=1)
    return torch.where(strength > 0, index, -1), iou.gather(1, index[:, None])[:, 0]


def detection_loss(found: Found, boxes: Tensor) -> Tensor:
    """Quality focal loss on the classes plus twice the GIoU loss on the boxes.

    Args:
        found: output of the detector.
        boxes: (N, M, 6) as in `assign`; the teacher's score is the label, softened by the overlap reached. A picture
            whose first row is of class -2 is left out: nobody knows what is in it.
    """
    is_known = boxes[:, 0, 4] > -2
    found, boxes = Found(found.logits[is_known], found.boxes[is_known], found.centres, found.reach), boxes[is_known]
    index, iou = assign(found, boxes)
    is_one = index >= 0
    taught = boxes.gather(1, index.clamp(min=0)[..., None].expand(-1, -1, 6))
    quality = torch.where(is_one, iou * taught[..., 5], 0)
    target = torch.zeros_like(found.logits)
    target.scatter_(2, taught[..., 4:5].long().clamp(min=0), quality[..., None])
    distance = (target - found.logits.sigmoid()).abs() ** 2
    by_class = F.binary_cross_entropy_with_logits(found.logits, target, reduction="none") * distance
    giou = overlap(found.boxes[is_one], taught[is_one][:, :4])[1]
    weight = taught[is_one][:, 5]
    count = weight.sum().clamp(min=1)
    return (by_class.sum() + 2 * ((1 - giou) * weight).sum()) / count


@functools.cache
@torch.inference_mode(mode=False)
def _grid(rows: int, columns: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """The locations of a level, (rows x columns, 2), its stride, twice, (4,), and half of it, (2,): x and y, shares."""
    unit = torch.tensor([1 / columns, 1 / rows])
    y, across = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    centres = (torch.stack([across, y], dim=-1).reshape(-1, 2) + 0.5) * unit
    return centres.to(device), unit.repeat(2).to(device), (unit / 2).to(device)


def best_boxes(found: Found, least: float = 0.3, most: int = 8, same: float = 0.6) -> list[Tensor]:
    """The best boxes of each picture, best first, on the CPU: (K, 6) each, K at most `most`.

    Of boxes of one class that overlap by more than `same`, the best stays (greedy non-maximum suppression).

    Args:
        found: output of the detector.
        least: score below which a box is left out.
        most: boxes of one picture.
        same: intersection over union.
    """
    return [_apart(table, most, same) for table in _candidates(found, least, CANDIDATES * most)]


def _candidates(found: Found, least: float, count: int) -> list[Tensor]:
    """The most likely finds of each picture that reach the score `least`, best first, on the CPU: (K, 6) each."""
    scores = found.logits.sigmoid().flatten(1)
    if scores.device.type == "cpu":  # those that reach it are few, and soon sorted
        return [_likely(*one, least, count) for one in zip(scores, found.boxes, strict=True)]
    scores, which = (table[:, :count] for table in scores.sort(dim=1, descending=True, stable=True))
    boxes = found.boxes.gather(1, (which // CLASSES)[..., None].expand(-1, -1, 4)).clamp(0, 1)
    tables = torch.cat([boxes, (which % CLASSES)[..., None].float(), scores[..., None]], dim=2).cpu()
    return [table[table[:, 5] >= least] for table in tables]


def _likely(scores: Tensor, boxes: Tensor, least: float, count: int) -> Tensor:
    """The most likely finds of one picture, (K, 6), of scores (L x 80,) and boxes (L, 4)."""
    which = (scores >= least).nonzero()[:, 0]
    score, order = scores[which].sort(descending=True, stable=True)  # ties the same way everywhere
    score, which = score[:count], which[order][:count]
    rows = [boxes[which // CLASSES].clamp(0, 1), (which % CLASSES)[:, None], score[:, None]]
    return torch.cat([row.float() for row in rows], dim=1)


def _apart(table: Tensor, most: int, same: float) -> Tensor:
    """The best boxes of a table of them, best first, without those of one class that overlap with a better one."""
    rivals = (overlap(table[:, None, :4], table[None, :, :4])[0] > same) & (table[:, None, 4] == table[None, :, 4])
    is_left, chosen = torch.ones(len(table), dtype=torch.bool), list[int]()
    for i in range(len(table)):
        if is_left[i]:
            chosen.append(i)
            is_left &= ~rivals[i]
        if len(chosen) == most:
            break
    return table[chosen]
