"""Blends: networks whose colours are averaged, each with its share and at its own size."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.kind import Kind
from pipelines.frames import AnchorBatch
from pipelines.painting.size import network_size
from pipelines.settings import PaintSettings

PART = re.compile(r"(?P<name>.+?)(:(?P<share>\d*\.?\d+))?")
"""Of a blend: a network, and its share."""
TAKEN: dict[str, Callable[[Kind], object]] = {
    "temperature": lambda kind: kind.temperature,
    "instances": lambda kind: "instances" in kind.takes,
    "class_network": lambda kind: "class" in kind.takes,
    "film_class": lambda kind: "class" in kind.takes,
    "render_factor": lambda kind: kind.sees.factor,
}
"""Settings that some networks take, and whether one does."""


def shares_of(network: str) -> dict[str, float]:
    """Names of the networks that are meant, each with its share; they add up to 1.

    Args:
        network: a name or file; or several, NAME+NAME or NAME:SHARE+NAME:SHARE.

    Raises:
        ValueError: only some have a share, one has none of it, or one is named twice.
    """
    if Path(network).is_file() or "+" not in network:
        return {network: 1.0}
    found = [match for part in network.split("+") if (match := PART.fullmatch(part.strip()))]
    names, given = [match["name"] for match in found], [match["share"] for match in found]
    if len(found) <= network.count("+") or len(set(names)) < len(names):
        raise ValueError(f"{network!r} is no blend of networks; write NAME+NAME, each once")
    if None in given and any(given):
        raise ValueError(f"{network!r}: give every network of a blend a share, or none")
    shares = [float(share or 1) for share in given]
    if min(shares) <= 0:
        raise ValueError(f"{network!r}: a share must be above 0")
    return {name: share / sum(shares) for name, share in zip(names, shares, strict=True)}


def asked_of(kind: Kind, kinds: Sequence[Kind], asked: PaintSettings) -> PaintSettings:
    """The settings for one network of several: without those that it does not take, where another does."""
    left_out = {
        name: getattr(PaintSettings(), name)
        for name, takes in TAKEN.items()
        if not takes(kind) and any(takes(other) for other in kinds)
    }
    return replace(asked, **left_out)


def mean_ab(shares: Sequence[float], each: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """ab (N, h, w, 2) that networks give, averaged by their shares; that of one alone stays as it is, to the bit."""
    return np.average(np.stack(each), axis=0, weights=shares).astype(np.float32)


def anchors_at(rows: int, anchors: AnchorBatch) -> AnchorBatch:
    """The anchors as a network sees them that sees fewer rows than they have been made for."""
    height, width = anchors.lightness.shape[1:]
    if min(height, width) == rows or anchors.large is None:
        return replace(anchors, large=None)
    height, width = anchors.large.shape[1:]
    if min(height, width) == rows:
        return anchors
    height, width = network_size(height, width, rows)
    small = [cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA) for picture in anchors.large]
    return replace(anchors, large=np.stack(small).astype(np.uint8))
