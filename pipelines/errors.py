"""The errors of a film; each says in one line where, what is wrong, and what to do.

FilmError
├── InputError     the film cannot be read, or is not one to colour
│   ├── MissingError   there is no such file
│   └── DamagedError   a packet in its middle cannot be decoded
├── OutputError    the result cannot be written
├── SettingsError  settings that do not fit this film or this machine
│   └── EmptyError     no film is where films were looked for
├── DifferenceError  a result is not what its record or its film says
└── WorkError      a part of the film ends every process that works on it, or does not fit into memory

StageError is not among them: a stage or a stream raises it for a batch that it cannot do, and `film.restore`, which
knows the film, raises a WorkError in its place. A BrokenError is a StageError.
"""

from fractions import Fraction
from pathlib import Path
from typing import Any


def timecode(seconds: Fraction | float) -> str:
    """HH:MM:SS.mmm of a time in seconds; a minus sign first where it is below zero."""
    milliseconds = round(abs(float(seconds)) * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    sign = "-" if seconds < 0 and milliseconds else ""
    return f"{sign}{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


class FilmError(Exception):
    """A film that could not be restored.

    Args:
        film: the file, as the user named it.
        what: what is wrong.
        hint: what to do about it; may be empty.
        at: seconds from the film's start; None where the fault has no time.
    """

    def __init__(self, film: Path | str, what: str, hint: str = "", at: Fraction | None = None) -> None:
        self.film, self.what, self.hint, self.at = str(film), what, hint, at
        super().__init__(str(film), what, hint, at)

    def __str__(self) -> str:
        where = self.film if self.at is None else f"{self.film} at {timecode(self.at)}"
        return f"{where}: {self.what}; {self.hint}" if self.hint else f"{where}: {self.what}"


class InputError(FilmError):
    """The film cannot be read, or is not one to colour."""


class MissingError(InputError):
    """There is no such file."""


class DamagedError(InputError):
    """A packet in the film's middle cannot be decoded."""


class OutputError(FilmError):
    """The result cannot be written."""


class SettingsError(FilmError):
    """Settings that do not fit this film or this machine."""


class EmptyError(SettingsError):
    """No film is where films were looked for."""


class DifferenceError(FilmError):
    """A result is not what its record says, or does not hold what its film does."""


class WorkError(FilmError):
    """A part of the film ends every process that works on it, or does not fit into memory."""


class StageError(Exception):
    """A batch that cannot be done.

    Args:
        batch: which one; its `at`, if it has one, is its time in seconds from the film's start.
        what: what is wrong.
        hint: what to do about it.
    """

    def __init__(self, batch: Any, what: str, hint: str) -> None:
        self.batch, self.what, self.hint = batch, what, hint
        super().__init__(batch, what, hint)

    def as_film_error(self, film: Path | str) -> WorkError:
        """The error of the film that the batch is of, at the batch's time."""
        return WorkError(film, self.what, self.hint, getattr(self.batch, "at", None))


class BrokenError(StageError):
    """A batch that cannot be done since the device failed: this process can do no other on it, a new one may."""
