"""A contact sheet's tiles: each shot's middle anchor, black and white beside colour, with its number and times."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from pipelines.job.shots import Shot
from pipelines.media.target import Target
from pipelines.media.timecode import clock_of
from pipelines.painting.paint import Painting
from pipelines.preview.display import display_size, display_target
from pipelines.preview.shown import BEFORE_AND_AFTER, Shown, pictures_of
from pipelines.preview.view import Excerpt, ReadyView
from pipelines.source import Film

SIDE = 288
"""Pixels of a picture's longer side."""


@dataclass(frozen=True)
class Tile:
    """A shot on the sheet."""

    picture: NDArray[np.uint8]
    """(H, 2 W, 3), RGB: black and white beside colour, or what else is shown of it."""
    number: int
    """Of the shot, from 1."""
    timecode: str
    """Of its first frame."""
    length: str
    ends: Fraction
    """Seconds from the film's start, where the shot ends."""


def picture_target(film: Film) -> Target:
    """A picture on the sheet, whose longer side is SIDE at most."""
    rows, columns = display_size(film.picture, film.picture.height * film.picture.width)
    return display_target(film, max(1, SIDE * rows // max(rows, columns)))


def tiles(
    view: ReadyView, shots: Sequence[Shot], painting: Painting, show: Sequence[Shown] = BEFORE_AND_AFTER
) -> Iterator[Tile]:
    """The tiles of shots, in order, in the very colours of a run.

    Decoded and painted is what these depend on: the frames shown and the anchors around them.
    """
    film, target, clock = view.film, picture_target(view.film), clock_of(view.film)
    for shot in shots:
        pts = film.pts(shot.middle)
        with closing(Excerpt(film, pts, pts + 1).frames(view, painting, target.height)) as frames:
            pictures = np.hstack(pictures_of(show, next(frames), target))
        yield Tile(
            np.rint(pictures * 255).astype(np.uint8),
            shot.number,
            clock.at(shot.start),
            f"{float(shot.length):.1f} s",
            shot.end,
        )
