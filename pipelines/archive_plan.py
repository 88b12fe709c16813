"""What of an archive is left to do, and in which order."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import PurePosixPath
from typing import Any

from pipelines.gather import RESULT, ArchiveFilm
from pipelines.painter import completed, named_by_digests
from pipelines.record import Asked, Done, Failed, Record
from pipelines.resume import flattened
from pipelines.settings import PaintSettings
from pipelines.target import SUFFIXES

SUFFIXES_WRITTEN = (*SUFFIXES.values(), ".m4v", ".qt")
OF_THE_RUN = ("paint.network", "paint.weights_dir", "paint.device")
"""Settings that tell where a run took place, or that the digests of the weights tell better."""


@dataclass(frozen=True)
class Task:
    """A film to work on."""

    film: ArchiveFilm
    asked: Asked
    stem: str
    """The result's name under OUT without its suffix; where the film has a name for it, with."""
    found: str = ""
    """A result that is there without a record: it is looked at, not made."""


@dataclass(frozen=True)
class Plan:
    """Films sorted by what is left to do."""

    todo: tuple[Task, ...]
    """Largest first: none is left to run alone at the end."""
    done: tuple[Done, ...]
    failed: tuple[Failed, ...]
    """Of an earlier run, and nothing has changed since."""
    changed: tuple[Done, ...]
    """Done, but from another version of the film, with other settings or other weights."""


@cache
def _named(paint: PaintSettings) -> tuple[PaintSettings, str]:
    try:
        named, digests = named_by_digests(completed(paint))
    except (FileNotFoundError, ValueError):
        return paint, ""  # `prepare` says so of each film
    return named, " ".join(digests.values())


def asked_of(film: ArchiveFilm) -> Asked:
    """What the result of a film is to be made from."""
    paint, weights = _named(film.settings.paint)
    flat = flattened(replace(film.settings, paint=paint))
    flat = {name: value for name, value in flat.items() if name not in OF_THE_RUN}
    return Asked(film.url, film.place, film.size, film.version, weights, flat)


def _tasks(films: Iterable[ArchiveFilm]) -> list[Task]:
    """Each film with a name for its result that no other has."""
    films = list(films)
    shared = Counter(PurePosixPath(film.place).with_suffix("") for film in films)
    tasks = []
    for film in films:
        place = PurePosixPath(film.place)
        bare = place.with_suffix("")
        stem = film.out or f"{bare if shared[bare] == 1 else place}{RESULT}"
        tasks.append(Task(film, asked_of(film), stem))
    return tasks


def make_plan(
    films: Iterable[ArchiveFilm],
    records: Mapping[str, Record],
    files: Mapping[str, Mapping[str, Any]],
    retry_failed: bool = False,
    overwrite: bool = False,
) -> Plan:
    """Sorts films by what earlier runs left.

    Args:
        films: from `gather`.
        records: of earlier runs, by place.
        files: what lies under OUT.
        retry_failed: try again what failed.
        overwrite: make anew what has changed, and what is there without a record.
    """
    todo: list[Task] = []
    done: list[Done] = []
    failed: list[Failed] = []
    changed: list[Done] = []
    for task in _tasks(films):
        record = records.get(task.film.place)
        if isinstance(record, Failed) and record.asked.agrees(task.asked) and not retry_failed:
            failed.append(record)
        elif isinstance(record, Done) and files.get(record.out, {}).get("size") == record.look.bytes:
            agrees = record.asked.agrees(task.asked)
            if not agrees and overwrite:
                todo.append(task)
            else:
                (done if agrees else changed).append(record)
        else:
            found = "" if record or overwrite else _result_of(task, files)
            todo.append(replace(task, found=found))
    todo.sort(key=lambda task: (-task.film.size, task.film.place))
    return Plan(tuple(todo), tuple(done), tuple(failed), tuple(changed))


def _result_of(task: Task, files: Mapping[str, Any]) -> str:
    """The finished result of a film, whichever container it got; empty where there is none."""
    names = [task.stem] if task.film.out else [task.stem + suffix for suffix in SUFFIXES_WRITTEN]
    return next((name for name in names if name in files), "")
