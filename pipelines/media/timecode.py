"""Times as editors write them: the film's own timecode where it has one."""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from pipelines.errors import InputError, SettingsError, timecode
from pipelines.media.open import open_film
from pipelines.source import Film, Scans

TOLERANCE = Fraction(1, 2000)
"""Share by which a rate may differ from a standard one and still be meant: 24 and 24000/1001 are twice as far apart."""
STANDARD = tuple(Fraction(n) for n in (24, 25, 30, 48, 50, 60)) + tuple(
    Fraction(n * 1000, 1001) for n in (24, 30, 48, 60)
)
"""Frames per second for which there is timecode (SMPTE ST 12-1)."""
DROPS = {Fraction(30_000, 1001), Fraction(60_000, 1001)}
CONTAINERS = ("mov", "mp4", "matroska", "webm")
"""Those that keep a timecode: a track of it, or a tag."""
SPELLING = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})([:;])(\d{2})")


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
    is_own: bool = False
    """Whether the numbers are the film's own."""

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

    @property
    def day(self) -> int:
        """Numbers until they begin again."""
        return 86_400 * self._base - self._dropped * (1440 - 144)

    @property
    def _base(self) -> int:
        """Numbers of frames in a second."""
        return round(self.rate)

    @property
    def _dropped(self) -> int:
        """Numbers left out at the beginning of each minute but each tenth: 2 at 29.97 frames a second, 4 at 59.94."""
        return self._base // 15 if self.is_drop else 0

    def written(self, frame: int) -> str:
        """The timecode of a frame number, which begins again after 24 hours."""
        dropped, a_minute = self._dropped, 60 * self._base - self._dropped
        tens, rest = divmod(frame, 10 * a_minute + dropped)
        number = frame + dropped * (9 * tens + max(0, (rest - dropped) // a_minute))
        seconds, frames = divmod(number, self._base)
        minutes, mark = seconds // 60, ";" if self.is_drop else ":"
        return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}:{seconds % 60:02d}{mark}{frames:02d}"

    def number(self, written: str) -> int:
        """The frame number of a timecode, HH:MM:SS:FF or HH:MM:SS;FF.

        Raises:
            ValueError: it is not valid at the clock's rate.
        """
        match = SPELLING.fullmatch(written)
        hours, minutes, seconds, frames = (int(match[i]) for i in (1, 2, 3, 5)) if match else (0, 60, 0, 0)
        is_left_out = self.is_drop and seconds == 0 and frames < self._dropped and minutes % 10 > 0
        if is_left_out:
            following = f"{written[:-2]}{self._dropped:02d}"
            raise ValueError(f"{written!r} is a number that drop-frame timecode leaves out; the next is {following}")
        if minutes > 59 or seconds > 59 or frames >= self.rate or (";" in written and not self.is_drop):
            raise ValueError(f"{written!r} is not valid at {float(self.rate):.6g} frames a second")
        whole = 60 * hours + minutes
        if not self.has_timecode:
            return round((60 * whole + seconds) * self.rate) + frames
        return (60 * whole + seconds) * self._base + frames - self._dropped * (whole - whole // 10)


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
    try:
        first = Clock(rate, 0, is_drop, reel).number(own) if own else 0
    except ValueError as error:
        raise InputError(film.path, f"its timecode {error}", "copy it without its timecode tag") from error
    return Clock(rate, first, is_drop, reel, bool(own))


def check_first(film: Film, first: str, container: str) -> None:
    """Raises SettingsError where a result in `container` cannot have `first` as its first timecode, if one is given."""
    if not first:
        return
    rate = standard_rate(film.picture.rate)
    if rate is None:
        shown = f"{float(film.picture.rate):.6g}"
        raise SettingsError(
            film.path, f"there is no timecode for {shown} frames a second", "leave out --first-timecode"
        )
    if container not in CONTAINERS:
        raise SettingsError(film.path, f"{container} keeps no --first-timecode", "write .mov, .mp4 or .mkv")
    try:
        Clock(rate, 0, ";" in first and rate in DROPS, "").number(first)
    except ValueError as error:
        hint = "write HH:MM:SS:FF, FF below the rate, and ; for FF only at 29.97 and 59.94 frames a second"
        raise SettingsError(film.path, f"--first-timecode {error}", hint) from error


def move_timecode(written: Any, film: Film, pts: int, first: str = "") -> None:
    """Makes the timecode in the tags of a result and its streams that of its first frame.

    A tag that is not valid at the film's rate stays as it is.

    Args:
        written: the result, open, with the film's own tags.
        film: its source.
        pts: of the result's first frame in the film.
        first: its timecode; empty: that of the film's frame, where the film has one.
    """
    frames = round(film.seconds(pts) * (standard_rate(film.picture.rate) or film.picture.rate))
    for tags in (written.metadata, *(stream.metadata for stream in written.streams)):
        for name in [name for name in tags if frames and name.lower() == "timecode"]:
            tags[name] = _later(tags[name], film, frames)
        for name in [name for name in tags if first and name.lower() == "timecode"]:
            del tags[name]
    if first:
        written.metadata["timecode"] = first


def _later(own: str, film: Film, frames: int) -> str:
    clock = Clock(standard_rate(film.picture.rate) or film.picture.rate, 0, ";" in own, "")
    try:
        return clock.written(clock.number(own) + frames)
    except ValueError:
        return own


def tags_of(scans: Scans | None) -> dict[str, str]:
    """The tags of a film of scans."""
    return {"timecode": scans.timecode} if scans and scans.timecode else {}


def _tags(film: Film) -> dict[str, Any]:
    """Of the file and its streams, the picture's first; Matroska writes their names in capitals."""
    if film.scans is not None:
        return tags_of(film.scans)
    with open_film(film.path) as container:
        streams = sorted(container.streams, key=lambda stream: stream.index != film.picture.index)
        found: dict[str, Any] = dict(container.metadata)
        for stream in reversed(streams):
            found |= stream.metadata
    return {name.lower(): value for name, value in found.items()}
