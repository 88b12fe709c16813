"""The span of a film that is to be restored, and other places in it, in seconds."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from pipelines.errors import SettingsError, timecode
from pipelines.guide.painted import tagged_time
from pipelines.job.finder import Finder
from pipelines.job.look import in_its_film, repairs_of
from pipelines.ranges import Range, When
from pipelines.settings import Settings, Still


def in_film(settings: Settings, find: Finder) -> Settings:
    """The settings with all their places in seconds.

    Raises:
        SettingsError: a place is not in the film, or the span ends before it begins.
    """
    hints = tuple(
        replace(hint, time=find(hint.time, "a hint's time")) if isinstance(hint.time, When) else hint
        for hint in settings.hints
    )
    stills = tuple(
        replace(still, tagged=tagged_time(find.film, still))
        if still.time is None
        else replace(still, time=find(still.time, f"the time of {still.path.name},"))
        for still in settings.stills
    )
    references = tuple(
        replace(
            each,
            source=_picture(each.source, stills, find),
            where=find.ranges(each.where, f"the range of {each.source},"),
        )
        for each in settings.references
    )
    start = None if settings.start is None else find(settings.start, "--start")
    end = None if settings.end is None else find(settings.end, "--end", is_end=True)
    if end is not None and end <= (start or 0):
        what = f"--end {_shown(settings.end)} must lie after --start {_shown(settings.start)}"
        raise SettingsError(find.film.path, what, "choose a later --end")
    found = replace(settings, hints=hints, stills=stills, references=references, start=start, end=end)
    if found.look is None:
        return found
    look = in_its_film(found.look, find)
    return replace(found, look=look, repairs=repairs_of(look))


def _picture(source: Path | When, stills: Sequence[Still], find: Finder) -> Path:
    """The picture of a reference: that of the first still in a shot, where it names one.

    Raises:
        SettingsError: there is no such shot, or no still in it.
    """
    if not isinstance(source, When):
        return source
    (shot,) = find.ranges((Range(source, source),), f"the reference {source},")
    still = next((still for still in stills if shot.has(still.seconds)), None)
    if still is None:
        raise SettingsError(find.film.path, f"the reference {source} has no still", "give it one with --still")
    return still.path


def asks_for_shots(settings: Settings) -> bool:
    """Whether the whole film will be looked through for its shots."""
    where = [*(reference.where for reference in settings.references)]
    where += [entry.where for entry in settings.look.entries] if settings.look else []
    ranges = [each for one in where for each in one]
    places = (
        settings.start,
        settings.end,
        *(hint.time for hint in settings.hints),
        *(still.time for still in settings.stills),
        *(each.source for each in settings.references),
        *(place for each in ranges for place in each.places),
    )
    shots = {place.number("shot") for place in places if isinstance(place, When)} - {None}
    return bool(shots - (settings.look.listed.keys() if settings.look and settings.look.film else set()))


def _shown(place: Fraction | When | None) -> str:
    return str(place) if isinstance(place, When) else timecode(place or 0)
