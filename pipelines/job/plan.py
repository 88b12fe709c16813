"""A film as segments: spans of time that depend on the film and the settings alone, never on who works on them."""

from fractions import Fraction

from pipelines.source import Film, Segment

MAX_SEGMENTS = 5000
"""40 hours of 30 seconds each: of a longer film, or one whose damaged times say so, each is longer."""


def plan(film: Film, length: Fraction, start: Fraction | None = None, end: Fraction | None = None) -> list[Segment]:
    """Segments that cover the film, or the span from `start` to `end`, in order.

    The first has no beginning and the last no end, so that no frame falls outside however wrong the film's own
    figures are. A last piece shorter than half a segment is joined to the one before.

    Args:
        film: from `probe`.
        length: seconds of a segment.
        start: seconds from the film's start; None from the first frame.
        end: seconds from the film's start; None to the last frame.
    """
    first, last = start or Fraction(0), film.duration if end is None else min(end, film.duration)
    count = min(max(1, round((last - first) / length)), MAX_SEGMENTS)
    length = max(length, (last - first) / MAX_SEGMENTS)
    inner = [film.pts(first + i * length) for i in range(1, count)]
    bounds = [None if start is None else film.pts(start), *inner, None if end is None else film.pts(end)]
    return [Segment(film, number, bounds[number], bounds[number + 1]) for number in range(count)]
