"""Found boxes measured against given ones: average precision at an overlap of one half (AP50)."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.measures.metrics import average_precision, match_boxes
from pipelines.evaluate.paint import Find, PictureSet, as_anchors, lab_of, network_lightness
from pipelines.evaluate.report import Figures, Report, Section

MIN_SCORE = 0.5
"""Of a given box that must be found; one below it is neither right to find nor wrong."""
NAMES = [
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light",
    "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow", "elephant",
    "bear", "zebra", "giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee", "skis", "snowboard",
    "sports ball", "kite", "baseball bat", "baseball glove", "skateboard", "surfboard", "tennis racket", "bottle",
    "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple", "sandwich", "orange", "broccoli",
    "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch", "potted plant", "bed", "dining table", "toilet",
    "tv", "laptop", "mouse", "remote", "keyboard", "cell phone", "microwave", "oven", "toaster", "sink",
    "refrigerator", "book", "clock", "vase", "scissors", "teddy bear", "hair drier", "toothbrush",
]  # fmt: skip
"""COCO's classes, 0 to 79."""


def _precisions(found: Tensor, verdicts: Tensor, given: Counter[int]) -> Figures:
    """AP50 in %, over all boxes ranked together, and class by class: those of most boxes first.

    Args:
        found: (K, 6), of all pictures.
        verdicts: (K,), what `match_boxes` says of each.
        given: class -> how many boxes were to be found.
    """
    counted, is_right = found[verdicts >= 0], verdicts[verdicts >= 0] == 1

    def precision(chosen: Tensor, boxes: int) -> dict[str, float]:
        return {"AP50": 100 * average_precision(counted[chosen, 5], is_right[chosen], boxes), "boxes": boxes}

    whole = precision(torch.ones_like(is_right), given.total())
    names = dict(enumerate(NAMES))
    classes = {
        names.get(number, f"class {number}"): precision(counted[:, 4] == number, boxes)
        for number, boxes in given.most_common()
    }
    mean = float(np.mean([row["AP50"] for row in classes.values()]))
    return {"all boxes": whole, f"mean over {len(classes)} classes": {"AP50": mean}} | classes


@torch.inference_mode()
def evaluate_detector(chosen: PictureSet, rows: int, find: Find, boxes: Mapping[str, NDArray[np.float32]]) -> Report:
    """Average precision of a detector on the lightness of colour pictures.

    Args:
        chosen: the pictures; those for which nothing is known in `boxes` must have been left out.
        rows: short side of what the detector sees, in pixels.
        find: the detector; what it leaves out for its low score counts as not found.
        boxes: key of a picture -> (K, 6), as in `InstanceBatch`.

    Raises:
        ValueError: no box scores so high that it must be found.
    """
    found, verdicts, given = [torch.zeros(0, 6)], [torch.zeros(0, dtype=torch.int8)], Counter[int]()
    pictures: list[dict[str, object]] = []
    for named in chosen:
        lightness = network_lightness(lab_of(named.picture)[0, 0].numpy(), rows)
        here = torch.from_numpy(find(as_anchors(lightness[None])).boxes[0])
        here = here[here[:, 5].argsort(descending=True, stable=True)]
        true = torch.from_numpy(boxes[named.key])
        found.append(here)
        verdicts.append(match_boxes(here, true, MIN_SCORE))
        wanted = true[true[:, 5] >= MIN_SCORE, 4].int().tolist()
        given.update(wanted)
        right = int((verdicts[-1] == 1).sum())
        pictures.append({"key": named.key, "found": len(here), "right": right, "given": len(wanted)})
    if not given:
        raise ValueError(f"no box of these pictures scores {MIN_SCORE} or more: nothing is to be found")
    figures = _precisions(torch.cat(found), torch.cat(verdicts), given)
    return Report([Section("found boxes", len(pictures), figures)], pictures)
