"""One frame at its full size, before and after."""

from contextlib import closing
from fractions import Fraction
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.colour.chroma import Chroma
from pipelines.colour.lightness import transfer_of
from pipelines.errors import SettingsError
from pipelines.frames import ColouredFrame
from pipelines.media.image import png
from pipelines.media.target import Target, choose_target
from pipelines.painting.paint import Painting
from pipelines.places import written_whole
from pipelines.preview.display import rgb_of
from pipelines.preview.view import ReadyView
from pipelines.settings import EncodeSettings


def write_still(view: ReadyView, at: Fraction, painting: Painting, bits: int | None = None) -> Fraction:
    """Writes the first frame at or after a time as a PNG, before and after; gives the frame's own time, in seconds.

    Args:
        view: of a film.
        at: seconds from the film's start.
        painting: colours anchors.
        bits: of a sample of the PNG, 8 or 16; None: 8 for films of 8 bits, else 16.

    Raises:
        FilmError: the film ends before, or the PNG cannot be written.
    """
    film = view.film
    target = choose_target(film, EncodeSettings("ffv1"), view.settings.deinterlace)  # no codec between
    coloured = _coloured(view, at, painting, target)
    pictures = np.hstack([_upright(picture, target) for picture in rgb_of(coloured, target)])
    with written_whole(view.out) as part:
        part.write_bytes(png(_coded(pictures, bits or (8 if film.picture.bits == 8 else 16))))
    return film.seconds(coloured.frame.pts)


def _coloured(view: ReadyView, at: Fraction, painting: Painting, target: Target) -> ColouredFrame:
    film = view.film
    with closing(view.carried(film.pts(at), None, painting)) as frames:
        for coloured in Chroma(target, transfer_of(film.picture))(frames):
            return coloured
    raise SettingsError(film.path, "no frame begins from there on", "choose an earlier --at", at)


def _upright(picture: NDArray[np.float32], target: Target) -> NDArray[np.float32]:
    """As it is shown: with square pixels, turned."""
    rows, columns = picture.shape[:2]
    shown = round(columns * target.sample_aspect_ratio)
    if shown != columns:
        picture = cv2.resize(picture, (shown, rows), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    return target.display_matrix.shown(picture)


def _coded(picture: NDArray[np.float32], bits: int) -> NDArray[Any]:
    return np.rint(picture * ((1 << bits) - 1)).astype(np.uint8 if bits == 8 else np.uint16)
