"""A film opened for a look at it, and the frames of a run over an excerpt of it."""

from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from pipelines.colour.lightness import whole
from pipelines.errors import InputError, OutputError, SettingsError, timecode
from pipelines.frames import AbFrame, ColouredFrame, Frame
from pipelines.guide.given import FollowGiven, followed
from pipelines.job.finder import Finder
from pipelines.job.mending import with_repair
from pipelines.job.span import in_film
from pipelines.job.ways import Ways, ways_of
from pipelines.media.coloured import check_colours
from pipelines.media.decode import Decode
from pipelines.media.probe import picture_at, probe
from pipelines.media.scans import beside
from pipelines.painting.choice import Chosen
from pipelines.painting.paint import Painting
from pipelines.places import check_place
from pipelines.preview.display import Display, display_target
from pipelines.ranges import When
from pipelines.segment import Flows, Keep, decoded, with_flows
from pipelines.settings import Settings
from pipelines.source import Film, Segment
from pipelines.streams import ahead


@dataclass(frozen=True)
class Kind:
    """A kind of result."""

    name: str
    """In the result's own name."""
    words: str
    """In a sentence."""
    suffixes: tuple[str, ...]
    """Of the ways to write it; the first where none is asked for."""


PREVIEW = Kind("preview", "a preview", (".mp4", ".m4v", ".mov"))
STILL = Kind("still", "a still", (".png", ".tif", ".tiff"))
SHEET = Kind("sheet", "a contact sheet", (".png", ".pdf", ".html"))
SHOTS = Kind("shots", "a shot list", (".csv", ".edl", ".otio", ".fcpxml", ".ccc", ".cdl", ".toml"))

NO_COLOUR = np.zeros((4, 4, 2), np.float32)
"""ab of a frame that is not coloured."""
SHOWN_AHEAD = 4
"""Frames made ready while earlier ones are composed."""


@dataclass(frozen=True)
class Excerpt:
    """A stretch of a film: the frames with start <= pts < end."""

    film: Film
    start: int
    end: int

    @property
    def begins(self) -> Fraction:
        """Seconds, in the film's own times."""
        return self.start * self.film.picture.time_base

    @property
    def length(self) -> Fraction:
        """Seconds."""
        return (self.end - self.start) * self.film.picture.time_base

    def frames(self, view: "ReadyView", painting: Painting, height: int) -> Generator[ColouredFrame, None, None]:
        """The frames as a run of the view colours them, `height` rows high at most."""
        display = Display(self.film, view.settings, display_target(self.film, height))
        with (
            closing(view.carried(self.start, self.end, painting, display.small)) as coloured,
            closing(ahead(display(coloured), SHOWN_AHEAD)) as ready,
        ):
            yield from ready


@dataclass(frozen=True)
class View:
    """A film to be looked at; nothing has been written."""

    film: Film
    out: Path
    settings: Settings

    def seconds(self, at: Fraction | When, on_frame: Callable[[int], None] = lambda _: None) -> Fraction:
        """Seconds of --at from the film's start.

        Args:
            at: seconds, or a place in the film.
            on_frame: called with the pts of each frame looked at for shots.

        Raises:
            FilmError: there is no such place, the film ends before it, or shots cannot be looked for.
        """
        return Finder(self.film, self.settings, on_frame=on_frame)(at, "--at")

    def check_inside(self, at: Fraction) -> None:
        """Raises SettingsError where the film ends before `at`, in seconds."""
        if at >= self.film.duration:
            what = f"--at {timecode(at)} lies after the film's end ({timecode(self.film.duration)})"
            raise SettingsError(self.film.path, what, "choose an earlier time")

    def at(self, seconds: Fraction) -> tuple["View", Frame]:
        """The view of the film as its picture is at a time, and the first frame that begins then or later.

        Its size may have changed by then. Only where the frame has another one than the film's first is film decoded
        again, up to a keyframe's distance each time.

        Raises:
            SettingsError: there is none.
        """
        self.check_inside(seconds)
        try:
            return self, self._first_frame(seconds)
        except InputError:
            now = replace(self, film=replace(self.film, picture=picture_at(self.film, seconds)))
            return now, now._first_frame(seconds)

    def _first_frame(self, at: Fraction) -> Frame:
        frames = Decode(Fraction(0), self.settings.skip_damaged)(Segment(self.film, 0, self.film.pts(at), None))
        found = next(frames, None)
        if found is None:
            raise SettingsError(self.film.path, "no frame begins from there on", "choose an earlier --at", at)
        return found

    def excerpt(self, start: Fraction, length: Fraction) -> Excerpt:
        """The excerpt from `start` on for `length`, both in seconds, as far as the film goes.

        Raises:
            SettingsError: the film ends before.
        """
        self.check_inside(start)
        return Excerpt(self.film, self.film.pts(start), self.film.pts(min(start + length, self.film.duration)))


@dataclass(frozen=True)
class ReadyView(View):
    """A film to be looked at in colour: its network is chosen."""

    ways: Ways
    flows: Flows = with_flows
    """Gives frames with their flows."""

    @property
    def chosen(self) -> Chosen:
        """Its network; a look may name others for parts of the film."""
        return self.ways.chosen

    def carried(
        self, start: int, end: int | None, painting: Painting, keep: Keep = whole
    ) -> Generator[AbFrame, None, None]:
        """The frames with start <= pts < end and the ab that a run gives them; None: up to the film's end."""
        segment = Segment(self.film, 0, start, end)
        if self.chosen.name is None:
            return _alone(decoded(segment, self.settings, self.chosen.motion_rows, Fraction(0), Fraction(0)), keep)
        return self.ways.carried(segment, painting, keep, self.flows)


def _alone(frames: Iterable[Frame], keep: Keep) -> Generator[AbFrame, None, None]:
    """Frames without colour."""
    for frame in frames:
        kept = replace(frame, luma=keep(frame.luma), repair=frame.repair and frame.repair.kept(keep))
        yield AbFrame(kept, NO_COLOUR, 0)


def open_view(path: Path, out: Path | None, kind: Kind, settings: Settings, overwrite: bool = False) -> View:
    """Reads the film, and makes sure of the result's place.

    Args:
        path: the film.
        out: the result; None puts FILM.NAME and the kind's first suffix beside the film.
        kind: of result.
        settings: of the run.
        overwrite: whether a result that exists may be replaced.

    Raises:
        FilmError: the film cannot be looked at so; the message says why and what to do.
    """
    film = probe(path, settings.scans)
    out = out or beside(path, f"{kind.name}{kind.suffixes[0]}")
    if out.suffix.lower() not in kind.suffixes:
        suffix, known = out.suffix or "a file without suffix", ", ".join(kind.suffixes)
        raise OutputError(out, f"{kind.words} cannot be written as {suffix}", f"known: {known}")
    check_place(out, path, overwrite)
    return View(film, out, settings)


def ready(view: View, *others: Settings, follow: FollowGiven = followed) -> list[ReadyView]:
    """The view, and it under other settings, with their networks, once it is known that they can be coloured.

    Args:
        view: of a film.
        others: settings.
        follow: follows what a person gave, see `given.followed`.

    Raises:
        FilmError: the film has colours already, a network or device is missing, or a hint lies outside the film.
    """
    check_colours(view.film, view.settings)
    found = [in_film(each, Finder(view.film, each)) for each in (view.settings, *others)]
    return [_ready(view, each, follow) for each in found]


def _ready(view: View, settings: Settings, follow: FollowGiven) -> ReadyView:
    film, settings = with_repair(view.film, settings)
    settings = replace(settings, repair=replace(settings.repair, is_shown=settings.mends))
    return ReadyView(film, view.out, settings, ways_of(film, settings, follow=follow))
