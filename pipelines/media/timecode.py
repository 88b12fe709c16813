"""Times as editors write them: the film's own timecode where it has one."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pipelines.errors import InputError, timecode
from pipelines.media.open import open_film
from pipelines.source import Film

TOLERANCE = Fraction(1, 2000)
"""Share by which a rate may differ from a standard one and still be meant: 24 and 24000/1001 are twice as far apart."""
STANDARD = tuple(Fraction(n) for n in (24, 25, 30, 48, 50, 60)) + tuple(
    Fraction(n * 1000, 1001) for n in (24, 30, 48, 60)
)
"""Frames per second for which there is timecode (SMPTE ST 12-1)."""
DROPS = {Fraction(30_000, 1001), Fraction(60_000, 1001)}


def standard_rate(rate: Fraction | None) -> Fraction | None:
    """The rate with timecode that is meant; None where there is none."""
    return next((each for each in STANDARD if rate and abs(rate / each - 1) < TOLERANCE), None)


@dataclass(frozen=True)
class Clock:
    """Counts a film's frames."""

    rate: Fraction
    """Frames per second."""
    first: int
    """Number of the film's first frame: 0, or what its own timecode says."""
    is_drop: bool
    """Leaves out numbers, so that they agree with the clock on the wall."""
    reel: str
    """The film's own name for its reel; empty where it has none."""

    @property
    def has_timecode(self) -> bool:
        """Whether the rate is one for which there is timecode."""
        return self.rate in STANDARD

    def frame(self, seconds: Fraction) -> int:
        """Number of the frame shown at so many seconds from the film's start."""
        return self.first + round(seconds * self.rate)

    def at(self, seconds: Fraction) -> str:
        """HH:MM:SS:FF, with ; before FF where numbers are dropped; HH:MM:SS.mmm where the rate has no timecode."""
        return self.written(self.frame(seconds)) if self.has_timecode else timecode(seconds)

    def written(self, frame: int) -> str:
        """The timecode of a frame number; the rate must have one."""
        from opentimelineio import opentime  # only those who show timecode pay for it

        return opentime.RationalTime(frame, float(self.rate)).to_timecode(float(self.rate), self.is_drop)


def clock_of(film: Film) -> Clock:
    """The film's clock: its own timecode, else from 0, dropping numbers at 29.97 and 59.94 frames a second.

    Films of uneven rate are counted at their mean rate.

    Raises:
        InputError: the film's timecode is not valid at its rate.
    """
    tags = _tags(film)
    mean = film.picture.rate
    rate, own, reel = standard_rate(mean), tags.get("timecode", ""), tags.get("reel_name", "")
    if rate is None:
        return Clock(mean, 0, False, reel)
    is_drop = ";" in own if own else rate in DROPS
    from opentimelineio import opentime

    try:
        first = opentime.from_timecode(own, float(rate)).to_frames() if own else 0
    except ValueError as error:
        what = f"its timecode {own!r} is not valid at {float(rate):.6g} frames a second"
        raise InputError(film.path, what, "copy it without its timecode tag") from error
    return Clock(rate, first, is_drop, reel)


def _tags(film: Film) -> dict[str, Any]:
    """Of the file and its streams, the picture's first; Matroska writes their names in capitals."""
    with open_film(film.path) as container:
        streams = sorted(container.streams, key=lambda stream: stream.index != film.picture.index)
        found: dict[str, Any] = dict(container.metadata)
        for stream in reversed(streams):
            found |= stream.metadata
    return {name.lower(): value for name, value in found.items()}
