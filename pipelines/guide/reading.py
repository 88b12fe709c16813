"""The frames of a shot, read from one of them to its ends; a few seconds of small pictures are in memory."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from pipelines.colour.follow import Follow
from pipelines.colour.lightness import NOTHING
from pipelines.frames import FollowedFrame
from pipelines.places import stamp_of
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


@dataclass(frozen=True, eq=False)
class Near:
    """The frames of an excerpt, where nothing but the colours of one frame in it is wanted."""

    frames: Sequence[SmallFrame]
    own: int
    """The number of that frame."""

    def begins_at(self, pts: int) -> bool:
        """Whether the frame is the first from a time on."""
        return self.frames[self.own].pts >= pts and (self.own == 0 or self.frames[self.own - 1].pts < pts)


@dataclass(frozen=True)
class ShotReader:
    """Reads the shots of one film."""

    film: Film
    settings: Settings
    """Those `of_frames`."""
    rows: int
    """Short side of the pictures, see `Chosen.motion_rows`."""
    near: Near | None = None
    """Frames around one frame, in which all given for it is followed; None: all shots are read whole."""

    def frame_at(self, time: Fraction) -> SmallFrame | None:
        """The first frame at or after a time, in seconds from the film's start; None: the film ends before."""
        return None if time >= self.film.duration else next(self.frames_from(time, +1), None)

    def frames_from(self, time: Fraction, step: int) -> Iterator[SmallFrame]:
        """The frames from that at a time on to the end of its shot (step 1), or back to its beginning (-1)."""
        number, wanted = int(time // READ_AT_ONCE), self.film.pts(time)
        if self.near is not None and self.near.begins_at(wanted):
            yield from _in_shot(self.near.frames[self.near.own :: step], step)
            return
        here = self._part(number)
        if not any(frame.pts >= wanted for frame in here) and (number + 1) * READ_AT_ONCE < self.film.duration:
            number, here = number + 1, self._part(number + 1)
        own = next((i for i, frame in enumerate(here) if frame.pts >= wanted), len(here) - 1)
        if own >= 0:
            yield from _in_shot(chain(here[own::step], self._beyond(number, step)), step)

    def _beyond(self, number: int, step: int) -> Iterator[SmallFrame]:
        """The frames of the parts after one, or before it, until one has none."""
        while (number := number + step) >= 0 and number * READ_AT_ONCE < self.film.duration:
            frames = self._part(number)[::step]
            if not frames:
                return
            yield from frames

    def _part(self, number: int) -> list[SmallFrame]:
        """The frames of a part of the film, which is READ_AT_ONCE long."""
        film = self.film
        start = film.pts(number * READ_AT_ONCE) if number else None
        segment = Segment(film, number, start, film.pts((number + 1) * READ_AT_ONCE))
        return _read(segment, self.settings, self.rows, stamp_of(film.path))


def _in_shot(frames: Iterable[SmallFrame], step: int) -> Iterator[SmallFrame]:
    """The frames up to the end of the first one's shot (step 1), or back to its beginning (-1)."""
    for number, frame in enumerate(frames):
        if step > 0 and frame.begins_shot and number:
            return
        yield frame
        if step < 0 and frame.begins_shot:
            return


def of_frames(settings: Settings) -> Settings:
    """The settings of a run as far as frames, shots and anchors depend on them; regions make no anchors here."""
    return replace(settings, paint=PaintSettings(), encode=EncodeSettings(), hints=(), look=None)


@lru_cache(KEPT)
def _read(segment: Segment, settings: Settings, rows: int, _: tuple[int, int]) -> list[SmallFrame]:
    """The frames of a part; the parts read last are kept, since all that is given, now or anew, is followed in them.

    Args:
        segment: the part.
        settings: those `of_frames`.
        rows: short side of the pictures.
        _: size and time of the film's file, so that one that has changed is read again.
    """
    follow = Follow(settings.motion, segment.film.picture.time_base)
    followed = follow(marked(segment, settings, rows, lambda _: NOTHING))
    return [small for small, is_owned in small_frames(followed) if is_owned]


def small_frames(frames: Iterable[FollowedFrame]) -> Iterator[tuple[SmallFrame, bool]]:
    """Small frames, each with whether it is one of the segment's own."""
    shot = 0
    for followed in frames:
        frame = followed.shown
        small = SmallFrame(frame.pts, frame.shot != shot, frame.is_anchor, frame.light.lightness)
        yield small, frame.light.frame.is_owned
        shot = frame.shot
