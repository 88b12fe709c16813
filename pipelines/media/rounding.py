"""How far a container's clock moves the times of a film's frames."""

from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise

from pipelines.errors import DamagedError
from pipelines.media.open import open_film, packets_of
from pipelines.media.times import time_of
from pipelines.source import Film, Span

CLOCKS = {"matroska": 1000, "webm": 1000, "mpegts": 90_000}
"""Ticks a second of the containers that have a clock of their own; the others count in the film's."""
ROUNDING = ("matroska", "webm")
"""Containers whose clock may round a frame's time: everybody reads it back at the film's rate."""


def keeps_clock(container: str, time_base: Fraction) -> bool:
    """Whether a container holds every pts of this time base exactly."""
    ticks = CLOCKS.get(container)
    return ticks is None or (time_base * ticks).denominator == 1


@dataclass(frozen=True)
class FrameTimes:
    """The times of the frames of a film that a run writes."""

    film: Film
    span: Span
    """The part that is written; with a start, the result begins at 0."""

    def moved(self, container: str) -> Fraction | None:
        """The most seconds by which a container moves a frame's time; None where it would lose frames or their order.

        Reads every packet of the film's picture where its frames are unevenly spaced and the container's clock is not
        the film's.
        """
        if keeps_clock(container, self.film.picture.time_base):
            return Fraction(0)
        tick = Fraction(1, CLOCKS[container])
        spacing = self._spacing
        if spacing is None:
            times, closest = self._uneven
        elif spacing % self.film.picture.time_base:
            times, closest = [], spacing  # each time is already rounded to the film's own clock
        else:
            times, closest = self._of_a_period(spacing, tick), spacing
        if closest < tick:
            return None
        return max((_distance(time, tick) for time in times), default=tick / 2)

    def is_held(self, container: str) -> bool:
        """Whether a container holds the times: exactly, or rounded where that is allowed."""
        moved = self.moved(container)
        return moved is not None and (not moved or container in ROUNDING)

    @property
    def _spacing(self) -> Fraction | None:
        """Seconds from one frame to the next; None where that varies."""
        picture = self.film.picture
        is_even = picture.base_rate is not None and picture.base_rate == picture.frame_rate
        return 1 / picture.rate if is_even else None

    @property
    def _shift(self) -> Fraction:
        """Seconds that are taken off each time in the result."""
        return self.film.shift(self.span)

    def _of_a_period(self, spacing: Fraction, tick: Fraction) -> list[Fraction]:
        """The two places between a tick and the next, nearest to their middle, on which evenly spaced frames fall."""
        step = tick / (spacing / tick).denominator
        place = (self.film.start - self._shift) % step
        below = place + (tick / 2 - place) // step * step
        return [below, below + step]

    @cached_property
    def _uneven(self) -> tuple[list[Fraction], Fraction]:
        """Every frame's time, or none where packets do not say; the shortest time between two."""
        film = self.film
        low = None if self.span.start is None else film.pts(self.span.start)
        high = None if self.span.end is None else film.pts(self.span.end)
        found: list[int | None] = []
        with open_film(film.path) as container, suppress(DamagedError):  # `decode` reports damage
            for packet in packets_of(container, container.streams[film.picture.index]):
                if packet.size and not packet.is_discard:
                    found.append(time_of(packet, film.picture))
        known = [pts for pts in found if pts is not None]
        if len(known) < len(found):
            return [], Fraction(1)
        pts = sorted(pts for pts in known if (low is None or pts >= low) and (high is None or pts < high))
        base, shift = film.picture.time_base, self._shift
        closest = min((later - earlier for earlier, later in pairwise(pts)), default=1 / base)
        return [each * base - shift for each in pts], closest * base


def _distance(time: Fraction, tick: Fraction) -> Fraction:
    """Seconds from a time to the nearest tick."""
    return abs(time - round(time / tick) * tick)
