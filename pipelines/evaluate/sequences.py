"""Folders of pictures as films: what is measured on films is measured on them too."""

import zipfile
from collections.abc import Sequence
from fractions import Fraction
from itertools import groupby
from pathlib import Path, PurePosixPath

import av

from pipelines.media.pictures import Picture, Pictures

RATE = Fraction(24)
"""Frames a second."""


def as_films(path: Path, folder: Path) -> list[Path]:
    """A film as it is; of a folder or zip file of pictures, a film in `folder` for each folder in it, named like that.

    Raises:
        ValueError: there are no pictures, one is damaged, or those of one folder differ in size.
    """
    if not path.is_dir() and not zipfile.is_zipfile(path):
        return [path]
    pictures, films = Pictures([path]), list[Path]()
    numbered = enumerate(PurePosixPath(name) for _, name in pictures.keys)
    for parent, names in groupby(sorted(numbered, key=lambda each: each[1].parts), key=lambda each: each[1].parent):
        title = parent.as_posix().replace("/", "-") if parent.name else path.stem
        films.append(folder / title)
        _write(films[-1], f"{path}, {parent}", pictures, [number for number, _ in names])
    return films


def _write(out: Path, source: str, pictures: Sequence[Picture], numbers: list[int]) -> None:
    """Writes pictures as a film that loses nothing of them."""
    first = pictures[numbers[0]]
    with av.open(out, "w", format="matroska") as container:
        stream = container.add_stream("ffv1", RATE)
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = "bgr0"
        for number in numbers:
            if pictures[number].shape != first.shape:
                raise ValueError(f"{source}: pictures of one film must have one size; sort them into folders")
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pictures[number], format="rgb24")))
        container.mux(stream.encode(None))
