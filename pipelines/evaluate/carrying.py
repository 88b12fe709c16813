"""How much of true colours is left when they are carried along the motion: a measure without a network."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from fractions import Fraction

import numpy as np
import torch
from torch import Tensor

from models.colour.colorspace import srgb_from_lab
from models.measures.metrics import psnr
from pipelines.frames import AbBatch, AnchorBatch
from pipelines.segment import carried
from pipelines.settings import Settings
from pipelines.source import Segment

APART = 8
"""Frames from one anchor to the next."""


def true_colours_carried(
    segment: Segment, settings: Settings, rows: int, pts: Sequence[int], lightness: Tensor, ab: Tensor
) -> float:
    """Mean PSNR in dB of the frames between anchors APART frames from each other that have the true colours.

    Args:
        segment: of a film of even rate.
        settings: of the run.
        rows: short side of the pictures, see `Chosen.motion_rows`.
        pts: of the segment's own frames.
        lightness: (N, 1, h, w), theirs, CIE L*.
        ab: (N, 2, h, w), theirs, the true ones.

    Returns:
        NaN where no frame lies between two such anchors.
    """
    true = dict(zip(pts, ab.permute(0, 2, 3, 1).numpy(), strict=True))
    anchors = set[int]()

    def paint(batches: Iterable[AnchorBatch]) -> Iterator[AbBatch]:
        for batch in batches:
            anchors.update(batch.pts)
            yield AbBatch(batch, np.stack([true.get(p, np.zeros_like(true[pts[0]])) for p in batch.pts]))

    apart = APART / segment.film.picture.rate
    motion = replace(settings.motion, anchors=apart, closest=2 * apart, steady=Fraction(0))
    with closing(carried(segment, replace(settings, motion=motion), rows, paint)) as coloured:
        got = [torch.from_numpy(frame.ab).permute(2, 0, 1) for frame in coloured]
    last = max(anchors & true.keys())  # beyond it the next anchor's colours are not known
    between = [n for n, p in enumerate(pts) if p < last and p not in anchors]
    values = [float(psnr(_rgb(lightness[n], got[n]), _rgb(lightness[n], ab[n]))) for n in between]
    return float(np.mean(values)) if values else float("nan")


def _rgb(lightness: Tensor, ab: Tensor) -> Tensor:
    return srgb_from_lab(torch.cat([lightness, ab])[None])
