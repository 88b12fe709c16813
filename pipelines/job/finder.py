"""Places of a film, found in seconds: of timecode, of frames, of shots."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

from pipelines.errors import FilmError, SettingsError, timecode
from pipelines.job.shots import Shot, find_shots
from pipelines.media.seek import nearest_frame
from pipelines.media.timecode import DROPS, Clock, clock_of, standard_rate
from pipelines.painting.choice import choose_network
from pipelines.places import film_mark
from pipelines.ranges import Place, Range, Ranges, When, in_seconds, union
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
        return union(self._range(each, option) for each in where)

    def _range(self, wanted: Range, option: str) -> Range:
        start = None if wanted.start is None else self(wanted.start, option)
        end = None if wanted.end is None else self(wanted.end, option, is_end=True)
        try:
            return replace(wanted, start=start, end=end)
        except ValueError as error:
            what = f"{option} {wanted.start} - {wanted.end}: {error}"
            raise SettingsError(self.film.path, what, "write the earlier place first") from error

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
        listed = self._listed.get(number)
        if listed is not None:
            return in_seconds((listed.end if is_end else listed.start) or Fraction(0))
        if number > len(self.shots):
            count = len(self.shots)
            what = f"shot {number} is not in the film, which has {count} shot{'s' * (count > 1)}"
            raise SettingsError(self.film.path, what, "restore shots lists them")
        shot = self.shots[number - 1]
        return shot.end if is_end else shot.start

    @cached_property
    def _listed(self) -> dict[int, Range]:
        """Shots of this film whose times its look says: they need not be looked for."""
        look = self.settings.look
        return look.listed if look and look.film and look.film == film_mark(self.film) else {}

    @cached_property
    def shots(self) -> list[Shot]:
        """Of the whole film."""
        rows = choose_network(self.film.path, replace(self.settings, hints=()), self.has_pool).motion_rows
        return find_shots(self.film, self.settings, rows, self.on_frame)
