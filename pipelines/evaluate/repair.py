"""How well dust is found and mended, and what clean film loses: it is drawn on clean films, whose truth is known."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.evaluate.damage import aged, dusty
from pipelines.evaluate.report import Figures, Report, Section
from pipelines.media.decode import Decode
from pipelines.motion.cuts import Cuts
from pipelines.repair import conceal, dust
from pipelines.repair.levels import Levels, Mask, eight_bits
from pipelines.repair.references import References, references
from pipelines.source import Film, Segment

MARGIN = 2
"""Pixels around drawn damage that count as inside: its soft edge."""
DAMAGED, MENDED = "damaged", "mended"
BITS = 8


@dataclass(frozen=True)
class RepairTrial:
    """The repairs that a measurement tries, and on how many drawn frames."""

    seeds: Sequence[int] = range(10)
    """Of the damage; each begins at another place of a film."""
    frames: int = 8
    """Consecutive frames of a film that one seed damages."""
    rows: int = 480
    """Short side, in pixels, to which larger films are reduced."""
    strength: int = 3
    is_worn: bool = False
    """Whether films are made to look like worn prints first."""


@dataclass
class _Counts:
    """Sums over frames."""

    found: int = 0
    right: int = 0
    true: int = 0
    touched: int = 0
    samples: int = 0
    inside: int = 0
    frames: int = 0
    inside_before: float = 0
    """Sums of squared differences from here on."""
    inside_after: float = 0
    outside_before: float = 0
    outside_after: float = 0
    clean: float = 0
    psnr_before: float = 0
    """dB, added up, from here on."""
    psnr_after: float = 0

    def __add__(self, other: "_Counts") -> "_Counts":
        return _Counts(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(_Counts)))


def evaluate_dust(films: Sequence[Film], seconds: Fraction, trial: RepairTrial, step: Callable[[], None]) -> Report:
    """Dust drawn on films: precision and recall by sample, PSNR, and what the clean films lose.

    Args:
        films: clean; their luma is taken.
        seconds: how much of each, from its start.
        trial: what is measured.
        step: called after each seed of each film.

    Raises:
        FilmError: a film cannot be read.
        ValueError: a film has too few frames without a cut.
    """
    counted: list[tuple[str, _Counts]] = []
    for film in films:
        sums = _Counts()
        for seed, window in windows(film, seconds, trial):
            noise = np.random.default_rng([seed, len(window)])
            clean = aged(window, noise) if trial.is_worn else window
            sums += _dust_of(clean, noise, trial.strength)
            step()
        counted.append((film.name, sums))
    return Report([Section(name, sums.frames, _dust_figures(sums)) for name, sums in _with_all(counted)], [])


def _with_all(counted: list[tuple[str, _Counts]]) -> list[tuple[str, _Counts]]:
    return [*counted, ("all films", sum((sums for _, sums in counted), _Counts()))] if counted[1:] else counted


def _dust_of(clean: list[Levels], noise: np.random.Generator, strength: int) -> _Counts:
    """Counts of dust drawn on the frames of one shot, found and mended; its first and last frame are left out."""
    drawn = [dusty(frame, noise) for frame in clean]
    looked = _found([each.luma for each in drawn], strength)
    untouched = _found(clean, strength)
    sums = _Counts()
    for at, (mask, sides) in looked.items():
        luma, truth, own = drawn[at].luma, drawn[at].mask, clean[at]
        mended = _concealed(luma, mask, sides)[0]
        clean_mask, clean_sides = untouched[at]
        clean_mended, clean_shown = _concealed(own, clean_mask, clean_sides)
        inside = cv2.dilate((truth > 0).astype(np.uint8), np.ones((2 * MARGIN + 1,) * 2, np.uint8)) > 0
        before, after = (np.square(each.astype(np.float64) - own) for each in (luma, mended))
        sums += _Counts(
            found=_count(mask), right=_count((mask > 0) & (mask == truth)),
            true=_count(truth), touched=_count(clean_shown), samples=mask.size,
            inside=_count(inside), frames=1,
            inside_before=before[inside].sum(), inside_after=after[inside].sum(),
            outside_before=before[~inside].sum(), outside_after=after[~inside].sum(),
            clean=np.square(clean_mended.astype(np.float64) - own).sum(),
            psnr_before=psnr(before.mean()), psnr_after=psnr(after.mean()),
        )  # fmt: skip
    return sums


def _found(frames: list[Levels], strength: int) -> dict[int, tuple[Mask, References]]:
    """For each frame but the first and the last: where it has dust, and what its neighbours show there."""
    places = range(1, len(frames) - 1)
    sides = {at: references(frames[at], frames[at - 1], frames[at + 1], BITS) for at in places}
    masks = {at: dust.found(frames[at], sides[at], BITS, strength) for at in places}
    beside = {at: [masks[other] for other in (at - 1, at + 1) if other in masks] for at in places}
    return {at: (dust.kept(masks[at], beside[at]), sides[at]) for at in places}


def _concealed(luma: Levels, mask: Mask, sides: References) -> tuple[Levels, Mask]:
    shown = conceal.grown_to_conceal(mask)
    return conceal.concealed(luma, shown, sides, BITS), shown


def _dust_figures(sums: _Counts) -> Figures:
    outside = sums.samples - sums.inside
    return {
        "PSNR of frames": {DAMAGED: sums.psnr_before / sums.frames, MENDED: sums.psnr_after / sums.frames},
        "PSNR inside damage": {
            DAMAGED: psnr(sums.inside_before / max(1, sums.inside)),
            MENDED: psnr(sums.inside_after / max(1, sums.inside)),
        },
        "PSNR outside damage": {
            DAMAGED: psnr(sums.outside_before / outside),
            MENDED: psnr(sums.outside_after / outside),
        },
        "precision": {MENDED: sums.right / max(1, sums.found)},
        "recall": {MENDED: sums.right / max(1, sums.true)},
        "clean film: % touched": {MENDED: 100 * sums.touched / sums.samples},
        "clean film: PSNR": {MENDED: psnr(sums.clean / sums.samples)},
    }


def _count(samples: NDArray[Any]) -> int:
    return int(np.count_nonzero(samples))


def psnr(error: float) -> float:
    """dB of a mean squared difference; NaN where there is none."""
    return float(10 * np.log10(255**2 / error)) if error > 0 else float("nan")


def windows(film: Film, seconds: Fraction, trial: RepairTrial) -> Iterator[tuple[int, list[Levels]]]:
    """Each seed with its consecutive frames, all of one shot; seeds lie evenly over it."""
    shot = _longest_shot(film, seconds, trial.rows)
    if len(shot) < max(3, trial.frames):
        raise ValueError(
            f"{film.path}: no {max(3, trial.frames)} frames without a cut in its first {float(seconds):g} s"
        )
    last = len(shot) - trial.frames
    for number, seed in enumerate(trial.seeds):
        start = number * last // max(1, len(trial.seeds) - 1)
        yield seed, shot[start : start + trial.frames]


def _longest_shot(film: Film, seconds: Fraction, rows: int) -> list[Levels]:
    """The luma of the longest run of frames without a cut."""
    segment = Segment(film, 0, film.pts(Fraction(0)), film.pts(min(seconds, film.duration)))
    frames, cuts = list[Levels](), Cuts()
    begins = [0]
    for frame in Decode(Fraction(0))(segment):
        luma = eight_bits(frame.luma, film.picture.bits)
        factor = min(1.0, rows / min(luma.shape))
        size = (round(luma.shape[1] * factor), round(luma.shape[0] * factor))
        frames.append(luma.copy() if factor == 1 else cv2.resize(luma, size, interpolation=cv2.INTER_AREA))
        cuts.push(frames[-1])
        begins += [len(frames) - 1] if cuts.begins_at(len(frames) - 1) else []
    first, last = max(pairwise([*begins, len(frames)]), key=lambda part: part[1] - part[0])
    return frames[first:last]
