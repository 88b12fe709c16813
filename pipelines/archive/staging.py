"""Local places for a film and its result while it is worked on, where either lies behind a URL."""

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipelines.archive.plan import Task
from pipelines.archive.records import FOLDER, Done, dump, load
from pipelines.archive.storage import Store
from pipelines.errors import InputError
from pipelines.job.beside import files_beside

MADE = "made.json"
"""The record of a result that is whole and not yet where it goes."""


@dataclass(frozen=True)
class Staging:
    """Where films come from and results go to: a folder for each film that an interrupted run finds again.

    What lies on this machine is used where it is.
    """

    out: Store
    scratch: Path

    @property
    def lock(self) -> Path:
        """Where runs into the same OUT meet: all of them, or those that share the scratch folder where OUT is a URL."""
        return self._own("lock") if self.out.local is None else self.out.local / FOLDER / "lock"

    def _own(self, name: str) -> Path:
        """In the scratch folder, which may serve runs into several OUT."""
        return self.scratch / hashlib.sha256(os.fsencode(f"{self.out.root} {name}")).hexdigest()[:16]

    def _folder(self, task: Task) -> Path:
        return self._own(task.film.place)

    def film(self, task: Task) -> Path:
        """The film on this machine; fetched where it is not, unless an earlier run did.

        Raises:
            FilmError: it cannot be fetched, or there is no room for it.
        """
        if task.film.path is not None:
            return task.film.path
        if task.film.is_scans:
            raise InputError(task.film.url, "scans are read from folders of this machine alone", "copy the folder here")
        version = hashlib.sha256(task.film.version.encode()).hexdigest()[:8]
        path = self._folder(task) / version / PurePosixPath(task.film.name).name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            task.film.store.fetch(task.film.name, path)
        return path

    def stem(self, task: Task) -> Path:
        """Where the result is written, without its suffix unless the film has a name for it."""
        stem = (self.out.local or self._folder(task) / "result") / task.stem
        stem.parent.mkdir(parents=True, exist_ok=True)
        return stem

    def found(self, task: Task) -> Path:
        """A result that is there without a record, on this machine."""
        if self.out.local is not None:
            return self.out.local / task.found
        path = self._folder(task) / PurePosixPath(task.found).name
        path.parent.mkdir(parents=True, exist_ok=True)
        self.out.fetch(task.found, path)
        return path

    def made(self, task: Task) -> Done | None:
        """The record of a result that an earlier run finished and did not bring to its place."""
        path = self._folder(task) / MADE
        record = load(path.read_bytes()) if path.exists() else None
        if isinstance(record, Done) and record.asked.agrees(task.asked):
            return record
        shutil.rmtree(self._folder(task) / "result", ignore_errors=True)
        return None

    def deliver(self, task: Task, record: Done) -> None:
        """Brings a result to its place.

        Raises:
            OutputError: it cannot be written there.
        """
        if self.out.local is None and not task.found:
            made = self._folder(task) / MADE
            part = made.with_suffix(".part")
            part.write_bytes(dump(record))
            part.replace(made)
            result = made.parent / "result" / record.out
            for path in (result, *files_beside(result)):
                self.out.put(path, str(PurePosixPath(record.out).with_name(path.name)))
            made.unlink()

    def clear(self, task: Task) -> None:
        """Removes what was staged of a film, unless its result could not be brought to its place."""
        if not (self._folder(task) / MADE).exists():
            shutil.rmtree(self._folder(task), ignore_errors=True)
