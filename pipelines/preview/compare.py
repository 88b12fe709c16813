"""A film coloured as a run does it, beside the network on every frame with nothing smoothed."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from pipelines.job.ways import ways_of
from pipelines.painting.paint import Painting
from pipelines.preview.canvas import Composition
from pipelines.preview.render import Preview, Variant
from pipelines.preview.view import ReadyView
from pipelines.settings import Settings, every_frame
from pipelines.source import Film

EVERY, RESTORE = "every frame", "restore"


def write_comparison(film: Film, settings: Settings, painting: Painting, seconds: Fraction, out: Path) -> None:
    """Writes an mp4 of a film's first seconds: every frame on the left, the run on the right, with its sound.

    Raises:
        FilmError: the film cannot be read, or the comparison not be written.
    """
    settings = replace(settings, hints=())
    view, every = (ReadyView(film, out, each, ways_of(film, each)) for each in (settings, every_frame(settings)))
    ways = [Variant(EVERY, every), Variant(RESTORE, view)]
    Preview(view, Composition("colour"), [view.excerpt(Fraction(0), seconds)], ways)(painting)
