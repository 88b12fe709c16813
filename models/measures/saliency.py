"""How well maps of where people look are found: mean error, and F-measure (Achanta et al., CVPR 2009)."""

import torch
from torch import Tensor

BETA_SQUARED = 0.3
"""Weight of precision beside recall, as in the field's comparisons."""
LEVELS = 256
"""Values of a map; above each but the last lies a threshold."""


def mean_error(found: Tensor, is_salient: Tensor) -> float:
    """MAE of a map, 0..1, against places (bool), of the same shape."""
    return float((found - is_salient.float()).abs().mean())


def precision_and_recall(found: Tensor, is_salient: Tensor) -> Tensor:
    """Of the places whose value lies above 0, 1, ..., 254 of 255: (2, 255), precision (1 where there are none), recall.

    Args:
        found: a map, 0..1.
        is_salient: bool, of the same shape; some place is.
    """
    levels = (found * (LEVELS - 1)).round().long()
    counted = (torch.bincount(levels[mask].flatten(), minlength=LEVELS) for mask in (is_salient, ~is_salient))
    right, wrong = (counts.flip(0).cumsum(0).flip(0)[1:].double() for counts in counted)  # (255,)
    precision = torch.where(right + wrong > 0, right / (right + wrong).clamp(min=1), 1.0)
    return torch.stack([precision, right / is_salient.sum()])


def f_measure(precision: Tensor, recall: Tensor) -> Tensor:
    """F of precision and recall of any shape; 0 where both are."""
    weighted = BETA_SQUARED * precision + recall
    return (1 + BETA_SQUARED) * precision * recall / weighted.clamp(min=1e-12)


def adaptive_f(found: Tensor, is_salient: Tensor) -> float:
    """F of the places whose value is at least twice the map's mean (1 at most)."""
    threshold = min(2 * float(found.mean()), 1.0)
    chosen = found >= threshold
    right = (chosen & is_salient).sum().double()
    return float(f_measure(right / chosen.sum().clamp(min=1), right / is_salient.sum()))
