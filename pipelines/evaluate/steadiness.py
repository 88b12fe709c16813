"""How steady a film's colours are, beside the same network on every frame and nothing smoothed.

Motion is judged by another method than the one that carries colours, see `judges`. All is measured at the size that the
network sees.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.colour.colorspace import lab_from_srgb, srgb_from_lab
from models.measures.metrics import colourfulness, psnr
from models.measures.steadiness import (
    delta_e_2000,
    distribution_change,
    histograms,
    mean_where,
    visible,
    warped,
    warping_error,
)
from pipelines.colour.lightness import Lightness
from pipelines.evaluate.carrying import APART, true_colours_carried
from pipelines.evaluate.judges import FindFlow, Light, MotionJudge
from pipelines.evaluate.report import Report, Section, with_mean
from pipelines.frames import AbFrame
from pipelines.guide.given import given_for
from pipelines.media.coloured import COLOURED, colours_of
from pipelines.painting.choice import Chosen
from pipelines.painting.paint import FilmPaint, Painting
from pipelines.segment import carried
from pipelines.settings import Settings, every_frame
from pipelines.source import Film, Segment

LAG = 8
"""Frames from one picture to the next whose colours are compared as a jump: the same ones, wherever anchors are."""
RESTORE, EVERY, TRUE = "restore", "every frame", "true"


@dataclass(frozen=True)
class JudgedFilm:
    """A film's frames as they are judged, in order, whatever their colours."""

    lightness: Tensor
    """(N, 1, h, w), CIE L*."""
    shots: list[int]
    flows: list[tuple[Tensor, Tensor]]
    """For each frame but the last: (1, 2, h, w) to the next, and (1, h, w) where that is seen too."""


@dataclass(frozen=True)
class _Kept:
    """A coloured frame at network size."""

    pts: int
    shot: int
    lightness: Light
    ab: NDArray[np.float32]


def evaluate_steadiness(
    films: Sequence[Film],
    settings: Settings,
    chosen: Chosen,
    painting: Painting,
    seconds: Fraction,
    judge: MotionJudge,
) -> Report:
    """Figures of each film, and their means.

    Args:
        films: black and white; of those that have colours, these are the truth.
        settings: of the run.
        chosen: the network.
        painting: colours anchors.
        seconds: how much of each film is looked at, from its start.
        judge: finds the motion along which frames are compared.

    Raises:
        FilmError: a film cannot be read.
        ValueError: a film has fewer than two frames there.
    """
    sections = [_section(film, settings, chosen, painting, seconds, judge.flow) for film in films]
    return Report(with_mean(sections), [], judge.name)


def _section(
    film: Film, settings: Settings, chosen: Chosen, painting: Painting, seconds: Fraction, find: FindFlow
) -> Section:
    end = film.pts(min(seconds, film.duration))
    segment = Segment(film, 0, film.pts(Fraction(0)), end)
    ab, kept = {}, list[_Kept]()
    given = given_for(film, replace(settings, hints=()), chosen)
    for name, way in ((RESTORE, settings), (EVERY, every_frame(settings))):
        paint = FilmPaint(painting, film, chosen, given)
        with closing(carried(segment, way, chosen.motion_rows, paint, large_rows=chosen.rows)) as coloured:
            kept = list(_small(film, chosen.motion_rows, coloured))
        if len(kept) < 2:
            raise ValueError(f"{film.path}: fewer than two frames in its first {float(seconds):g} s")
        ab[name] = torch.from_numpy(np.stack([each.ab for each in kept])).permute(0, 3, 1, 2)
    pts = [each.pts for each in kept]
    judged = _judged([each.lightness for each in kept], [each.shot for each in kept], find)
    truth = None
    if colours_of(film) > COLOURED:
        height, width = judged.lightness.shape[-2:]
        truth = _true_pictures(film, pts, (height, width))
        ab[TRUE] = lab_from_srgb(truth)[:, 1:]
    figures = {name: _figures(judged, colours, truth) for name, colours in ab.items()}
    table = {row: {name: figures[name][row] for name in ab if row in figures[name]} for row in figures[RESTORE]}
    for row in table.values():
        row["ratio"] = row[RESTORE] / row[EVERY]
    if truth is not None:
        left = true_colours_carried(segment, settings, chosen.motion_rows, pts, judged.lightness, ab[TRUE])
        table[f"PSNR of true colours carried, {APART} frames apart"] = {RESTORE: left}
    return Section(film.name, len(pts), table)


def _small(film: Film, rows: int, coloured: Iterable[AbFrame]) -> Iterator[_Kept]:
    stage = Lightness(film.picture, rows)
    for frame in coloured:
        (light,) = stage([frame.frame])
        yield _Kept(frame.frame.pts, frame.shot, light.lightness, frame.ab)


def _judged(light: list[Light], shots: list[int], find: FindFlow) -> JudgedFilm:
    flows = list(_flows(light, find))
    return JudgedFilm(torch.from_numpy(np.stack(light)).float()[:, None] * (100 / 255), shots, flows)


def _flows(light: list[Light], find: FindFlow) -> Iterator[tuple[Tensor, Tensor]]:
    for one, other in pairwise(light):
        forward, backward = find(one, other), find(other, one)
        yield forward, visible(forward, backward)


def _true_pictures(film: Film, pts: list[int], size: tuple[int, int]) -> Tensor:
    """The film's own pictures at these times, (N, 3, h, w), sRGB 0..1.

    Raises:
        ValueError: a frame is not found again.
    """
    wanted = {each: n for n, each in enumerate(pts)}
    height, width = film.picture.upright(size)
    pictures: dict[int, NDArray[np.uint8]] = {}
    with av.open(film.path) as container:
        stream: Any = container.streams[film.picture.index]
        for frame in container.decode(stream):
            if frame.pts in wanted:
                small = frame.reformat(width, height, "rgb24", interpolation="AREA").to_ndarray()
                pictures[wanted[frame.pts]] = film.picture.display_matrix.shown(small)
            if len(pictures) == len(wanted):
                break
    if len(pictures) < len(wanted):
        raise ValueError(f"{film.path}: its own colours cannot be read at all of its frames; is it damaged?")
    stacked = np.stack([pictures[n] for n in range(len(pts))])
    return torch.from_numpy(stacked).permute(0, 3, 1, 2).float() / 255


def _figures(judged: JudgedFilm, ab: Tensor, truth: Tensor | None) -> dict[str, float]:
    rgb = srgb_from_lab(torch.cat([judged.lightness, ab], dim=1))
    pairs = [n for n in range(len(ab) - 1) if judged.shots[n] == judged.shots[n + 1]]
    jumps = [n for n in range(0, len(ab) - LAG, LAG) if judged.shots[n] == judged.shots[n + LAG]]

    def along(pictures: Tensor) -> float:
        errors = [warping_error(pictures[n : n + 1], pictures[n + 1 : n + 2], *judged.flows[n]) for n in pairs]
        return float(torch.cat(errors).mean()) if errors else float("nan")

    figures = {
        "warping error, ab": along(ab),
        "warping error, picture x 1000": 1000 * along(rgb),
        "CDC x 1000": 1000 * distribution_change(torch.cat([histograms(one[None]) for one in rgb]), judged.shots),
        "jump, CIEDE2000": float(np.mean([_jump(judged, ab, n) for n in jumps])) if jumps else float("nan"),
        "colourfulness, signed": _mean(colourfulness(one[None], is_absolute=False) for one in rgb),
        "colourfulness, absolute": _mean(colourfulness(one[None], is_absolute=True) for one in rgb),
    }
    if truth is not None:
        lab = lab_from_srgb(truth)
        ours = torch.cat([judged.lightness, ab], dim=1)
        figures["PSNR to the true colours"] = _mean(psnr(rgb, truth))
        apart = (delta_e_2000(a[None], b[None]).mean() for a, b in zip(ours, lab, strict=True))
        figures["CIEDE2000 to the true colours"] = _mean(apart)
    return figures


def _jump(judged: JudgedFilm, ab: Tensor, first: int) -> float:
    """How far the colours of a frame and of the one LAG later lie apart, along motion."""
    flow, is_visible = judged.flows[first]
    for step, is_seen in judged.flows[first + 1 : first + LAG]:
        is_visible = is_visible & (warped(is_seen[:, None].float(), flow)[:, 0] > 0.5)
        flow = flow + warped(step, flow)
    light = judged.lightness[first : first + 1]
    later = warped(ab[first + LAG : first + LAG + 1], flow)
    distance = delta_e_2000(torch.cat([light, ab[first : first + 1]], 1), torch.cat([light, later], 1))
    return float(mean_where(distance, is_visible))


def _mean(values: Iterator[Tensor] | Tensor) -> float:
    return float(np.mean([float(value) for value in values]))
