"""The shots of a film as clips of the film, and of its result: what all lists for editing programs are written from."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from pipelines.errors import OutputError, SettingsError, timecode
from pipelines.job.shots import Shot
from pipelines.look import Look
from pipelines.media.probe import probe
from pipelines.media.timecode import Clock, clock_of
from pipelines.preview.view import View
from pipelines.ranges import in_seconds
from pipelines.source import Film

WITH_RESULT, WITH_LOOK = (".edl", ".otio", ".fcpxml", ".cdl"), (".edl", ".otio", ".fcpxml", ".ccc", ".cdl")
"""Suffixes of lists that have a place for a result, and for the saturation of each shot."""
NEED_LOOK, NEED_TIMECODE = (".ccc", ".cdl"), (".edl", ".fcpxml")
"""Suffixes of lists that have nothing else."""
NOT_LISTED = ("warmth", "keep_colour")
"""Settings of a look that change finished colours, and have no place in an ASC CDL that says saturation alone."""
MAX_DIFFERENCE = Fraction(1, 2)
"""Seconds by which a result's length may differ from its film's: some containers say that of the sound."""
REEL_LETTERS = 8
"""Of a reel's name in an EDL."""


@dataclass(frozen=True)
class Source:
    """A film that clips are cut from."""

    film: Film
    clock: Clock

    @property
    def url(self) -> str:
        """Where it lies."""
        return self.film.path.resolve().as_uri()

    @property
    def reel(self) -> str:
        """The film's own reel, else its name, as EDLs write reels."""
        return re.sub(r"[^A-Za-z0-9]", "", self.clock.reel or self.film.path.stem)[:REEL_LETTERS].upper() or "AX"

    def span(self, start: Fraction, end: Fraction) -> tuple[int, int]:
        """Number of the first frame by its clock, and count of frames.

        Args:
            start: seconds from the film's start.
            end: of the last frame, so too.
        """
        first = self.clock.frame(start)
        return first, self.clock.frame(end) - first


@dataclass(frozen=True)
class Edit:
    """The clips of a list."""

    out: Path
    """The list."""
    original: Source
    result: Source | None = None
    """The whole film in colour."""
    shots: tuple[Shot, ...] = ()
    saturations: tuple[float, ...] = ()
    """Of each shot, beside that of the run, as a look says; none: there is no look."""

    @property
    def whole(self) -> tuple[Fraction, Fraction]:
        """Seconds at which the first shot begins and the last one ends."""
        return self.shots[0].start, self.shots[-1].end

    @property
    def graded(self) -> Iterator[tuple[Shot, float | None]]:
        """Each shot with its saturation."""
        yield from zip(self.shots, self.saturations or [None] * len(self.shots), strict=True)


def edit_of(view: View, result: Path | None = None) -> Edit:
    """The clips of a list, before shots are known.

    Args:
        view: the film and the list; its look is none yet.
        result: of the whole film.

    Raises:
        FilmError: a film's timecode is not valid at its rate, the result is of another film, or the list has no place
            for what is asked of it.
    """
    suffix, clock, has_look = view.out.suffix.lower(), clock_of(view.film), view.settings.look is not None
    if suffix in NEED_TIMECODE and not clock.has_timecode:
        what = f"an {suffix[1:].upper()} has no timecode for {float(clock.rate):.6g} frames a second"
        raise OutputError(view.out, what, "write .otio or .csv")
    if suffix in NEED_LOOK and not has_look:
        raise OutputError(view.out, "holds the saturation that a look sets", "--look names one")
    if has_look and suffix not in WITH_LOOK:
        raise OutputError(view.out, "has no place for a look's saturation", f"write {', '.join(WITH_LOOK)}")
    if result is not None and suffix not in WITH_RESULT:
        raise OutputError(view.out, "has no place for a result", f"write {', '.join(WITH_RESULT)}")
    original = Source(view.film, clock)
    edit = Edit(view.out, original, None if result is None else _result(original, result))
    scans = [each.film.path for each in (edit.original, edit.result) if each and each.film.scans]
    if suffix == ".fcpxml" and scans:
        raise OutputError(view.out, f"an FCPXML names files of films, and {scans[0]} is pictures", "write .otio")
    return edit


def _result(original: Source, path: Path) -> Source:
    """The result of a film, which is as long; its frames count at the film's rate, however its container says that.

    Raises:
        SettingsError: it is not as long.
    """
    film, result = original.film, probe(path)
    mine, its = film.duration, result.duration
    if abs(mine - its) > MAX_DIFFERENCE:
        what = f"lasts {timecode(its)}, and {film.name} {timecode(mine)}: it is no result of the whole film"
        raise SettingsError(path, what, "--result takes one without --start and --end")
    return Source(result, replace(clock_of(result), rate=original.clock.rate))


def saturations(look: Look, shots: Sequence[Shot]) -> tuple[float, ...]:
    """The saturation of each shot's first frame, beside that of the run; 0 where a shot is neutral.

    Args:
        look: with all its places found.
        shots: of the film.
    """
    found = []
    for shot in shots:
        values = next(values for piece, values in look.pieces("saturation", "neutral") if piece.has(shot.start))
        found.append(0.0 if values.neutral else 1.0 if values.saturation is None else float(values.saturation))
    return tuple(found)


def look_notes(look: Look, shots: Sequence[Shot], half: Fraction) -> Iterator[str]:
    """Sentences on what a list does not say of a look.

    Args:
        look: with all its places found.
        shots: of the film.
        half: seconds, half a frame.
    """
    starts = [in_seconds(piece.start) for piece, _ in look.pieces("saturation", "neutral") if piece.start is not None]
    for shot in shots:
        if any(shot.start + half < start < shot.end - half for start in starts):
            yield f"saturation changes within shot {shot.number}: the list has that of its first frame"
    said = (name for entry in look.entries for name in entry.values.said)
    others = dict.fromkeys(name for name in said if name in NOT_LISTED)
    if others:
        yield f"the list says saturation alone, and not {', '.join(others)}"
