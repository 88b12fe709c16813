"""Colours measured against the true ones: over whole pictures, and inside and outside the boxes of instances."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from models.colour.colorspace import lab_from_srgb
from models.measures.metrics import (
    SSIM_RADIUS,
    ciede2000,
    closeness,
    closeness_by_bin,
    colourfulness,
    psnr,
    rebalanced_auc,
    ssim_map,
)
from pipelines.evaluate.content import ContentJudge
from pipelines.evaluate.paint import Coloured, PicturePainter, PictureSet
from pipelines.evaluate.report import Figures, Report, Section, means
from pipelines.evaluate.sheet import MAX_PICTURES, Sheet, tile

Boxes = dict[str, NDArray[np.float32]]
"""Key of a picture -> (K, 6), as in `InstanceBatch`."""

GROUPS = {"person": range(1), "animal": range(14, 24), "vehicle": range(1, 9)}
"""COCO's classes by what they have in common."""
WHOLE, INSIDE, OUTSIDE = "whole picture", "inside boxes", "outside boxes"
PARTS = [WHOLE, INSIDE, OUTSIDE, *(f"inside {name} boxes" for name in GROUPS)]
JUDGED = (WHOLE, INSIDE, OUTSIDE)
"""Parts at which a classifier looks."""
COMPARED = ("ours", "gray")
"""Pictures compared with the true one; a network must beat the gray one."""
COLOURFULNESS = {"signed": False, "absolute": True}
NAMES = [
    "PSNR",
    "SSIM",
    "AuC",
    "AuC, rebalanced",
    "CIEDE2000",
    *(f"{figure}, {name}" for figure in ("colourfulness", "dCF") for name in COLOURFULNESS),
    "ab change",
]
"""Figures in the order in which they are shown; PSNR in dB, AuC in %, ab change in units of ab."""
CIEDE_STEP = 2
"""Pixels along each side, of which one is taken, as the comparison of peers does (`peers.tsv`)."""
MIN_SCORE = 0.5
"""Of a given box: below it boxes are guesses."""


@dataclass(frozen=True)
class Part:
    """A picture or a part of it, measured."""

    figures: Figures
    by_bin: dict[str, Tensor]
    """ours, gray: (2, 313), see `closeness_by_bin`."""


def _inside(boxes: NDArray[np.float32], height: int, width: int) -> Tensor:
    """(H, W) bool, the union of the boxes."""
    mask = torch.zeros(height, width, dtype=torch.bool)
    for left, top, right, bottom in np.rint(boxes[:, :4] * (width, height, width, height)).astype(int):
        mask[top:bottom, left:right] = True
    return mask


def parts(boxes: NDArray[np.float32], height: int, width: int) -> Iterator[tuple[str, Tensor]]:
    """The parts of a picture that have pixels, and where they are: (H, W) bool. Without boxes only the whole."""
    inside = _inside(boxes, height, width)
    outside = ~inside if len(boxes) else inside
    groups = (_inside(boxes[np.isin(boxes[:, 4], classes)], height, width) for classes in GROUPS.values())
    masks = zip(PARTS, [torch.ones_like(inside), inside, outside, *groups], strict=True)
    return ((title, mask) for title, mask in masks if mask.any())


def measure(coloured: Coloured, boxes: NDArray[np.float32]) -> dict[str, Part]:
    """A picture's parts by boxes, measured."""
    return measure_parts(coloured, parts(boxes, *coloured.rgb["true"].shape[-2:]))


def measure_parts(coloured: Coloured, places: Iterable[tuple[str, Tensor]]) -> dict[str, Part]:
    """A picture's parts, measured.

    Args:
        coloured: the picture.
        places: titles of parts and where they are, (H, W) bool, with some place each; the whole picture among them.
    """
    true, true_ab = coloured.rgb["true"], coloured.lab["true"][:, 1:]
    border = [SSIM_RADIUS] * 4
    similar = {k: F.pad(ssim_map(coloured.rgb[k], true), border, value=math.nan) for k in COMPARED}  # (1, H, W)
    close = {k: closeness(coloured.lab[k][:, 1:], true_ab) for k in COMPARED}
    measured = {}
    for title, mask in places:
        pixels = {kind: picture[:, :, mask][:, :, None] for kind, picture in coloured.rgb.items()}  # (1, 3, 1, P)
        figures = {
            "PSNR": {k: psnr(pixels[k], pixels["true"]) for k in COMPARED},
            "SSIM": {k: similar[k][:, mask].nanmean() for k in COMPARED},
            "AuC": {k: 100 * close[k][:, mask].mean() for k in COMPARED},
        }
        for name, is_absolute in COLOURFULNESS.items():
            figures[f"colourfulness, {name}"] = {kind: colourfulness(p, is_absolute) for kind, p in pixels.items()}
        numbers = {name: {kind: float(value) for kind, value in row.items()} for name, row in figures.items()}
        in_row = true_ab[:, :, mask][:, :, None]  # (1, 2, 1, P)
        measured[title] = Part(numbers, {k: closeness_by_bin(close[k][:, mask], in_row) for k in COMPARED})
    few = {kind: lab_from_srgb(rgb[:, :, ::CIEDE_STEP, ::CIEDE_STEP]) for kind, rgb in coloured.rgb.items()}
    measured[WHOLE].figures["CIEDE2000"] = {k: float(ciede2000(few[k], few["true"]).mean()) for k in COMPARED}
    measured[WHOLE].figures["ab change"] = {"ours": coloured.ab_change}
    return measured


def summary(title: str, measured: list[Part]) -> Section:
    """The figures of one part over all pictures."""
    figures = means([part.figures for part in measured])
    sums = {k: torch.stack([part.by_bin[k] for part in measured]).sum(dim=0) for k in COMPARED}
    figures["AuC, rebalanced"] = {k: 100 * float(rebalanced_auc(table)) for k, table in sums.items()}
    for name in COLOURFULNESS:  # of the means, not the mean of differences, as papers give it
        mean = figures[f"colourfulness, {name}"]
        figures[f"dCF, {name}"] = {k: abs(mean[k] - mean["true"]) for k in COMPARED}
    return Section(title, len(measured), {name: figures[name] for name in NAMES if name in figures})


@torch.inference_mode()
def evaluate_colour(
    chosen: PictureSet,
    paint: PicturePainter,
    boxes: Boxes | None = None,
    judge: ContentJudge | None = None,
    sheet: Sheet | None = None,
) -> Report:
    """Figures of a network on colour pictures.

    Args:
        chosen: the pictures.
        paint: the network.
        boxes: of the instances by which pictures are parted; those that score 0.5 and more count. None: what the
            network itself finds.
        judge: takes in what a classifier sees in the pictures.
        sheet: takes gray | ours | true of some of them.
    """
    measured: list[dict[str, Part]] = []
    pictures: list[dict[str, object]] = []
    for number, coloured in enumerate(map(paint, chosen)):
        here = coloured.boxes
        if boxes is not None:
            here = boxes.get(coloured.key, here[:0])
            here = here[here[:, 5] >= MIN_SCORE]
        measured.append(measure(coloured, here))
        pictures.append({"key": coloured.key} | {title: part.figures for title, part in measured[-1].items()})
        if judge:
            seen = parts(here, *coloured.rgb["true"].shape[-2:])
            judge.add(coloured, ((title, mask) for title, mask in seen if title in JUDGED))
        if sheet and number % math.ceil(len(chosen) / MAX_PICTURES) == 0:
            sheet.tiles.append(tile(coloured))
    by_part = {title: [of_parts[title] for of_parts in measured if title in of_parts] for title in PARTS}
    sections = [summary(title, found) for title, found in by_part.items() if found]
    return Report(sections + (judge.sections() if judge else []), pictures)
