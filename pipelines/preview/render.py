"""A short look at a film before it is coloured: excerpts of the run's own pictures, composed into a small file."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from fractions import Fraction

from pipelines.errors import SettingsError
from pipelines.job.shots import Shot, find_shots
from pipelines.painting.paint import Painting
from pipelines.places import written_whole
from pipelines.preview import compose, pipe
from pipelines.preview.canvas import Canvas, Composition, make_canvas
from pipelines.preview.view import Excerpt, ReadyView

EXCERPTS = 3
"""Of the longest shots, where no time is asked for."""
SECONDS, SECONDS_OF_SHOT = Fraction(5), Fraction(2)

OnFrame = Callable[[int], None]
Progress = Callable[[Fraction], None]
"""Called with how many seconds of the result are on their way."""


@dataclass(frozen=True)
class Variant:
    """One of several ways to colour an excerpt."""

    label: str
    view: ReadyView


def choose_excerpts(
    view: ReadyView, at: Fraction | None, seconds: Fraction | None, count: int, on_frame: OnFrame = lambda _: None
) -> list[Excerpt]:
    """The excerpts to be shown: one at a time asked for, or the middles of the longest shots.

    Args:
        view: of a film.
        at: seconds from the film's start; None: the longest shots, found by looking at the whole film.
        seconds: length of each excerpt; None: 5 at a time asked for, 2 of each shot.
        count: of shots.
        on_frame: called with the pts of each frame looked at.

    Raises:
        FilmError: the film ends before, or cannot be read to its end.
    """
    if at is not None:
        return [view.excerpt(at, SECONDS if seconds is None else seconds)]
    length = SECONDS_OF_SHOT if seconds is None else seconds
    return _longest(view, count, length, find_shots(view.film, view.settings, view.chosen.motion_rows, on_frame))


def total(excerpts: Sequence[Excerpt]) -> Fraction:
    """Seconds that the excerpts last together."""
    return sum((excerpt.length for excerpt in excerpts), Fraction(0))


def _longest(view: ReadyView, count: int, seconds: Fraction, shots: list[Shot]) -> list[Excerpt]:
    """Spans from the middle of the longest shots, in the film's order."""
    chosen = sorted(sorted(shots, key=lambda shot: -shot.length)[:count], key=lambda shot: shot.number)
    rate = view.film.picture.rate
    excerpts = []
    for shot in chosen:
        frames_before = (shot.length - min(seconds, shot.length)) / 2 * rate // 1
        excerpts.append(view.excerpt(shot.start + frames_before / rate, min(seconds, shot.length)))
    return excerpts


@dataclass(frozen=True)
class Preview:
    """A preview of a film."""

    view: ReadyView
    how: Composition
    excerpts: Sequence[Excerpt]
    """Shown one after the other."""
    variants: Sequence[Variant] = ()
    """Shown in a grid after black and white; none: the settings of the view, in the layout asked for."""

    def __call__(self, painting: Painting, progress: Progress = lambda _: None) -> int:
        """Writes it; gives the number of its frames.

        Args:
            painting: colours anchors.
            progress: called as it goes on.

        Raises:
            FilmError: what stopped it; nothing is left half written.
        """
        film, view = self.view.film, self.view
        canvas = make_canvas(film, self.how, [each.label for each in self.variants], view.settings.mends)
        time_base, count = film.picture.time_base, 0

        def counted() -> Iterator[pipe.Moment]:
            nonlocal count
            for moment in self._moments(canvas, painting):
                yield moment
                count += 1
                progress(moment.pts * time_base)
            if not count:
                raise SettingsError(film.path, "no frame lies in the span", "choose another --at")

        with written_whole(self.view.out) as part:
            arguments = compose.to_file(canvas.node, self._sound(), canvas.target, time_base, part)
            pipe.run(arguments, counted(), time_base, film.picture.rate, self.view.out)
        return count

    def _sound(self) -> compose.Node | None:
        film = self.view.film
        has_sound = any(other.kind == "audio" for other in film.others)
        parts = [(excerpt.begins, excerpt.length) for excerpt in self.excerpts]
        return compose.sound(film.path_of_others or film.path, parts) if has_sound else None

    def _moments(self, canvas: Canvas, painting: Painting) -> Iterator[pipe.Moment]:
        """The moments of all excerpts, with times from 0."""
        begins = 0
        for excerpt in self.excerpts:
            yield from self._of_excerpt(excerpt, begins, canvas, painting)
            begins += excerpt.end - excerpt.start

    def _of_excerpt(self, excerpt: Excerpt, begins: int, canvas: Canvas, painting: Painting) -> Iterator[pipe.Moment]:
        """The moments of one excerpt; its first frame is shown from its start, so that no player begins blank."""
        shown = [each.view for each in self.variants] or [self.view]
        with ExitStack() as flows:
            alike = [flows.enter_context(closing(excerpt.frames(each, painting, self.how.height))) for each in shown]
            for number, frames in enumerate(zip(*alike, strict=True)):
                pts = frames[0].frame.pts
                pictures = canvas.inputs(frames, excerpt.film.seconds(pts))
                yield pipe.Moment(begins + (pts - excerpt.start if number else 0), pictures)
