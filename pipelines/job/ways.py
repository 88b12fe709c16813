"""The ways in which a film is coloured: one for all of it, or several for parts of it where its look says so.

A frame has the colours that a run over the whole film in the way of its part gives it: a part is coloured as a segment
is, with the frames around it on which its pictures depend. So a part may begin anywhere, within a shot too, and holds
from its first frame on. What only changes finished colours is done frame by frame, see `colour.grade`.
"""

from bisect import bisect_right
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache

from pipelines.colour.grade import AS_PAINTED, Grade, Graded
from pipelines.colour.lightness import whole
from pipelines.errors import SettingsError
from pipelines.frames import AbFrame
from pipelines.guide.given import FollowGiven, Given, followed, given_for
from pipelines.look import NOTHING_SAID, Look, LookEntry, LookValues
from pipelines.painting.choice import Chosen, choose_network
from pipelines.painting.paint import FilmPaint, Painting
from pipelines.ranges import Place, Range, in_seconds
from pipelines.segment import Flows, Keep, carried, with_flows
from pipelines.settings import Settings
from pipelines.source import Film, Segment, Span

PAINTED, GRADED = ("network", "sharpen", "steady"), ("saturation", "warmth", "neutral", "keep_colour")
"""Settings of a look that make another way; and those that change finished colours."""


@dataclass(frozen=True)
class Way:
    """A network with all that the colours of its anchors depend on."""

    settings: Settings
    chosen: Chosen
    given: Given


@dataclass(frozen=True)
class Part:
    """The frames with start <= pts < end, coloured in one way."""

    way: Way
    start: int | None = None
    """pts; None: from the film's first frame."""
    end: int | None = None
    """pts; None: to its last."""


@dataclass(frozen=True)
class Ways:
    """How each frame of a film is coloured."""

    film: Film
    chosen: Chosen
    """The run's own network, which holds where its look says nothing."""
    parts: tuple[Part, ...]
    """They rise and leave no gap."""
    grades: tuple[tuple[int | None, Grade], ...] = ()
    """The pts from which on each holds, rising, None first; none: colours stay as they are painted."""

    def carried(
        self, segment: Segment, painting: Painting, keep: Keep = whole, flows: Flows = with_flows
    ) -> Generator[AbFrame, None, None]:
        """The segment's own frames with their colour at the flow's size, in order.

        Args:
            segment: of the film.
            painting: colours anchors of any film.
            keep: as in `segment.carried`.
            flows: as there.
        """
        with closing(self._painted(segment, painting, keep, flows)) as frames:
            yield from Graded(self.film.picture, self._grade_at())(frames) if self.grades else frames

    def _painted(
        self, segment: Segment, painting: Painting, keep: Keep, flows: Flows
    ) -> Generator[AbFrame, None, None]:
        shot = 0
        for part, way in self.within(segment):
            before, chosen = shot, way.chosen
            paint = FilmPaint(painting, self.film, chosen, way.given)
            with closing(carried(part, way.settings, chosen.motion_rows, paint, keep, chosen.rows, flows)) as frames:
                for frame in frames:
                    shot = before + frame.shot
                    yield replace(frame, shot=shot)

    def within(self, segment: Segment) -> Iterator[tuple[Segment, Way]]:
        """The segment cut where ways change, each piece with its way."""
        for part in self.parts:
            starts = [start for start in (segment.start, part.start) if start is not None]
            ends = [end for end in (segment.end, part.end) if end is not None]
            start, end = max(starts, default=None), min(ends, default=None)
            if start is None or end is None or start < end:
                yield replace(segment, start=start, end=end), part.way

    def graded(self, segment: Segment) -> list[tuple[int | None, Grade]]:
        """The grades within a segment, each with the pts from which on it holds there."""
        ends = [start for start, _ in self.grades[1:]] + [None]
        found = [
            (start, grade)
            for (start, grade), end in zip(self.grades, ends, strict=False)
            if (segment.end is None or start is None or start < segment.end)
            and (segment.start is None or end is None or end > segment.start)
        ]
        clipped = [(segment.start if n == 0 else start, grade) for n, (start, grade) in enumerate(found)]
        return clipped if any(grade != AS_PAINTED for _, grade in found) else []

    def _grade_at(self) -> Callable[[int], Grade]:
        """The grade that holds at a pts."""
        starts = [start for start, _ in self.grades[1:] if start is not None]
        return lambda pts: self.grades[bisect_right(starts, pts)][1]

    def over(self, span: Span) -> "Ways":
        """Finds at once, before a run, all that the anchors of a span are given."""
        for part in self.parts:
            starts = [self.film.seconds(part.start) if part.start is not None else None, span.start]
            ends = [self.film.seconds(part.end) if part.end is not None else None, span.end]
            start = max((each for each in starts if each is not None), default=None)
            end = min((each for each in ends if each is not None), default=None)
            if start is None or end is None or start < end:
                part.way.given.over(replace(span, start=start, end=end))
        return self

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on the networks and what was given that the user should see before a run."""
        ways = [part.way for part in self.parts]
        return tuple(dict.fromkeys(note for way in ways for note in (*way.chosen.notes, *way.given.notes)))

    def with_absolute_paths(self) -> "Ways":
        """The ways for processes with other working folders."""
        made = {id(part.way): replace(part.way, chosen=part.way.chosen.with_absolute_paths()) for part in self.parts}
        parts = tuple(replace(part, way=made[id(part.way)]) for part in self.parts)
        film, chosen = self.film.with_absolute_paths(), self.chosen.with_absolute_paths()
        return replace(self, film=film, chosen=chosen, parts=parts)


def ways_of(film: Film, settings: Settings, has_pool: bool = False, follow: FollowGiven = followed) -> Ways:
    """The ways in which a film is coloured.

    Args:
        film: from `probe`.
        settings: of the run, with all places found.
        has_pool: whether anchors are coloured elsewhere, so that the device need not be in this machine.
        follow: follows what a person gave, see `given.followed`.

    Raises:
        FilmError: a network does not take what is asked of it, or what a person gave does not fit the film.
    """
    pieces = _pieces(settings, *PAINTED)
    follow = lru_cache(None)(follow)  # ways that differ in their network alone share what it gives
    made = {}
    for values in dict.fromkeys(values for _, values in pieces):
        own, chosen = _choice(film, settings, values, [piece for piece, each in pieces if each == values], has_pool)
        made[values] = Way(own, chosen, given_for(film, own, chosen, follow))
    chosen = made[NOTHING_SAID].chosen if NOTHING_SAID in made else _own(film, settings, has_pool)
    parts = [Part(made[values], _pts(film, piece.start), _pts(film, piece.end)) for piece, values in pieces]
    graded = [(_pts(film, piece.start), _grade(settings, values)) for piece, values in _pieces(settings, *GRADED)]
    has_grades = any(grade != AS_PAINTED for _, grade in graded)
    return Ways(film, chosen, tuple(parts), tuple(graded) if has_grades else ())


def _own(film: Film, settings: Settings, has_pool: bool) -> Chosen:
    """The network of a run, whose hints others take."""
    return choose_network(film.path, replace(settings, hints=()), has_pool)


def _pieces(settings: Settings, *names: str) -> list[tuple[Range, LookValues]]:
    return settings.look.pieces(*names) if settings.look else [(Range(), NOTHING_SAID)]


def _choice(
    film: Film, settings: Settings, values: LookValues, where: Sequence[Range], has_pool: bool
) -> tuple[Settings, Chosen]:
    """Settings and network of some parts of the film; hints that lie in none of them are no reason to refuse it."""
    own = _with(settings, values)
    regions = tuple(hint for hint in settings.hints if hint.is_region)
    points = (hint for hint in settings.hints if not hint.is_region)
    has_points = any(piece.has(in_seconds(hint.time)) for hint in points for piece in where)
    entries = settings.look.entries if settings.look else ()
    with _of_line(settings.look, _that_say(entries, values), ", ".join(values.said)):
        chosen = choose_network(film.path, replace(own, hints=()), has_pool)
    if not chosen.takes("hints"):
        with _of_line(settings.look, [entry for entry in entries if "hints" in entry.given], "hints"):
            own = own if has_points else replace(own, hints=regions)
            choose_network(film.path, own, has_pool)
    return own, chosen


def _that_say(entries: Sequence[LookEntry], values: LookValues) -> list[LookEntry]:
    """The entries that say some of these values, those that say all of them last."""
    some = [entry for entry in entries if set(entry.values.said) & set(values.said)]
    return sorted(some, key=lambda entry: entry.values.of(*values.said) == values)


def _with(settings: Settings, values: LookValues) -> Settings:
    """The settings of a run with those of a look."""
    paint, motion = settings.paint, settings.motion
    return replace(
        settings,
        paint=replace(paint, network=values.network or paint.network, temperature=values.sharpen or paint.temperature),
        motion=replace(motion, steady=motion.steady if values.steady is None else values.steady),
    )


@contextmanager
def _of_line(look: Look | None, entries: Sequence[LookEntry], keys: str) -> Iterator[None]:
    """Raises errors of settings as errors of the last of these entries, where there are some."""
    try:
        yield
    except SettingsError as error:
        if look is None or not entries:
            raise
        raise SettingsError(f"{look.path} line {entries[-1].line}", f"{keys}: {error.what}", error.hint) from error


def _grade(settings: Settings, values: LookValues) -> Grade:
    return Grade(
        saturation=1.0 if values.saturation is None else float(values.saturation),
        warmth=float(settings.paint.warmth if values.warmth is None else values.warmth),
        is_neutral=bool(values.neutral),
        keep=values.keep_colour or (),
    )


def _pts(film: Film, place: Place | None) -> int | None:
    return None if place is None else film.pts(in_seconds(place))
