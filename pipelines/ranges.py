"""Places and ranges of a film as people write them, and ranges put together: one vocabulary for all of the product.

A place is a time, a timecode, a frame or a shot; a range goes from one place up to another, or is all that lies
outside. What is done with ranges are pure functions of them, once `job.span.Finder` has found their places in the film.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, TypeVar

T = TypeVar("T")
PLACES = {
    "timecode": re.compile(r"\d{1,2}:\d{2}:\d{2}[:;]\d{2}"),
    "frame": re.compile(r"f(\d{1,9})"),
    "shot": re.compile(r"shot *([1-9]\d{0,8})"),
}
"""How places in a film are written that have a time only once the film is open."""
CLOCK = re.compile(r"(?:(?:(\d{1,5}):)?(\d{1,2}):)?(\d{1,9}(?:\.\d{1,50})?)")
"""[[HH:]MM:]SS[.mmm]; a few characters such as 1e999999999 would take all memory."""
TIMES = "seconds, HH:MM:SS.mmm, HH:MM:SS:FF, f120 (a frame, from 0) or shot 12"
_PLACE = r"shot *\d+|f\d+|[\d:;.]+"
_RANGE = re.compile(rf"(?P<not>not +)?(?P<start>{_PLACE})?(?P<dash> *- *)?(?P<end>{_PLACE})?")


@dataclass(frozen=True)
class When:
    """A place in a film that has a time only once the film is open."""

    written: str
    """Timecode, HH:MM:SS:FF or HH:MM:SS;FF; a frame from 0, f120; or a shot from 1, shot 12."""

    def __post_init__(self) -> None:
        if not any(each.fullmatch(self.written) for each in PLACES.values()):
            raise ValueError(f"{self.written!r} is no place in a film")

    def number(self, kind: Literal["frame", "shot"]) -> int | None:
        """Of the frame or shot; None where this is a place of another kind."""
        match = PLACES[kind].fullmatch(self.written)
        return int(match[1]) if match else None

    @property
    def is_timecode(self) -> bool:
        """Whether this is a timecode."""
        return ":" in self.written

    def __str__(self) -> str:
        return self.written


Place = Fraction | When
"""Seconds from the film's start, or a place that has a time only once the film is open."""


def in_seconds(place: Place) -> Fraction:
    """Seconds of a place that was found in its film, see `job.span.Finder`."""
    if isinstance(place, When):
        raise TypeError(f"{place} was not looked for in the film")
    return place


def seconds_of(written: str) -> Fraction:
    """Seconds of a time, [[HH:]MM:]SS[.mmm].

    Raises:
        ValueError: it is not one.
    """
    match = CLOCK.fullmatch(written)
    if match is None:
        raise ValueError(f"{written!r} is not a time; write HH:MM:SS.mmm, MM:SS or seconds")
    hours, minutes, seconds = match.groups()
    if (hours and int(minutes) >= 60) or (minutes and Fraction(seconds) >= 60):
        raise ValueError(f"{written!r} is not a time; write HH:MM:SS, minutes and seconds below 60")
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + Fraction(seconds)


def place_of(written: str) -> Place:
    """A time in seconds, or a timecode, frame or shot.

    Raises:
        ValueError: it is none of these.
    """
    with suppress(ValueError):
        return When(written)
    if CLOCK.fullmatch(written) is None:
        raise ValueError(f"{written!r} is not a time; write {TIMES}")
    return seconds_of(written)


@dataclass(frozen=True)
class Range:
    """The frames from one place of a film up to another, or all others."""

    start: Place | None = None
    """None: from the first frame."""
    end: Place | None = None
    """The first frame behind it, or its last shot; None: to the last frame."""
    is_outside: bool = False
    """Whether all other frames are meant."""

    def __post_init__(self) -> None:
        start, end = self.start or Fraction(0), self.end
        if not isinstance(start, When) and not isinstance(end, When | None) and end <= start:
            raise ValueError("a range must end after it begins")

    @property
    def places(self) -> tuple[Place, ...]:
        """Its start and end, as far as it has them."""
        return tuple(place for place in (self.start, self.end) if place is not None)

    def has(self, seconds: Fraction) -> bool:
        """Whether a time lies in it; its places must have been found."""
        start, end = (None if place is None else in_seconds(place) for place in (self.start, self.end))
        return ((start is None or seconds >= start) and (end is None or seconds < end)) != self.is_outside


Ranges = tuple[Range, ...]


def range_of(written: str) -> Range:
    """A range: A-B, A- or -B of two places, `shot 12`, `shot 3-5`, `f120`, `f120-180`; with `not` in front all others.

    Raises:
        ValueError: it is none; the message says how ranges are written.
    """
    match = _RANGE.fullmatch(written.strip())
    first, last = (match["start"], match["end"]) if match else (None, None)
    if match is None or not (first or last) or (last and not match["dash"]):
        raise ValueError(f"{written!r} is not a range; write A-B, A- or -B, or shot 12; A and B are {TIMES}")
    start, end = (place_of(each) if each else None for each in (first, last))
    if isinstance(start, When) and last and last.isdecimal():  # of the kind that A is
        end = When(f"shot {last}" if start.number("shot") else f"f{last}")
    if not match["dash"]:
        frame = start.number("frame") if isinstance(start, When) else None
        if frame is None and (not isinstance(start, When) or start.is_timecode):
            raise ValueError(f"{written!r} is a moment, not a range; write A-B")
        end = start if frame is None else When(f"f{frame + 1}")
    return Range(start, end, bool(match["not"]))


def union(ranges: Iterable[Range]) -> Ranges:
    """All that lies in one of the ranges at least, as ranges that rise and lie apart; their places must be found."""
    found: list[Range] = []
    for each in sorted((part for one in ranges for part in _inside(one)), key=_start):
        last = found[-1] if found else None
        if last is None or (last.end is not None and _start(each) > in_seconds(last.end)):
            found.append(each)
        elif last.end is not None and (each.end is None or in_seconds(each.end) > in_seconds(last.end)):
            found[-1] = replace(last, end=each.end)
    return tuple(found)


def inverse(ranges: Iterable[Range]) -> Ranges:
    """All that lies in none of the ranges, as ranges that rise and lie apart; their places must be found."""
    found, start = list[Range](), Fraction(0)
    for each in union(ranges):
        if _start(each) > start:
            found.append(Range(start or None, each.start))
        if each.end is None:
            return tuple(found)
        start = in_seconds(each.end)
    return (*found, Range(start or None))


def _inside(each: Range) -> Ranges:
    """The range as ranges that say what lies in them."""
    return inverse((replace(each, is_outside=False),)) if each.is_outside else (each,)


def _start(each: Range) -> Fraction:
    return in_seconds(each.start or Fraction(0))


def layered(layers: Sequence[tuple[Ranges, T]]) -> list[tuple[Range, tuple[T, ...]]]:
    """A film cut where one of the layers begins or ends: each piece with the values of all layers over it, in order.

    Args:
        layers: each with the ranges that it holds in, none: everywhere. Their places must be found.

    Returns:
        Pieces that rise and leave no gap; the first has no start and the last no end.
    """
    places = {in_seconds(place) for where, _ in layers for each in where for place in each.places}
    borders = sorted(places - {Fraction(0)})
    starts, ends = [None, *borders], [*borders, None]
    values: list[list[T]] = [[] for _ in starts]
    for where, value in layers:
        for number in _pieces_of(where, borders):
            values[number].append(value)
    return [(Range(start, end), tuple(over)) for start, end, over in zip(starts, ends, values, strict=True)]


def _pieces_of(where: Ranges, borders: Sequence[Fraction]) -> Iterable[int]:
    """Numbers of the pieces between borders that lie in ranges which begin and end at some of these."""
    every = range(len(borders) + 1)
    if not where:
        return every
    found = set[int]()
    for each in where:
        first = bisect_right(borders, _start(each))
        last = len(every) if each.end is None else bisect_right(borders, in_seconds(each.end))
        inside = range(first, last)
        found.update(set(every).difference(inside) if each.is_outside else inside)
    return sorted(found)
