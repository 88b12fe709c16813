"""The span of a film that is to be restored, and other places in it, in seconds."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

from pipelines.errors import FilmError, SettingsError, timecode
from pipelines.guide.painted import tagged_time
from pipelines.job.shots import Shot, find_shots
from pipelines.media.seek import nearest_frame
from pipelines.media.timecode import DROPS, Clock, clock_of, standard_rate
from pipelines.painting.choice import choose_network
from pipelines.ranges import Place, Ranges, When, union
from pipelines.settings import Settings
from pipelines.source import Film


@dataclass(frozen=True)
class Finder:
    """Finds places of one film."""

    film: Film
    settings: Settings
    """Of the run."""
    has_pool: bool = False
    """Whether anchors are coloured elsewhere, so that the device need not be in this machine."""
    on_frame: Callable[[int], None] = lambda _: None
    """Called with the pts of each frame looked at for shots."""

    def __call__(self, place: Place, option: str, is_end: bool = False) -> Fraction:
        """Seconds from the film's start, of the first tick of a frame or a shot.

        Args:
            place: of the film; a number of seconds stays as it is.
            option: where it was asked for, in messages.
            is_end: whether a shot means its end.

        Raises:
            SettingsError: there is no such place, or the film ends before it.
        """
        if not isinstance(place, When):
            seconds = place
        elif (number := place.number("shot")) is not None:
            seconds = self._shot(number, is_end)
        else:
            seconds = nearest_frame(self.film, self._counted(place, option))
        if seconds >= self.film.duration and not is_end:
            shown = place if isinstance(place, When) else timecode(place)
            what = f"{option} {shown} lies after the film's end ({timecode(self.film.duration)})"
            raise SettingsError(self.film.path, what, self._hint(place))
        return seconds

    def ranges(self, where: Ranges, option: str) -> Ranges:
        """The ranges in seconds, put together; takes and raises what a call does."""
        return union(
            replace(
                each,
                start=None if each.start is None else self(each.start, option),
                end=None if each.end is None else self(each.end, option, is_end=True),
            )
            for each in where
        )

    def _hint(self, place: Place) -> str:
        """Advice for a place after the film's end."""
        try:
            own = clock_of(self.film)
        except FilmError:
            own = None
        is_zero_based = isinstance(place, When) and place.is_timecode and not self.settings.timecode_start
        if is_zero_based and own and own.is_own:
            return f"--timecode-start counts from its own timecode, {own.written(own.first)} at its first frame"
        return "choose an earlier time"

    def _counted(self, place: When, option: str) -> Fraction:
        """Seconds of a frame or a timecode, by the film's rate."""
        rate = standard_rate(self.film.picture.rate) or self.film.picture.rate
        number = place.number("frame")
        if number is None:
            clock = self._clock(rate, place, option)
            try:
                number = clock.number(place.written) - clock.first
            except ValueError as error:
                hint = "write HH:MM:SS:FF, FF below the rate, and ; for FF only where the film drops numbers"
                raise SettingsError(self.film.path, f"{option} {error}", hint) from error
            if number < 0 and (number := number + clock.day) / rate >= self.film.duration:
                what = f"{option} {place} lies before the film's first frame, {clock.written(clock.first)}"
                raise SettingsError(self.film.path, what, "choose a later time")
        return number / rate

    def _clock(self, rate: Fraction, place: When, option: str) -> Clock:
        """Counts from 0, or as the film itself does."""
        if not self.settings.timecode_start:
            return Clock(rate, 0, ";" in place.written and rate in DROPS, "")
        own = clock_of(self.film)
        if not own.is_own:
            what = f"{option} {place} cannot be counted from its timecode: it has none"
            raise SettingsError(self.film.path, what, "leave out --timecode-start to count from 0")
        return own

    def _shot(self, number: int, is_end: bool) -> Fraction:
        if number > len(self.shots):
            count = len(self.shots)
            what = f"shot {number} is not in the film, which has {count} shot{'s' * (count > 1)}"
            raise SettingsError(self.film.path, what, "restore shots lists them")
        shot = self.shots[number - 1]
        return shot.end if is_end else shot.start

    @cached_property
    def shots(self) -> list[Shot]:
        """Of the whole film."""
        rows = choose_network(self.film.path, self.settings, self.has_pool).motion_rows
        return find_shots(self.film, self.settings, rows, self.on_frame)


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
        replace(each, where=find.ranges(each.where, f"the range of {each.source},")) for each in settings.references
    )
    start = None if settings.start is None else find(settings.start, "--start")
    end = None if settings.end is None else find(settings.end, "--end", is_end=True)
    if end is not None and end <= (start or 0):
        what = f"--end {_shown(settings.end)} must lie after --start {_shown(settings.start)}"
        raise SettingsError(find.film.path, what, "choose a later --end")
    return replace(settings, hints=hints, stills=stills, references=references, start=start, end=end)


def asks_for_shots(settings: Settings) -> bool:
    """Whether the whole film will be looked through for its shots."""
    ranges = [each for reference in settings.references for each in reference.where]
    places = (
        settings.start,
        settings.end,
        *(hint.time for hint in settings.hints),
        *(still.time for still in settings.stills),
        *(place for each in ranges for place in each.places),
    )
    return any(isinstance(place, When) and place.number("shot") is not None for place in places)


def _shown(place: Fraction | When | None) -> str:
    return str(place) if isinstance(place, When) else timecode(place or 0)
