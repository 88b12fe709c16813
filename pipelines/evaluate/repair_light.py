"""How well flicker and weave are mended, and what clean film loses: they are drawn on clean films."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from pipelines.evaluate.damage import flickering, flickering_locally, woven
from pipelines.evaluate.repair import BITS, DAMAGED, MENDED, RepairTrial, psnr, windows
from pipelines.evaluate.report import Figures, Report, Section, means, with_mean
from pipelines.repair import flicker, flicker_local, weave
from pipelines.repair.levels import Levels
from pipelines.source import Film


def evaluate_light(films: Sequence[Film], seconds: Fraction, trial: RepairTrial, step: Callable[[], None]) -> Report:
    """Flicker and weave drawn on films: PSNR before and after, and by how much shifts are missed.

    Args:
        films: clean; their luma is taken.
        seconds: how much of each, from its start.
        trial: what is measured.
        step: called after each seed of each film.

    Raises:
        FilmError: a film cannot be read.
        ValueError: a film has too few frames without a cut.
    """
    sections = []
    for film in films:
        figures: list[Figures] = []
        for seed, window in windows(film, seconds, trial):
            noise = np.random.default_rng([seed, len(window)])
            figures.append(_light_of(window, noise, trial.strength))
            step()
        sections.append(Section(film.name, len(figures) * trial.frames, means(figures)))
    return Report(with_mean(sections), [])


def _light_of(clean: list[Levels], noise: np.random.Generator, strength: int) -> Figures:
    whole, places = flickering(clean, noise), flickering_locally(clean, noise)
    shifts, jumped = woven(clean, noise)
    return {
        "flicker: PSNR": {DAMAGED: _mean_psnr(whole, clean), MENDED: _mean_psnr(_evened(whole, strength), clean)},
        "flicker, clean film: PSNR": {MENDED: _mean_psnr(_evened(clean, strength), clean)},
        "local flicker: PSNR": {DAMAGED: _mean_psnr(places, clean), MENDED: _mean_psnr(_evened_locally(places), clean)},
        "local flicker, clean film: PSNR": {MENDED: _mean_psnr(_evened_locally(clean), clean)},
        "weave: median error, pixels": {MENDED: _missed(clean, jumped, shifts)},
    }


def _mean_psnr(ours: list[Levels], true: list[Levels]) -> float:
    """dB of all samples of all frames."""
    errors = [np.square(one.astype(np.float64) - other).mean() for one, other in zip(ours, true, strict=True)]
    return psnr(float(np.mean(errors)))


def _evened(frames: list[Levels], strength: int) -> list[Levels]:
    curves = np.stack([flicker.curve(frame, BITS) for frame in frames])
    wanted = flicker.smoothed(curves, strength)
    return [
        flicker.evened(frame, flicker.table(own, want, BITS))
        for frame, own, want in zip(frames, curves, wanted, strict=True)
    ]


def _evened_locally(frames: list[Levels]) -> list[Levels]:
    smalls = [flicker_local.small(frame, BITS) for frame in frames]
    steps = [flicker_local.step(one, other) for one, other in pairwise(smalls)]
    mended = []
    for at, frame in enumerate(frames):
        first, last = max(0, at - flicker_local.REACH), at + flicker_local.REACH + 1
        factor = flicker_local.gain(smalls[first:last], steps[first : last - 1], at - first)
        mended.append(flicker_local.evened(frame, factor, BITS))
    return mended


def _missed(clean: list[Levels], jumped: list[Levels], shifts: NDArray[np.float64]) -> float:
    """Pixels by which the drawn part of each shift is missed, the median."""
    own, found = (np.array([weave.shift(*pair, BITS) for pair in pairwise(each)]) for each in (clean, jumped))
    return float(np.median(np.abs(found - own - np.diff(shifts, axis=0))))
