"""The measurement of `--repair auto`: specks and flicker of some frames, evenly over a film."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby, islice

import numpy as np

from pipelines.colour.lightness import Lightness
from pipelines.colour.shots import Shots
from pipelines.frames import Frame
from pipelines.media.decode import Decode
from pipelines.repair.mend import Mend
from pipelines.repair_settings import RepairSettings
from pipelines.settings import Settings
from pipelines.source import Film, Segment

PLACES, FRAMES = 25, 8
"""Places of the film that are looked at, and frames of each: 200 in all."""
INNER = slice(2, -2)
"""Of the frames of a place, those with enough around them for specks."""
FEW, MANY = 0.4, 2.0
"""Specks in a frame from which on they are mended, and from which on not only carefully."""
CAREFUL, USUAL = 2, 3
"""Strengths."""
BREATHES = 1.0
"""Levels, of 255, by which the mean luma jumps from frame to frame, from which on it is evened."""
NORMAL = 0.6745 * 1.5**0.5
"""Median of what a frame's light differs from the mean of its neighbours', of noise of 1."""


@dataclass(frozen=True)
class Measured:
    """Specks and flicker measured in a film."""

    frames: int
    specks: float
    """In a frame, at the careful strength."""
    light: float
    """Levels, of 255, by which the mean luma jumps from frame to frame; the middle of all places."""

    @property
    def words(self) -> str:
        """The repairs that these figures call for, and why, as a sentence."""
        dust, flicker = self.dust, self.flicker
        is_found = f"dust:{dust}" if dust else "no dust"
        is_even = f"flicker:{flicker}" if flicker else "no flicker"
        return (
            f"auto looked at {self.frames} frames and mends {is_found} ({self.specks:.2f} specks a frame, from {FEW:g} "
            f"on) and {is_even} (light jumps by {self.light:.2f} of 255, from {BREATHES:g} on)"
        )

    @property
    def dust(self) -> int:
        """Strength; 0: off."""
        return 0 if self.specks < FEW else CAREFUL if self.specks < MANY else USUAL

    @property
    def flicker(self) -> int:
        """Strength; 0: off."""
        return USUAL if self.light >= BREATHES else 0

    def filled(self, repair: RepairSettings) -> RepairSettings:
        """The repairs, with those of `auto` where it was asked for; what is named stays as it is."""
        if not repair.is_auto:
            return repair
        dust, flicker = repair.dust or self.dust, repair.flicker or self.flicker
        return replace(repair, is_auto=False, dust=dust, flicker=flicker)


def measure(film: Film, settings: Settings, rows: int) -> Measured:
    """Looks at some frames of a film.

    Args:
        film: from `probe`.
        settings: of the run.
        rows: short side of the pictures in which cuts are looked for.

    Raises:
        FilmError: the film cannot be read there.
    """
    careful = replace(settings, repair=RepairSettings(dust=CAREFUL), repairs=())
    specks, jumps, frames = list[int](), list[float](), 0
    for place in _places(film, settings):
        light = Lightness(film.picture, rows, keeps_context=True)(place)
        mended = list(Mend(film, careful)(Shots(film, settings.motion)(light)))
        frames += len(mended)
        for _, shot in groupby(mended, key=lambda frame: frame.repair and frame.repair.shot):
            together = list(shot)
            found = [frame.repair for frame in together[INNER] if frame.repair is not None]
            specks += [repair.dark + repair.bright for repair in found]
            jumps += _jumps(place, {frame.pts for frame in together}, film.picture.bits)
    return Measured(frames, float(np.mean(specks or [0])), float(np.median(jumps or [0])) / NORMAL)


def _places(film: Film, settings: Settings) -> Iterator[list[Frame]]:
    """Frames one after the other, at each of the places."""
    start, end = settings.span.start or Fraction(0), settings.span.end
    length = (film.duration if end is None else min(end, film.duration)) - start
    decode = Decode(Fraction(0), settings.skip_damaged, settings.deinterlace)
    count = max(1, min(PLACES, int(length * film.picture.rate) // FRAMES))
    for number in range(count):
        begin = film.pts(start + length * number / count)
        yield list(islice(decode(Segment(film, 0, begin if begin > film.pts(Fraction(0)) else None, None)), FRAMES))


def _jumps(place: Sequence[Frame], pts: set[int], bits: int) -> list[float]:
    """Levels by which the mean luma of frames differs from the mean of both neighbours'."""
    means = np.array([frame.luma.mean() for frame in place if frame.pts in pts]) / (1 << (bits - 8))
    return list(np.abs(means[1:-1] - (means[:-2] + means[2:]) / 2))
