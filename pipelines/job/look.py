"""A look in its film: its places found, and what it sets told."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction

from pipelines.errors import SettingsError, timecode
from pipelines.job.finder import Finder
from pipelines.look import Look, LookEntry
from pipelines.places import film_mark
from pipelines.ranges import Range, When
from pipelines.repair_settings import RepairSettings, RepairSpan

FOREVER = Fraction(10**9)
"""Seconds at which a span without an end ends."""


def in_its_film(look: Look, find: Finder) -> Look:
    """The look with all its places in seconds.

    Of another film than the one whose shots are listed, a shot is looked for at its time.

    Raises:
        SettingsError: a place is not in the film, or a shot is no longer there; the message says which line.
    """
    if not look.entries:
        return look
    mark = film_mark(find.film) if look.film else ""
    is_same = look.film == mark
    return replace(look, entries=tuple(_entry(look, entry, find, is_same) for entry in look.entries), film=mark)


def _entry(look: Look, entry: LookEntry, find: Finder, is_same: bool) -> LookEntry:
    with _of_line(look, entry):
        where = entry.where
        if entry.shot is not None and not is_same and not isinstance(where[0].start, When):
            where = (_shot_at(where[0], entry.shot, find),)
        return replace(entry, where=find.ranges(where, "at"))


def _shot_at(listed: Range, number: int, find: Finder) -> Range:
    """The shot that begins and ends where one of another copy of the film did, to half a frame."""
    half = 1 / find.film.picture.rate / 2
    for shot in find.shots:
        ends = zip((listed.start or Fraction(0), listed.end), (shot.start, shot.end), strict=True)
        if all(isinstance(was, Fraction) and abs(was - now) <= half for was, now in ends):
            return Range(shot.start, shot.end)
    began = timecode(listed.start if isinstance(listed.start, Fraction) else 0)
    what = f"shot {number}, which began at {began}, is no longer there"
    raise SettingsError(find.film.path, what, "restore shots lists the shots of this film")


@contextmanager
def _of_line(look: Look, entry: LookEntry) -> Iterator[None]:
    """Raises errors of settings as errors of the look's line."""
    try:
        yield
    except SettingsError as error:
        raise SettingsError(f"{look.path} line {entry.line}", error.what, error.hint) from error


def repairs_of(look: Look) -> tuple[RepairSpan, ...]:
    """The parts of the film that have repairs of their own."""
    return tuple(
        RepairSpan(_or(piece.start, Fraction(0)), _or(piece.end, FOREVER), values.repair)
        for piece, values in look.pieces("repair")
        if isinstance(values.repair, RepairSettings)
    )


def _or(place: object, other: Fraction) -> Fraction:
    return place if isinstance(place, Fraction) else other


def look_notes(look: Look) -> Iterator[str]:
    """A sentence on what the look sets, and for how many shots."""
    counts: dict[str, list[str]] = {}
    for entry in look.entries:
        kind = "the film" if not entry.where else "range" if entry.shot is None else "shot"
        for name in (*entry.values.said, *entry.given):
            counts.setdefault(name, []).append(kind)
    said = [f"{name} of {_counted(kinds)}" for name, kinds in counts.items()]
    yield f"{look.path.name} sets {', '.join(said)}" if said else f"{look.path.name} sets nothing"


def _counted(kinds: list[str]) -> str:
    words = ["the film"] if "the film" in kinds else []
    for kind in ("shot", "range"):
        if count := kinds.count(kind):
            words.append(f"{count} {kind}{'s' * (count > 1)}")
    return " and ".join(words)
