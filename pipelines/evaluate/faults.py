"""Faults of colour by name, each as a figure of ours that is 0 where the picture has its true colours."""

from collections.abc import Iterable

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from pipelines.evaluate.masks import PERSON, Mask, Masks
from pipelines.evaluate.paint import Coloured, Named, PicturePainter
from pipelines.evaluate.report import Figures, Report, Section, means

Ab = NDArray[np.float32]
"""(H, W, 2)."""

EVEN_WINDOW, EVEN_STEP = 1 / 24, 2.0
"""Share of the short side within which L* of an even surface deviates by less than so much."""
LEAST_SURFACE = 0.02
"""Share of the picture."""
EVEN_COLOUR = 4.0
"""Standard deviation of the true ab of an even surface, at most."""
GROUND, SKY = 1 / 3, 1 / 4
"""Shares of the rows from the bottom and from the top."""
BLUE_SKY, GRAY = -6.0, 8.0
"""b* below which a sky is blue; chroma below which a ground has no colour."""
ONE_HUE, LEAST_CHROMA = 0.95, 3.0
"""Share of the colour that points one way, from which a picture has one hue; mean chroma below which it has none."""
SKIN_HUE, SKIN_CHROMA, SKIN_LIGHTNESS = (30, 80), (8, 45), (25, 92)
"""Degrees, units of ab, and L* of what counts as skin in a person's true picture."""
HUE_OFF = 25.0
"""Degrees from the true hue, or no chroma (below LEAST_CHROMA), from where skin is wrong."""


@torch.inference_mode()
def evaluate_faults(chosen: Iterable[Named], paint: PicturePainter, masks: Masks | None = None) -> Report:
    """Figures of five faults.

    Args:
        chosen: colour pictures.
        paint: the network.
        masks: class maps of some of them, for halves and skin; None: these two are not measured.
    """
    found: dict[str, list[Figures]] = {}
    for coloured in map(paint, chosen):
        planes = {kind: coloured.lab[kind][0].permute(1, 2, 0).numpy() for kind in ("ours", "true")}
        ours, true = planes["ours"][..., 1:], planes["true"][..., 1:]
        of_one = [clouds(planes["true"], ours), blue_ground(ours, true), one_hue(ours, true)]
        if masks and coloured.key in masks.names:
            of_one += _on_things(masks, coloured, ours, planes["true"])
        for figures in of_one:
            for name, row in (figures or {}).items():
                found.setdefault(name, []).append({name: row})
    return Report([Section(name, len(rows), means(rows)) for name, rows in found.items()], [])


def _on_things(masks: Masks, coloured: Coloured, ours: Ab, true_lab: Ab) -> list[Figures | None]:
    thing = masks.largest(coloured.key, *ours.shape[:2])
    persons = masks.classes(coloured.key, *ours.shape[:2]) == PERSON
    return [halves(ours, true_lab[..., 1:], thing) if thing is not None else None, skin(ours, true_lab, persons)]


def _spread(ab: Ab) -> float:
    """Root of the mean squared distance from the mean colour, of (K, 2)."""
    return float(np.sqrt(ab.var(axis=0).sum()))


def clouds(true_lab: Ab, ours: Ab) -> Figures | None:
    """How much more ab spreads than it truly does, within surfaces even in lightness and in true colour: their mean."""
    lightness, true = true_lab[..., 0], true_lab[..., 1:]
    side = max(3, round(EVEN_WINDOW * min(lightness.shape)))
    mean, square = cv2.blur(lightness, (side, side)), cv2.blur(lightness**2, (side, side))
    even = np.sqrt((square - mean**2).clip(0)) < EVEN_STEP
    count, labels = cv2.connectedComponents(even.astype(np.uint8))
    sizes = np.bincount(labels.ravel(), minlength=count)
    large = [n for n in range(1, count) if sizes[n] >= LEAST_SURFACE * even.size]
    spreads = [(_spread(ours[where]), _spread(true[where])) for where in (labels == n for n in large)]
    kept = [pair for pair in spreads if pair[1] <= EVEN_COLOUR]
    if not kept:
        return None
    return {
        "clouds on even surfaces, spread of ab": {
            "ours": float(np.mean([max(0, own - of_true) for own, of_true in kept]))
        }
    }


def blue_ground(ours: Ab, true: Ab) -> Figures | None:
    """How much bluer than it truly is ground without colour lies under a blue sky: the mean of what b* lies below."""
    rows = len(true)
    sky, bottom = true[: round(SKY * rows)], slice(rows - round(GROUND * rows), rows)
    gray = np.linalg.norm(true[bottom], axis=-1) < GRAY
    if sky[..., 1].mean() > BLUE_SKY or gray.mean() < 1 / 4:
        return None
    below = (true - ours)[bottom][gray][:, 1]
    return {"blue ground under a blue sky, b* too low": {"ours": float(below.clip(0).mean())}}


def one_hue(ours: Ab, true: Ab) -> Figures | None:
    """Whether all colour points one way, where that of the true picture does not: 1 or 0."""
    if _has_one_hue(true):
        return None
    return {"pictures of one hue, share": {"ours": float(_has_one_hue(ours))}}


def _has_one_hue(ab: Ab) -> bool:
    chroma = np.linalg.norm(ab, axis=-1)
    way = np.linalg.norm(ab.mean(axis=(0, 1))) / max(float(chroma.mean()), 1e-6)
    return bool(chroma.mean() >= LEAST_CHROMA and way >= ONE_HUE)


def halves(ours: Ab, true: Ab, thing: Mask) -> Figures:
    """How much more or less the two halves of a thing, left and right of its middle, differ than they truly do."""
    middle = np.median(np.nonzero(thing)[1])
    right = np.arange(thing.shape[1]) >= middle
    apart = [ab[thing & right].mean(axis=0) - ab[thing & ~right].mean(axis=0) for ab in (ours, true)]
    return {"halves of a thing, difference of ab": {"ours": float(np.linalg.norm(apart[0] - apart[1]))}}


def skin(ours: Ab, true_lab: Ab, persons: Mask) -> Figures | None:
    """Share of the skin that is of another hue than it truly is, or has none."""
    true = true_lab[..., 1:]
    hue, chroma = _polar(true)
    bounds = ((hue, SKIN_HUE), (chroma, SKIN_CHROMA), (true_lab[..., 0], SKIN_LIGHTNESS))
    is_skin = np.logical_and.reduce([persons, *((low <= value) & (value <= high) for value, (low, high) in bounds)])
    if is_skin.mean() < LEAST_SURFACE:
        return None
    own_hue, own_chroma = _polar(ours)
    off = np.abs((own_hue - hue + 180) % 360 - 180) > HUE_OFF
    return {"skin of a wrong hue, share": {"ours": float((off | (own_chroma < LEAST_CHROMA))[is_skin].mean())}}


def _polar(ab: Ab) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Hue in degrees, and chroma."""
    return np.degrees(np.arctan2(ab[..., 1], ab[..., 0])) % 360, np.linalg.norm(ab, axis=-1)
