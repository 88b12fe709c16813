"""How large a film's result will be: a second of it, encoded without colours."""

from collections.abc import Generator, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from pipelines.errors import FilmError, StageError
from pipelines.frames import AbBatch, AbFrame, AnchorBatch
from pipelines.job.job import Job
from pipelines.painting.paint import Paint, Painting
from pipelines.places import size_of
from pipelines.segment import SegmentFlow, carried
from pipelines.settings import every_frame
from pipelines.source import Segment
from pipelines.streams import in_process

SAMPLE = Fraction(1)
"""Seconds of film that are encoded, from its middle. Each begins with a keyframe, which rather tells too much."""


def _gray(batches: Iterable[AnchorBatch]) -> Iterator[AbBatch]:
    """Anchors without colour: next to luma, colours that are carried cost few bytes."""
    for anchors in batches:
        yield AbBatch(anchors, np.zeros((*anchors.lightness.shape, 2), np.float32))


def bytes_of(job: Job) -> int | None:
    """Bytes that the picture of a film's result will take, about; None where the film cannot be read there."""
    film, length = job.film, min(SAMPLE, job.seconds)
    start = (job.span.start or Fraction(0)) + (job.seconds - length) / 2
    segment = Segment(film, 0, film.pts(start), film.pts(start + length))

    def coloured(segment: Segment, _: Painting) -> Generator[AbFrame, None, None]:
        return carried(segment, every_frame(job.settings), job.chosen.motion_rows, _gray)

    flow = SegmentFlow(film, job.target, job.settings.encode, coloured, in_process(Paint()), lambda _: None)
    with TemporaryDirectory(prefix="restore-sample-") as folder:
        try:
            flow(segment, Path(folder, "sample"))
        except (FilmError, StageError):  # damage is told by the run, which finds all of it
            return None
        return round(size_of(Path(folder, "sample")) * float(job.seconds / length))
