"""A film coloured as a run does it, beside the network on every frame with nothing smoothed."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from pipelines.guide.given import given_for
from pipelines.painting.choice import Chosen
from pipelines.painting.paint import Painting
from pipelines.preview.canvas import Composition
from pipelines.preview.render import Preview, Variant
from pipelines.preview.view import ReadyView
from pipelines.settings import Settings, every_frame
from pipelines.source import Film

EVERY, RESTORE = "every frame", "restore"


def write_comparison(
    film: Film, settings: Settings, chosen: Chosen, painting: Painting, seconds: Fraction, out: Path
) -> None:
    """Writes an mp4 of a film's first seconds: every frame on the left, the run on the right, with its sound.

    Raises:
        FilmError: the film cannot be read, or the comparison not be written.
    """
    view = ReadyView(film, out, settings, chosen, given_for(film, replace(settings, hints=()), chosen))
    ways = [Variant(EVERY, replace(view, settings=every_frame(settings))), Variant(RESTORE, view)]
    Preview(view, Composition("colour"), [view.excerpt(Fraction(0), seconds)], ways)(painting)
