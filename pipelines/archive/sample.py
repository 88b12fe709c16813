"""How large a film's result will be: a second of it, encoded without colours."""

from collections.abc import Generator, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from pipelines.errors import StageError
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
    """Bytes that the picture of a film's result will take, about; None where no frame lies in its middle.

    Raises:
        FilmError: the film is damaged there.
    """
    film, length = job.film, min(SAMPLE, job.seconds)
    start = (job.span.start or Fraction(0)) + (job.seconds - length) / 2
    segment = Segment(film, 0, film.pts(start), film.pts(start + length))

    def coloured(segment: Segment, _: Painting) -> Generator[AbFrame, None, None]:
        return carried(segment, every_frame(job.settings), job.chosen.motion_rows, _gray)

    flow = SegmentFlow(film, job.target, job.settings.encode, coloured, in_process(Paint()), lambda _: None)
    with TemporaryDirectory(prefix="restore-sample-") as folder:
        sample = Path(folder, "sample")
        try:
            flow(segment, sample)
        except StageError as error:
            raise error.as_film_error(film.path) from error
        return round(size_of(sample) * float(job.seconds / length)) if sample.exists() else None
