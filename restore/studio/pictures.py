"""Films and their pictures as the studio shows them, by the functions of the commands: the very pictures of a run."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.colour.rgb import rgb_of
from pipelines.errors import SettingsError
from pipelines.frames import AbFrame, Painted
from pipelines.job.shots import each_shot
from pipelines.media.coloured import check_colours
from pipelines.media.image import png
from pipelines.media.probe import probe
from pipelines.media.timecode import clock_of
from pipelines.painting.choice import choose_network
from pipelines.painting.paint import Paint, PaintOrder
from pipelines.places import film_mark, written_whole
from pipelines.preview.canvas import Composition
from pipelines.preview.display import Display, display_target
from pipelines.preview.look_list import look_time
from pipelines.preview.render import Preview
from pipelines.preview.sheet import picture_target
from pipelines.preview.shown import BEFORE_AND_AFTER, pictures_of
from pipelines.preview.still import write_still
from pipelines.preview.view import Excerpt, ReadyView, View, ready
from pipelines.settings import Settings
from pipelines.source import Film
from restore.options.look import with_look_text
from restore.studio.look import Look, look_path, look_text
from restore.studio.memory import FlowMemory, PaintMemory
from restore.studio.worker import Event, Turn

ROWS = 540
"""Of pictures that need not be large: of a span that is played, of a frame that is passed by."""
PLACES = 256
"""Times whose frames are remembered: to find one anew, film is decoded from the keyframe before it."""


class Pictures:
    """The films of a studio, and the networks that colour them, which stay loaded.

    Args:
        films: the files.
        settings: of all of them, under what a look says.
        turn: called often while a job is worked on, see `worker.Turn`.
        event: takes what happens meanwhile.
    """

    def __init__(self, films: list[Path], settings: Settings, turn: Turn, event: Event) -> None:
        self._paths, self._settings = films, settings
        self._painted, self._flows = PaintMemory(Paint()), FlowMemory(turn)
        self._turn, self._event = turn, event
        self._film = lru_cache(len(films))(self._opened)
        self._place = lru_cache(PLACES)(self._found)

    def about(self, number: int) -> dict[str, Any]:
        """Facts of a film: its size as it is shown, its times, its clock.

        Raises:
            FilmError: it cannot be coloured.
        """
        film = self._film(number)
        picture, clock = film.picture, clock_of(film)
        size = picture.upright((picture.height, picture.width))
        shown = picture.upright((picture.height, round(picture.width * picture.sample_aspect_ratio)))
        return {
            "height": size[0], "width": size[1], "shown_height": shown[0], "shown_width": shown[1],
            "rate": [picture.rate.numerator, picture.rate.denominator], "duration": float(film.duration),
            "clock": {"first": clock.first, "is_drop": clock.is_drop, "has_timecode": clock.has_timecode},
            "takes_points": choose_network(film.path, replace(self._settings, hints=())).takes("hints"),
            "has_sound": any(other.kind == "audio" for other in film.others), "notes": film.notes,
        }  # fmt: skip

    def mark(self, number: int, look: Look) -> str:
        """The mark by which a look knows the film again.

        Raises:
            SettingsError: it is no look.
        """
        film = self._film(number)
        self._directed(film, look)
        return film_mark(film)

    def shots(self, number: int) -> int:
        """Finds the shots of a film, each of which is an event; gives their number."""
        film, last = self._film(number), 0.0
        rows = choose_network(film.path, self._settings).motion_rows

        def on_frame(pts: int) -> None:
            nonlocal last
            self._turn()
            seconds = float(film.seconds(pts))
            if seconds - last > film.duration / 200:
                last = seconds
                self._event("looked", seconds)

        count = 0
        with closing(each_shot(film, self._settings, rows, on_frame)) as shots:
            for shot in shots:
                count = shot.number
                times = {name: str(getattr(shot, name)) for name in ("start", "end")}
                places = {"from": look_time(shot.start), "to": look_time(shot.end)}
                self._event("shot", {"number": shot.number, **times, **places})
        return count

    def still(self, number: int, at: str, look: Look, out: str) -> float:
        """Writes the frame at a time, before and after, as `restore still` does; gives its own time in seconds."""
        view, pts = self._shown(number, at, look, Path(out))
        write_still(view, pts, self._painting)
        return float(view.film.seconds(pts))

    def mask(self, number: int, at: str, look: Look, out: str) -> float:
        """Writes where the frame at a time is mended, as `restore still --show mask` does; no network is asked."""
        view, pts = self._view(number, at, look, Path(out), is_coloured=False)
        write_still(view, pts, self._painting, 8, show=("mask",))
        return float(view.film.seconds(pts))

    def colour(self, number: int, at: str, look: Look, out: str) -> float:
        """Writes the frame at a time in colour alone, to be painted over, as `restore still --layout colour` does."""
        view, pts = self._shown(number, at, look, Path(out))
        write_still(view, pts, self._painting, layout="colour")
        return float(view.film.seconds(pts))

    def tile(self, number: int, at: str, look: Look, out: str) -> float:
        """Writes the frame at a time, before and after, as it is on a contact sheet."""
        view, pts = self._view(number, at, look, Path(out))
        target = picture_target(view.film)
        with closing(Excerpt(view.film, pts, pts + 1).frames(view, self._painting, target.height)) as frames:
            self._write(np.hstack(pictures_of(BEFORE_AND_AFTER, next(frames), target)), view.out)
        return float(view.film.seconds(pts))

    def before(self, number: int, at: str, out: str) -> float:
        """Writes the frame at a time, small and without colour, which is there at once."""
        view, frame = View(self._film(number), Path(out), self._settings).at(Fraction(at))
        display = Display(view.film, view.settings, display_target(view.film, ROWS))
        small = replace(frame, luma=display.small(frame.luma))
        coloured = next(display([AbFrame(small, np.zeros((1, 1, 2), np.float32), 0)]))
        self._write(rgb_of(coloured, display.target)[0], view.out)
        return float(view.film.seconds(frame.pts))

    def span(self, number: int, at: str, seconds: str, look: Look, layout: Any, out: str) -> int:
        """Writes a stretch of the film with its sound, as `restore preview` does; gives the number of its frames.

        Events say how many percent are there.
        """
        view, _ = self._view(number, at, look, Path(out))
        excerpt, last = view.excerpt(Fraction(at), Fraction(seconds)), 0

        def on_frame(time: Fraction) -> None:
            nonlocal last
            self._turn()
            percent = int(100 * time / excerpt.length)
            if percent > last:
                last = percent
                self._event("rendered", {"at": at, "percent": percent})

        return Preview(view, Composition(layout, ROWS), [excerpt])(self._painting, on_frame)

    @staticmethod
    def _write(picture: NDArray[np.float32], out: Path) -> None:
        with written_whole(out) as part:
            part.write_bytes(png(np.rint(picture * 255).astype(np.uint8)))

    def _painting(self, orders: Iterable[PaintOrder]) -> Iterator[Painted]:
        """The anchors with their colour; more urgent jobs go first."""
        for order in orders:
            self._turn()
            yield self._painted(order)

    def _opened(self, number: int) -> Film:
        film = probe(self._paths[number], self._settings.scans)
        check_colours(film, self._settings)
        return film

    def _found(self, number: int, at: str) -> tuple[Film, int]:
        """A film as its picture is at a time, and the pts of the first frame from then on."""
        view, frame = View(self._film(number), Path(), self._settings).at(Fraction(at))
        return view.film, frame.pts

    def _shown(self, number: int, at: str, look: Look, out: Path) -> tuple[ReadyView, int]:
        """The film as it is directed for one frame, the first from a time on, and its pts."""
        film, pts = self._place(number, at)
        view = View(film, out, self._directed(self._film(number), look))
        (found,) = ready(view, follow=self._flows.given_at(pts))
        return replace(found, flows=self._flows), pts

    def _view(self, number: int, at: str, look: Look, out: Path, is_coloured: bool = True) -> tuple[ReadyView, int]:
        """The film as it is directed, and the pts of the first frame from a time on."""
        film, pts = self._place(number, at)
        directed = self._directed(self._film(number), look)
        paint = replace(directed.paint, is_off=directed.paint.is_off or not is_coloured)
        (found,) = ready(View(film, out, replace(directed, paint=paint)))
        return found, pts

    def _directed(self, film: Film, look: Look) -> Settings:
        """The settings of a run with a look.

        Raises:
            SettingsError: it is not one.
        """
        path = look_path(film.path)
        try:
            return with_look_text(self._settings, look_text(look), path)
        except ValueError as error:
            raise SettingsError(path, str(error).removeprefix(f"{path} ").removeprefix(f"{path}: ")) from error
