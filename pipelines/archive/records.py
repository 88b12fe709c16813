"""The records of an archive: a small file for each film under OUT, by which a later run knows what became of it."""

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any, TypeVar

from pipelines.archive.results import Look, Stills
from pipelines.archive.storage import Store
from pipelines.errors import FilmError

FOLDER = ".restore"
"""Under OUT; a file PLACE.json for each film."""
RECORD, WHOLE, RUN = ".json", ".whole", "archive.run"
LONGEST = 200
"""Bytes of a film's name in those of its files: most file systems take 255, endings included."""
AT_ONCE = 256
"""Records that are read at a time, some 40 kB each."""
T = TypeVar("T", "Done | Failed", "Whole")


@dataclass(frozen=True)
class Asked:
    """A film and the settings with which its result was asked for."""

    film: str
    """Path or URL."""
    place: str
    """Under OUT, with the film's own suffix."""
    bytes: int
    version: str
    """Of the file: time of writing, or ETag."""
    weights: str
    """sha256."""
    settings: dict[str, str]
    """By name: {"motion.steady": "1.0", ...}, but for where the network lies and ran."""
    out: str = ""
    """The name under OUT that a manifest gives the result; empty: it gives none."""
    columns: dict[str, str] = field(default_factory=dict)
    """A manifest's own columns."""
    options: str = ""
    """The settings that are not defaults, as a person types them."""

    def agrees(self, other: "Asked") -> bool:
        """Whether the same film was to be coloured in the same way, wherever it lies."""
        said: dict[str, Any] = {"film": "", "columns": {}, "options": ""}  # by which nothing is made otherwise
        return dataclasses.replace(self, **said) == dataclasses.replace(other, **said)

    def film_row(self) -> dict[str, Any]:
        """Which film it is, for reports."""
        return {"film": self.film, "place": self.place, "film_bytes": self.bytes, "columns": self.columns}

    def how_row(self) -> dict[str, Any]:
        """How its result is made, for reports."""
        return {"weights": self.weights, "settings": self.settings, "options": self.options}


@dataclass(frozen=True)
class Done:
    """A film that was restored."""

    asked: Asked
    out: str
    """Under OUT."""
    length: float
    """Seconds of film."""
    seconds: float | None
    """Taken by the run; None: the result was found, and no record of its run."""
    cuts: tuple[float, ...] | None
    """Seconds from the film's start; None as above."""
    warnings: tuple[str, ...]
    device: str
    """cpu | cuda; empty as above."""
    look: Look
    written: str = ""
    """Codec, depth and container of the result; empty as above, or in records of older versions."""
    source: str = ""
    """sha256 of the film; empty as above."""
    ended: str = ""
    """When its run ended, UTC, YYYY-MM-DD HH:MM:SS; empty as above."""
    version: str = ""
    """Of restore; empty as above."""
    repairs: tuple[dict[str, Any], ...] = ()
    """Repairs made in each shot, see `repair.tally.rows`; none where nothing was to be mended."""

    @property
    def fps(self) -> float | None:
        """Frames restored in a second of the run."""
        return self.look.frames / self.seconds if self.seconds else None

    def row(self) -> dict[str, Any]:
        """The record as one flat object for reports."""
        look = dataclasses.asdict(self.look)
        del look["stills"]
        run: dict[str, Any] = {"length": self.length, "seconds": self.seconds, "fps": self.fps, "device": self.device}
        run |= {"cuts": self.cuts, "warnings": self.warnings}
        run |= {"repairs": self.repairs} if self.repairs else {}
        run |= {"written": self.written, "source_sha256": self.source, "ended": self.ended, "version": self.version}
        return {"status": "done"} | self.asked.film_row() | {"out": self.out} | look | run | self.asked.how_row()


@dataclass(frozen=True)
class Failed:
    """A film that could not be restored."""

    asked: Asked
    error: str
    """Name of the error's kind."""
    what: str
    hint: str
    at: float | None
    """Seconds from the film's start."""
    ended: str = ""
    """When its run ended, UTC; empty in records of older versions."""

    @property
    def reason(self) -> str:
        """The failure in one line: where in the film, what, what to do."""
        at = None if self.at is None else Fraction(self.at)
        return str(FilmError(self.asked.place, self.what, self.hint, at))

    def row(self) -> dict[str, Any]:
        """The record as one flat object for reports."""
        why = {"error": self.error, "what": self.what, "hint": self.hint, "at": self.at, "ended": self.ended}
        return {"status": "failed"} | self.asked.film_row() | why | self.asked.how_row()


Record = Done | Failed


@dataclass(frozen=True)
class Run:
    """The last run that had something to do, and the hours of all of them."""

    command: str
    """As it was typed; empty where no person typed it."""
    version: str
    """Of restore."""
    began: str
    """UTC, YYYY-MM-DD HH:MM:SS, as is `ended`."""
    ended: str
    """Of a run that goes on, or was killed: when this was written."""
    seconds: float
    """That machines have worked, in this run and those before it."""
    rate: float | None = None
    """Price of a machine's hour."""


@dataclass(frozen=True)
class Whole:
    """A result that was about to get its name: tells a run that was killed then from whose it is."""

    asked: Asked
    out: str
    """Under OUT."""
    bytes: int


def failed(asked: Asked, error: FilmError) -> Failed:
    """The record of a film that failed so."""
    at = None if error.at is None else float(error.at)
    return Failed(asked, type(error).__name__, error.what, error.hint, at, now())


def now() -> str:
    """The time, UTC, YYYY-MM-DD HH:MM:SS."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")


def dump(record: Record | Whole) -> bytes:
    """A record as JSON, in ASCII: a film's name need not be UTF-8."""
    return json.dumps(dataclasses.asdict(record)).encode()


def load(data: bytes) -> Record:
    """A record from JSON.

    Raises:
        ValueError, KeyError, TypeError: it is none.
    """
    held = json.loads(data)
    asked = Asked(**held.pop("asked"))
    if "error" in held:
        return Failed(asked, **held)
    look = held.pop("look")
    stills = Stills(**look.pop("stills"))
    look |= {"copied": tuple(look["copied"]), "dropped": tuple(look["dropped"])}
    cuts = None if held["cuts"] is None else tuple(held["cuts"])
    held |= {"cuts": cuts, "warnings": tuple(held["warnings"])}
    held |= {"repairs": tuple(held.get("repairs", ()))}
    return Done(asked, look=Look(**look, stills=stills), **held)


def _at(place: str) -> str:
    """Where a film's files lie, without their suffix."""
    path = PurePosixPath(FOLDER, place)
    name = os.fsencode(path.name)
    return str(path if len(name) <= LONGEST else path.with_name(hashlib.sha256(name).hexdigest()))


def _load_whole(data: bytes) -> Whole:
    held = json.loads(data)
    return Whole(Asked(**held.pop("asked")), **held)


@dataclass(frozen=True)
class Records:
    """The records of an archive, by the place of the film."""

    out: Store

    def load(self) -> Iterator[Record]:
        """All that can be read; a film whose record cannot is one without."""
        return self._read(RECORD, load)

    def relabel(self, record: Record) -> None:
        """Writes what a manifest says anew of a film into its record, of which all else stays."""
        name = _at(record.asked.place) + RECORD
        self.save(dataclasses.replace(load(self.out.read([name])[name]), asked=record.asked))

    def wholes(self) -> dict[str, Whole]:
        """Results without a record yet, by the place of the film."""
        return {whole.asked.place: whole for whole in self._read(WHOLE, _load_whole)}

    def _read(self, suffix: str, load: Callable[[bytes], T]) -> Iterator[T]:
        names = [name for name in self.out.files(FOLDER) if name.endswith(suffix)]
        for first in range(0, len(names), AT_ONCE):
            for data in self.out.read(names[first : first + AT_ONCE]).values():
                with suppress(ValueError, KeyError, TypeError):  # of another version, or written by hand
                    yield load(data)

    def run(self) -> Run | None:
        """The last run that had something to do; None where there was none, or its file cannot be read."""
        name = f"{FOLDER}/{RUN}"
        with suppress(ValueError, KeyError, TypeError):
            if self.out.about(name):
                return Run(**json.loads(self.out.read([name])[name]))
        return None

    def save_run(self, run: Run) -> None:
        """Writes what is to be known of a run, whole or not at all."""
        self.out.write(f"{FOLDER}/{RUN}", json.dumps(dataclasses.asdict(run)).encode())

    def save(self, record: Record | Whole) -> None:
        """Writes what is to be known of a film, whole or not at all."""
        at = _at(record.asked.place)
        self.out.write(at + (WHOLE if isinstance(record, Whole) else RECORD), dump(record))
        if isinstance(record, Done):
            self.out.remove(at + WHOLE)
