"""The span of a film that is to be restored."""

from fractions import Fraction

from pipelines.errors import SettingsError
from pipelines.settings import Settings
from pipelines.source import Film


def check_span(film: Film, settings: Settings) -> None:
    """Raises SettingsError where the span asked for begins after the film's end."""
    start = settings.start or Fraction(0)
    if start >= film.duration:
        what = f"--start {float(start):g} s lies after the film's end ({float(film.duration):.3f} s)"
        raise SettingsError(film.path, what, "choose an earlier start")
