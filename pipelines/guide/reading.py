"""The frames of a shot, read from one of them to its ends; a few seconds of small pictures are in memory."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipelines.colour.follow import Follow
from pipelines.colour.lightness import NOTHING
from pipelines.segment import marked
from pipelines.settings import Settings
from pipelines.source import Film, Segment

READ_AT_ONCE = Fraction(10)
"""Seconds of film."""


@dataclass(frozen=True)
class SmallFrame:
    """A frame, as far as what a person gave is followed through it."""

    pts: int
    begins_shot: bool
    is_anchor: bool
    lightness: NDArray[np.uint8]
    """(h, w), CIE L* 0..100 as 0..255, upright."""


@dataclass
class ShotReader:
    """Reads the shots of one film."""

    film: Film
    settings: Settings
    rows: int
    """Short side of the pictures, see `Chosen.motion_rows`."""
    _part: Callable[[int], list[SmallFrame]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._part = lru_cache(2)(self._read)

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

    def _read(self, number: int) -> list[SmallFrame]:
        """The frames of a part of the film, which is READ_AT_ONCE long."""
        film, motion = self.film, self.settings.motion
        start = film.pts(number * READ_AT_ONCE) if number else None
        segment = Segment(film, number, start, film.pts((number + 1) * READ_AT_ONCE))
        frames, shot = [], 0
        follow = Follow(motion, film.picture.time_base)
        for followed in follow(marked(segment, self.settings, self.rows, lambda _: NOTHING)):
            frame = followed.shown
            if frame.light.frame.is_owned:
                frames.append(SmallFrame(frame.pts, frame.shot != shot, frame.is_anchor, frame.light.lightness))
            shot = frame.shot
        return frames
