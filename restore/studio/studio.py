"""A studio: the films it was started with, what was made of them, and their runs."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from fractions import Fraction
from pathlib import Path
from typing import Any

from models.weights.catalogue import DEFAULT_NETWORK, default_folder, published
from pipelines import product_version
from pipelines.errors import OutputError
from pipelines.look import LookValues
from pipelines.settings import Settings
from restore.studio.archive import archive_words, write_manifest
from restore.studio.cache import Cache
from restore.studio.feed import Feed
from restore.studio.jobs import PATIENT, QUICK, URGENT, WANTED, JobError, Jobs, Shared
from restore.studio.look import Look, look_path, read_look, stamp_of, write_look
from restore.studio.runs import Run, archive_facts, film_facts

KINDS = {
    "still": (URGENT, ".png"),
    "before": (QUICK, ".png"),
    "tile": (WANTED, ".png"),
    "mask": (QUICK, ".png"),
    "colour": (URGENT, ".tif"),
}
"""Of pictures: how urgent each is, and the suffix of its file."""


@dataclass
class StudioFilm:
    """A film of a studio."""

    number: int
    path: Path
    studio: "Studio"
    feed: Feed = field(default_factory=Feed)
    run: Run | None = None
    _finding: asyncio.Task[None] | None = None

    async def about(self) -> dict[str, Any]:
        """Facts of the film, see `Pictures.about`.

        Raises:
            JobError: it cannot be coloured.
        """
        return {"name": self.name, **await self.studio.jobs.do(QUICK, "about", self.number)}

    @property
    def name(self) -> str:
        """Of its file; what in it is not UTF-8 is a question mark."""
        return self.path.name.encode(errors="replace").decode()

    def find_shots(self) -> None:
        """Begins to look for the film's shots, which come as events; once."""
        if self._finding is None:
            self._finding = asyncio.create_task(self._find_shots())

    async def _find_shots(self) -> None:
        try:
            count = await self.studio.jobs.do(PATIENT, "shots", self.number, on_event=self.feed.post)
            self.feed.post("found", {"shots": count})
        except JobError as error:
            self._finding = None  # a page that is opened later tries again
            self.feed.post("found", {"what": error.what, "hint": error.hint})

    async def picture(self, kind: str, at: Fraction, look: Look) -> tuple[bytes, float]:
        """A frame as a file, and its own time in seconds.

        Args:
            kind: one of KINDS, see `Pictures`.
            at: seconds; the first frame from there on.
            look: of the film.

        Raises:
            JobError: it cannot be made.
        """
        arguments = (str(at),) if kind == "before" else (str(at), look)
        rank, suffix = KINDS[kind]
        return await self.studio.made(rank, kind, suffix, self, arguments)

    async def span(self, at: Fraction, seconds: Fraction, layout: str, look: Look) -> tuple[bytes, int]:
        """A stretch of the film as an mp4, and the number of its frames, see `Pictures`.

        Raises:
            JobError: it cannot be made.
        """
        return await self.studio.made(URGENT, "span", ".mp4", self, (str(at), str(seconds), look, layout))

    def run_words(self, is_overwriting: bool) -> list[str]:
        """The words of the command that renders the film, without its name."""
        look = look_path(self.path).absolute()
        directed = ["--look", str(look)] if look.is_file() else []
        how = ["--overwrite", "--keep-work"] if is_overwriting else ["--update"]
        return [str(self.path.absolute()), *self.studio.words, *directed, *how]

    async def start_run(self, is_overwriting: bool) -> dict[str, Any]:
        """Starts a run, unless one is running; gives its state."""
        if self.run is None or not self.run.is_running:
            loop = asyncio.get_running_loop()
            log = self.studio.folder / f"run-{self.number}.log"
            self.run = Run(
                self.run_words(is_overwriting),
                log,
                lambda state: loop.call_soon_threadsafe(self.feed.post, "run", state),
                film_facts,
            )
        return self.run.state

    @property
    def result(self) -> Path | None:
        """The file that the last run has written; None: there is none, or it is not finished."""
        state = {} if self.run is None else self.run.state
        path = Path(state.get("out") or "")
        return path if state.get("state") == "done" and path.is_file() else None

    def read_look(self) -> dict[str, Any]:
        """The look file beside the film: its content, its name, and a stamp by which it is known to be the same.

        Raises:
            JobError: it is not TOML.
        """
        path = look_path(self.path)
        try:
            return {"look": read_look(path), "stamp": stamp_of(path), "name": path.name}
        except (OSError, ValueError) as error:
            raise JobError(f"{path.name}: is not TOML ({error})", "mend or remove it", str(path)) from error

    async def write_look(self, look: Look, stamp: str | None) -> str | None:
        """Writes the look file; gives its stamp, or None where it is not the one with `stamp` any more.

        Args:
            look: its tables.
            stamp: of the file that is replaced; None replaces any.

        Raises:
            JobError: it is no look, or cannot be written.
        """
        path = look_path(self.path)
        film = {"name": self.name, "mark": await self.studio.jobs.do(QUICK, "mark", self.number, look)}
        if stamp is not None and stamp != stamp_of(path):
            return None
        try:
            write_look(
                {"film": {**look.get("film", {}), **film}, **{key: look[key] for key in look if key != "film"}}, path
            )
        except (OutputError, ValueError) as error:
            raise JobError(str(error), film=str(path)) from error
        return stamp_of(path)

    def cancel_run(self) -> None:
        """Stops the run, if there is one."""
        if self.run is not None:
            self.run.cancel()

    def stamp(self) -> str:
        """Identity of the film's file, by which a change is seen."""
        try:
            about = self.path.stat()
        except OSError:
            return ""
        return f"{about.st_size} {about.st_mtime_ns}"


class Studio:
    """Films, one worker for all of them, and a folder for what is made.

    Args:
        films: the files.
        settings: of all of them, under what a look says.
        words: the options of the command that mean these settings, for runs.
        folder: for pictures and logs; it goes away with the studio.
    """

    def __init__(self, films: Sequence[Path], settings: Settings, words: Sequence[str], folder: Path) -> None:
        self.settings, self.words, self.folder = settings, list(words), folder
        self.jobs = Jobs(list(films), settings)
        self.films = [StudioFilm(number, path, self) for number, path in enumerate(films)]
        pictures = folder / "pictures"
        pictures.mkdir()
        self._cache, self._shared = Cache(pictures), Shared()
        self._values: dict[Path, Any] = {}
        self.archive: Run | None = None

    def archive_words(self, out: str, is_overwriting: bool) -> list[str]:
        """The words of the command that renders all films, without its name, see `archive_words`.

        Raises:
            JobError: no folder is named.
        """
        return archive_words([film.path for film in self.films], out, self.words, is_overwriting)

    async def start_archive(self, out: str, is_overwriting: bool) -> dict[str, Any]:
        """Starts an archive's run over all films with their looks, unless one is running; gives its state.

        Args:
            out: the folder or URL of the results.
            is_overwriting: whether results are made again whose film or look has changed.

        Raises:
            JobError: no folder is named, or the manifest cannot be written.
        """
        if self.archive is None or not self.archive.is_running:
            loop, words = asyncio.get_running_loop(), self.archive_words(out, is_overwriting)
            write_manifest([film.path for film in self.films], out, self.words)
            self.archive = Run(
                words,
                self.folder / "archive.log",
                lambda state: loop.call_soon_threadsafe(self._tell_all, state),
                archive_facts,
            )
        return self.archive.state

    def cancel_archive(self) -> None:
        """Stops the archive's run, if there is one."""
        if self.archive is not None:
            self.archive.cancel()

    def _tell_all(self, state: dict[str, Any]) -> None:
        for film in self.films:
            film.feed.post("archive", state)

    def about(self) -> dict[str, Any]:
        """Facts of the studio: its films by name, and what the page can offer."""
        own, folder = self.settings.paint.network, self.settings.paint.weights_dir or default_folder()
        here = [name for name, one in published().items() if one.paints and (folder / f"{name}.safetensors").is_file()]
        return {
            "version": product_version(),
            "films": [film.name for film in self.films],
            "network": own,
            "networks": list(dict.fromkeys([own, DEFAULT_NETWORK, *here])),
            "settings": [each.name for each in fields(LookValues)],
            "steady": float(self.settings.motion.steady),
            "warmth": self.settings.paint.warmth,
        }

    async def made(
        self, rank: int, name: str, suffix: str, film: StudioFilm, arguments: tuple[Any, ...]
    ) -> tuple[bytes, Any]:
        """A file that a job makes, and the job's value; made once for the same arguments.

        Raises:
            JobError: it cannot be made.
        """
        key = json.dumps([name, film.number, film.stamp(), *arguments], sort_keys=True)
        out = self._cache.place(key, suffix)

        async def make() -> tuple[bytes, Any]:
            found = self._cache.find(out)
            if found is None or out not in self._values:
                self._values[out] = await self.jobs.do(
                    rank, name, film.number, *arguments, str(out), on_event=film.feed.post
                )
                found = out.read_bytes()
                self._cache.trim()
            return found, self._values[out]

        result: tuple[bytes, Any] = await self._shared(key, make)
        return result
