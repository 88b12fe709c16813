"""Frames of colour films as pictures for training: from each shot equally many, none of them beside a cut."""

import functools
import os
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from pipelines.errors import InputError
from pipelines.media.coloured import COLOURED, colours_of
from pipelines.media.open import open_film, picture_stream
from pipelines.media.pictures import Picture
from pipelines.media.probe import probe
from pipelines.media.seek import frames_up_to
from pipelines.media.side_data import display_matrix_of
from pipelines.motion.cuts import AHEAD, Cuts

SCAN_SIDE = 64
"""Pixels: short side of the pictures in which cuts are looked for."""
MARGIN = 4
"""Frames on either side of a cut that are never taken."""
OPEN_FILMS = 8
"""In one process at a time: each holds a decoder's memory."""


def _small(frame: av.VideoFrame, short_side: int, pixel_format: str) -> NDArray[np.uint8]:
    """The frame as it is stored, (h, w, 3) sRGB or (h, w) gray, its short side no longer than `short_side`."""
    scale = min(1.0, short_side / min(frame.width, frame.height))
    width, height = round(frame.width * scale), round(frame.height * scale)
    small: Any = frame.reformat(width=width, height=height, format=pixel_format, interpolation="AREA")
    return small.to_ndarray()


def _scanned(film: Path) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """The pts and a small gray picture (h, w) of every frame."""
    with open_film(film) as container:
        stream = picture_stream(container, film)
        stream.thread_type = "AUTO"
        try:
            for frame in container.decode(stream):
                if frame.pts is not None:
                    yield frame.pts, _small(frame, SCAN_SIDE, "gray")
        except av.FFmpegError as error:
            raise InputError(film, f"is damaged ({error.strerror})", "take it out, or repair it") from error


def _shots(film: Path) -> list[list[int]]:
    """The pts of the frames of each shot."""
    cuts, begins, pts = Cuts(), list[bool](), list[int]()
    for shown, gray in _scanned(film):
        pts.append(shown)
        cuts.push(gray)
        if cuts.count > AHEAD:
            begins.append(cuts.begins_at(len(begins)))
    begins += [cuts.begins_at(number) for number in range(len(begins), cuts.count)]
    firsts = [0, *(number for number, does in enumerate(begins) if does)]
    return [pts[first:after] for first, after in pairwise([*firsts, len(pts)])]


def _chosen(film: Path, per_shot: int) -> list[int]:
    """The pts of `per_shot` frames from each shot that is long enough, evenly spread."""
    chroma = colours_of(probe(film))
    if chroma <= COLOURED:
        what = f"has no colours (chroma {chroma:.1f} of 255 beyond an even tint, a colour film has over {COLOURED})"
        raise InputError(film, what, "train on colour films")
    inner = [shot[MARGIN:-MARGIN] for shot in _shots(film)]
    found = [pts[(2 * i + 1) * len(pts) // (2 * per_shot)] for pts in inner if pts for i in range(per_shot)]
    if not found:
        raise InputError(film, f"no shot is longer than {2 * MARGIN} frames", "give a longer film")
    return found


@functools.lru_cache(OPEN_FILMS)
def _opened(film: Path, _process: int) -> tuple[Any, Any]:
    """The film and its picture stream, one handle a process: forked readers would share a file offset."""
    container = av.open(film, metadata_errors="replace")
    stream = picture_stream(container, film)
    stream.codec_context.thread_count = 1  # workers are threads enough, and no thread is left behind in a fork
    return container, stream


def _frame_at(film: Path, pts: int) -> av.VideoFrame:
    container, stream = _opened(film, os.getpid())
    try:
        for frame in frames_up_to(container, stream, pts):
            if frame.pts == pts:
                return frame
    except av.FFmpegError as error:
        raise InputError(film, f"is damaged ({error.strerror})", "take it out", pts * stream.time_base) from error
    hint = "do not edit it while a run reads it"
    raise InputError(film, "the film changed during training", hint, pts * stream.time_base)


class FilmPictures(Sequence[Picture]):
    """Frames of colour films, decoded when asked for; an index taken at random gives a random moment of a random shot.

    Every shot, long or short, gives `per_shot` pictures, evenly spread over it, so that they depend on the index alone.

    Args:
        films: colour films; each is read through once, to find its cuts.
        per_shot: pictures from each shot.
        short_side: pixels to which larger frames are reduced.

    Raises:
        InputError: a film cannot be read, has no colours or no shot that is long enough, or, when a frame is asked
            for, is damaged there.
    """

    def __init__(self, films: Sequence[Path], per_shot: int = 8, short_side: int = 256) -> None:
        self.short_side = short_side
        self.keys = [(film, f"{pts:09d} {film.name}") for film in films for pts in _chosen(film, per_shot)]
        """The film of each picture, and its frame's pts with the film's name."""

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, index: int) -> Picture:  # type: ignore[override]  # no slices
        film, name = self.keys[index]
        frame = _frame_at(film, int(name.split()[0]))
        return np.ascontiguousarray(display_matrix_of(frame).shown(_small(frame, self.short_side, "rgb24")))
