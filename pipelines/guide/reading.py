"""The frames of a shot, read from one of them to its ends; a few seconds of small pictures are in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipelines.colour.follow import Follow
from pipelines.colour.lightness import NOTHING
from pipelines.segment import marked
from pipelines.settings import EncodeSettings, PaintSettings, Settings
from pipelines.source import Film, Segment

READ_AT_ONCE = Fraction(10)
"""Seconds of film."""
KEPT = 2
"""Parts."""


@dataclass(frozen=True)
class SmallFrame:
    """A frame, as far as what a person gave is followed through it."""

    pts: int
    begins_shot: bool
    is_anchor: bool
    lightness: NDArray[np.uint8]
    """(h, w), CIE L* 0..100 as 0..255, upright."""


@dataclass(frozen=True)
class ShotReader:
    """Reads the shots of one film."""

    film: Film
    settings: Settings
    rows: int
    """Short side of the pictures, see `Chosen.motion_rows`."""

    def frame_at(self, time: Fraction) -> SmallFrame | None:
        """The first frame at or after a time, in seconds from the film's start; None: the film ends before."""
        return None if time >= self.film.duration else next(self.frames_from(time, +1), None)

    def frames_from(self, time: Fraction, step: int) -> Iterator[SmallFrame]:
        """The frames from that at a time on to the end of its shot (step 1), or back to its beginning (-1)."""
        number, wanted = int(time // READ_AT_ONCE), self.film.pts(time)
        here = self._part(number)
        if not any(frame.pts >= wanted for frame in here) and (number + 1) * READ_AT_ONCE < self.film.duration:
            number, here = number + 1, self._part(number + 1)
        own = next((i for i, frame in enumerate(here) if frame.pts >= wanted), len(here) - 1)
        frames: Sequence[SmallFrame] = here[own:] if step > 0 else here[own::-1] if own >= 0 else []
        is_own = True
        while frames:
            for frame in frames:
                if step > 0 and frame.begins_shot and not is_own:
                    return
                yield frame
                if step < 0 and frame.begins_shot:
                    return
                is_own = False
            number += step
            frames = self._part(number)[::step] if number >= 0 and number * READ_AT_ONCE < self.film.duration else []

    def _part(self, number: int) -> list[SmallFrame]:
        """The frames of a part of the film, which is READ_AT_ONCE long."""
        film, about = self.film, self.film.path.stat()
        start = film.pts(number * READ_AT_ONCE) if number else None
        segment = Segment(film, number, start, film.pts((number + 1) * READ_AT_ONCE))
        seen = replace(self.settings, paint=PaintSettings(), encode=EncodeSettings(), hints=(), look=None)
        return _read(segment, seen, self.rows, (about.st_size, about.st_mtime_ns))


@lru_cache(KEPT)
def _read(segment: Segment, settings: Settings, rows: int, _: tuple[int, int]) -> list[SmallFrame]:
    """The frames of a part; the parts read last are kept, since all that is given, now or anew, is followed in them.

    Args:
        segment: the part.
        settings: of the run, as far as frames depend on them.
        rows: short side of the pictures.
        _: size and time of the film's file, so that one that has changed is read again.
    """
    frames, shot = [], 0
    follow = Follow(settings.motion, segment.film.picture.time_base)
    for followed in follow(marked(segment, settings, rows, lambda _: NOTHING)):
        frame = followed.shown
        if frame.light.frame.is_owned:
            frames.append(SmallFrame(frame.pts, frame.shot != shot, frame.is_anchor, frame.light.lightness))
        shot = frame.shot
    return frames
