"""How much closer to the truth colours come when some of them are given (as in Zhang et al., SIGGRAPH 2017, sec. 4)."""

from collections.abc import Iterable

import cv2
import numpy as np
import torch
from torch import Tensor

from models.measures.metrics import ciede2000, psnr
from pipelines.evaluate.masks import Mask, Masks
from pipelines.evaluate.paint import Coloured, Named, PicturePainter, lab_of
from pipelines.evaluate.report import Figures, Report, Section, means
from pipelines.frames import HintTable

COUNTS = (10, 50)
"""Points given."""
WINDOW = 7
"""Pixels along each side, of a short side of 256, whose mean true colour a point has."""
AWAY = 20
"""Pixels from a thing, of a short side of 256, beyond which its point should change nothing."""


@torch.inference_mode()
def evaluate_hints(chosen: Iterable[Named], paint: PicturePainter, masks: Masks | None = None) -> Report:
    """Figures of a network with random true points, and with one point on the largest thing of a picture.

    Args:
        chosen: colour pictures.
        paint: the network, which takes hints.
        masks: class maps of some of them; None: points on things are not measured.
    """
    points, things = list[Figures](), list[Figures]()
    for named in chosen:
        true, without = lab_of(named.picture), paint(named)
        points.append(_with_points(paint, named, true, without))
        thing = masks.largest(named.key, *true.shape[-2:]) if masks and named.key in masks.names else None
        if thing is not None:
            things.append(_with_one(paint(named, _on(thing, true)), without, thing))
    sections = [Section("random true points", len(points), means(points))]
    if things:
        sections.append(Section("one point on a thing", len(things), means(things)))
    return Report(sections, [])


def _with_points(paint: PicturePainter, named: Named, true: Tensor, without: Coloured) -> Figures:
    table = _random_points(true, named.key, max(COUNTS))
    coloured = {"none": without} | {f"{count} points": paint(named, table[:count]) for count in COUNTS}
    return {
        "PSNR": {name: float(psnr(one.rgb["ours"], one.rgb["true"])) for name, one in coloured.items()},
        "CIEDE2000": {name: float(ciede2000(one.lab["ours"], true).mean()) for name, one in coloured.items()},
    }


def _random_points(true: Tensor, key: str, count: int) -> HintTable:
    """Points at random, the same for the same key, each with the mean true colour around it."""
    height, width = true.shape[-2:]
    side = max(1, round(WINDOW * min(height, width) / 256))
    random = np.random.default_rng([*key.encode()])
    blurred = cv2.blur(true[0, 1:].permute(1, 2, 0).numpy(), (side, side))
    x, y = random.random((2, count))
    ab = blurred[(y * height).astype(int), (x * width).astype(int)]
    return np.column_stack([x, y, ab]).astype(np.float32)


def _on(thing: Mask, true: Tensor) -> HintTable:
    """One point in the middle of a thing, with its mean true colour."""
    height, width = thing.shape
    inner = cv2.distanceTransform(np.pad(thing, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    row, column = np.unravel_index(int(inner.argmax()), inner.shape)
    ab = true[0, 1:][:, torch.from_numpy(thing)].mean(dim=1)
    return np.array([[(column + 0.5) / width, (row + 0.5) / height, *ab.tolist()]], np.float32)


def _with_one(hinted: Coloured, without: Coloured, thing: Mask) -> Figures:
    inside, true = torch.from_numpy(thing), hinted.lab["true"]
    apart = cv2.distanceTransform((~thing).astype(np.uint8), cv2.DIST_L2, 3)
    away = torch.from_numpy(apart >= AWAY * min(thing.shape) / 256)
    change = ciede2000(hinted.lab["ours"], without.lab["ours"])[0]
    return {
        "difference from the truth in it": {
            "none": float(ciede2000(without.lab["ours"], true)[0][inside].mean()),
            "one point": float(ciede2000(hinted.lab["ours"], true)[0][inside].mean()),
        },
        "change away from it": {"none": 0.0, "one point": float(change[away].mean())},
    }
