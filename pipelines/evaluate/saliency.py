"""Colours where people look, and how well a network finds these places."""

from collections.abc import Callable, Iterable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from models.colour.colorspace import srgb_of_lightness
from models.measures.saliency import adaptive_f, f_measure, mean_error, precision_and_recall
from models.published.scgan import Scgan
from models.weights.files import load_network, network_of
from pipelines.evaluate.colour import WHOLE, Part, measure_parts, summary
from pipelines.evaluate.content import ContentJudge
from pipelines.evaluate.paint import Named, PicturePainter
from pipelines.evaluate.report import Report, Section
from pipelines.media.maps import SALIENT, SaliencyMaps

INSIDE, OUTSIDE = "inside salient places", "outside salient places"
Find = Callable[[Tensor], Tensor]
"""CIE L* of a picture, (1, 1, H, W), to its map, (H, W), 0..1."""


def finder(weights: Path, rows: int) -> Find | None:
    """The part of these weights that finds saliency; None where the network has no branch for it.

    Args:
        weights: of any network.
        rows: side of the squares that it sees.
    """
    if network_of(weights) != "scgan":
        return None
    network = load_network(weights)[0]
    if not hasattr(network, "attention_prediction_network"):
        return None
    assert isinstance(network, Scgan)

    def find(lightness: Tensor) -> Tensor:
        square = F.interpolate(lightness, size=(rows, rows), mode="bilinear", antialias=True)
        found = network.with_saliency(srgb_of_lightness(square))[1]
        return F.interpolate(found, size=lightness.shape[2:], mode="bilinear")[0, 0].clamp(0, 1)

    return find


@torch.inference_mode()
def evaluate_saliency(
    pictures: Iterable[Named],
    paint: PicturePainter,
    maps: SaliencyMaps,
    find: Find | None = None,
    judge: ContentJudge | None = None,
) -> Report:
    """Figures of colours inside and outside salient places and, of a network that finds these, of its maps.

    Args:
        pictures: those that have maps.
        paint: the network.
        maps: of the pictures; what is at least half salient counts.
        find: finds saliency.
        judge: takes in what a classifier sees in the pictures.
    """
    measured: list[dict[str, Part]] = []
    records: list[dict[str, object]] = []
    found: list[tuple[Tensor, Tensor]] = []
    for named in pictures:
        coloured = paint(named)
        size = coloured.rgb["true"].shape[-2:]
        is_salient = torch.from_numpy(maps.of(named.key, *size)) > SALIENT // 2
        places = [(WHOLE, torch.ones_like(is_salient)), (INSIDE, is_salient), (OUTSIDE, ~is_salient)]
        parts = [(title, mask) for title, mask in places if mask.any()]
        measured.append(measure_parts(coloured, parts))
        records.append({"key": named.key} | {title: part.figures for title, part in measured[-1].items()})
        if judge:
            judge.add(coloured, parts)
        if find and is_salient.any():
            found.append((find(coloured.lab["true"][:, :1]), is_salient))
    by_part = {title: [each[title] for each in measured if title in each] for title in (WHOLE, INSIDE, OUTSIDE)}
    sections = [summary(title, each) for title, each in by_part.items() if each]
    return Report(sections + ([_found_section(found)] if found else []) + (judge.sections() if judge else []), records)


def _found_section(found: list[tuple[Tensor, Tensor]]) -> Section:
    """MAE and F of maps, beside those of one that calls every place salient."""
    curves = torch.stack([precision_and_recall(*pair) for pair in found]).mean(dim=0)  # (2, 255)
    share = torch.stack([is_salient.double().mean() for _, is_salient in found]).mean()
    errors, adaptive = ([measured(*pair) for pair in found] for measured in (mean_error, adaptive_f))
    count, everywhere = len(found), float(f_measure(share, torch.ones(())))
    figures = {
        "MAE": {"ours": sum(errors) / count, "everywhere": float(1 - share)},
        "F, best threshold": {"ours": float(f_measure(*curves).max()), "everywhere": everywhere},
        "F, adaptive threshold": {"ours": sum(adaptive) / count, "everywhere": everywhere},
    }
    return Section("saliency", count, figures)
