"""The shots of a whole film, found without colouring anything."""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, groupby

from pipelines.colour.lightness import Lightness
from pipelines.colour.shots import Shots
from pipelines.frames import Frame, ShotFrame
from pipelines.media.decode import Decode
from pipelines.settings import Settings
from pipelines.source import Film, Segment
from pipelines.streams import ahead

SEEN_AHEAD = 16
"""Frames decoded and made small while cuts are looked for in earlier ones."""


@dataclass(frozen=True)
class Shot:
    """The frames between two cuts."""

    number: int
    """From 1."""
    start: Fraction
    """Seconds from the film's start, of the first frame."""
    end: Fraction
    """Seconds, where the next shot begins or the film ends."""
    frames: int
    middle: Fraction
    """Seconds, of the anchor in its middle."""

    @property
    def length(self) -> Fraction:
        """Seconds."""
        return self.end - self.start


def find_shots(
    film: Film, settings: Settings, rows: int, on_frame: Callable[[int], None] = lambda _: None
) -> list[Shot]:
    """All shots, in order: the very ones of a run with these settings.

    Args:
        film: from `probe`.
        settings: of the run.
        rows: short side of the pictures in which cuts are looked for, see `Chosen.motion_rows`.
        on_frame: called with the pts of each frame looked at.

    Raises:
        FilmError: the film cannot be read to its end.
    """
    return list(each_shot(film, settings, rows, on_frame))


def each_shot(
    film: Film, settings: Settings, rows: int, on_frame: Callable[[int], None] = lambda _: None
) -> Generator[Shot, None, None]:
    """Yields each shot as soon as the next one begins. Takes and raises what `find_shots` does."""
    decode = Decode(Fraction(0), settings.skip_damaged, settings.deinterlace)
    light = Lightness(film.picture, rows)(decode(Segment(film, 0, None, None)))
    with closing(ahead(light, SEEN_AHEAD)) as seen:
        frames = _reported(Shots(film, settings.motion)(seen), on_frame)
        number, run = 0, None
        for number, (_, shown) in enumerate(groupby(frames, key=lambda frame: frame.shot)):
            first = next(shown)
            if run is not None:
                yield _shot(film, number, run, first.pts)
            run = _run(chain([first], shown))
    assert run is not None
    yield _shot(film, number + 1, run, run.last + _ticks(run, film))


@dataclass(frozen=True)
class _Run:
    """The frames of a shot while it is found; times are pts."""

    first: int
    last: int
    last_duration: int
    frames: int
    anchors: list[int]


def _run(frames: Iterable[ShotFrame]) -> _Run:
    anchors, count, first = list[int](), 0, None
    last: Frame | None = None
    for shown in frames:
        last = shown.light.frame
        first, count = last.pts if first is None else first, count + 1
        if shown.is_anchor:
            anchors.append(last.pts)
    assert first is not None
    assert last is not None
    return _Run(first, last.pts, last.duration, count, anchors)


def _shot(film: Film, number: int, run: _Run, end: int) -> Shot:
    middle = run.anchors[len(run.anchors) // 2]
    return Shot(number, film.seconds(run.first), film.seconds(end), run.frames, film.seconds(middle))


def _ticks(run: _Run, film: Film) -> int:
    """How long the film's last frame lasts."""
    return run.last_duration or round(1 / film.picture.rate / film.picture.time_base)


def _reported(frames: Iterable[ShotFrame], on_frame: Callable[[int], None]) -> Iterator[ShotFrame]:
    for frame in frames:
        on_frame(frame.pts)
        yield frame
