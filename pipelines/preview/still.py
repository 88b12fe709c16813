"""One frame at its full size: before and after, or its colour alone to be painted over."""

from collections.abc import Sequence
from contextlib import closing
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from pipelines.colour.chroma import Chroma
from pipelines.colour.lightness import transfer_of
from pipelines.media.still_file import StillTag, picture_file, tagged
from pipelines.media.target import Target, choose_target
from pipelines.painting.paint import Painting
from pipelines.places import film_mark, written_whole
from pipelines.preview.shown import BEFORE_AND_AFTER, Shown, pictures_of
from pipelines.preview.view import ReadyView
from pipelines.settings import EncodeSettings

Layout = Literal["side", "colour"]


def write_still(
    view: ReadyView,
    pts: int,
    painting: Painting,
    bits: int | None = None,
    layout: Layout = "side",
    show: Sequence[Shown] = BEFORE_AND_AFTER,
) -> None:
    """Writes a frame as a PNG or TIFF; colour alone says in the file of which film and time it is.

    Args:
        view: of a film.
        pts: of the frame.
        painting: colours anchors.
        bits: of a sample of the picture, 8 or 16; None: 8 beside black and white for films of 8 bits, else 16.
        layout: side: what is shown beside each other; colour alone.
        show: the pictures beside each other.

    Raises:
        FilmError: the film cannot be read there, or the picture cannot be written.
    """
    film = view.film
    target = choose_target(film, EncodeSettings("ffv1"), view.settings.deinterlace)  # no codec between
    with closing(view.carried(pts, pts + 1, painting)) as frames:
        coloured = next(Chroma(target, transfer_of(film.picture))(frames))
    pictures = pictures_of(("after",) if layout == "colour" else show, coloured, target)
    shown = np.hstack([_upright(picture, target) for picture in pictures])
    depth = bits or (8 if layout == "side" and film.picture.bits == 8 else 16)
    file = picture_file(_coded(shown, depth), view.out.suffix.lower())
    if layout == "colour":
        file = tagged(file, StillTag(film_mark(film), film.seconds(pts)))
    with written_whole(view.out) as part:
        part.write_bytes(file)


def _upright(picture: NDArray[np.float32], target: Target) -> NDArray[np.float32]:
    """As it is shown: with square pixels, turned."""
    rows, columns = picture.shape[:2]
    shown = round(columns * target.sample_aspect_ratio)
    if shown != columns:
        picture = cv2.resize(picture, (shown, rows), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    return target.display_matrix.shown(picture)


def _coded(picture: NDArray[np.float32], bits: int) -> NDArray[Any]:
    return np.rint(picture * ((1 << bits) - 1)).astype(np.uint8 if bits == 8 else np.uint16)
