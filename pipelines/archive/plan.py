"""The plan of an archive run: the films that are left to do, and their order."""

import os
import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.archive.ended import Ended
from pipelines.archive.inputs import Gathered
from pipelines.archive.named import ArchiveFilm
from pipelines.archive.records import FOLDER, Asked, Done, Failed, Record, Records, Whole
from pipelines.archive.storage import Store
from pipelines.errors import OutputError, SettingsError
from pipelines.job.beside import record_of
from pipelines.job.identity import files_given, flattened
from pipelines.job.job import Job, ending
from pipelines.media.containers import possible_names
from pipelines.painting.choice import choose
from pipelines.proof.typed import typed
from pipelines.settings import PaintSettings

OF_THE_RUN = ("paint.network", "paint.weights_dir", "paint.device", "look.path")
"""Settings that tell where a run took place, or that the digests of the weights tell better."""
OPTION = "--out or a manifest's `out`"
"""The option that names other results."""

KnownAs = Callable[[str], str]
"""Maps all names that OUT takes for one to one name."""
Real = Callable[[Path], Path]
"""Maps a folder to where it really lies; remembers it, as all that is in the folder asks anew."""


@dataclass(frozen=True)
class Task:
    """A film to work on."""

    film: ArchiveFilm
    asked: Asked
    stem: str
    """The result's name under OUT without its suffix; where the film has a name for it, with."""
    found: str = ""
    """A result of a run that was killed before it wrote the record: it is looked at, not made."""


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
    left_out: tuple[str, ...]
    """Paths or URLs of films whose names say that they are results."""
    notes: tuple[str, ...] = ()
    """Sentences the user should see."""
    relabelled: tuple[Record, ...] = ()
    """Of films with nothing to do, those for which a manifest's own columns say something new."""


@cache
def _named(paint: PaintSettings) -> tuple[PaintSettings, str]:
    try:
        chosen = choose(paint, has_pool=True)
    except (FileNotFoundError, ValueError):
        return paint, ""  # `prepare` says so of each film
    return chosen.settings, " ".join(chosen.digests.values())


def asked_of(film: ArchiveFilm) -> Asked:
    """The film and the settings that its result is to be made from."""
    paint, weights = _named(film.settings.paint)
    flat = flattened(replace(film.settings, paint=paint))
    flat = {name: value for name, value in flat.items() if name not in OF_THE_RUN} | files_given(film.settings)
    options = shlex.join(word for name, text in typed(film.settings).items() for word in (f"--{name}", text) if word)
    columns = dict(film.columns)
    return Asked(film.url, film.place, film.size, film.version, weights, flat, film.out, columns, options)


def _ignores_case(out: Store) -> bool:
    """Whether names that differ only in case are one in OUT, by the first folder in it, or above it, that tells."""
    folders = (out.local / FOLDER, out.local, *out.local.parents) if out.local else ()
    for folder in folders:
        other = folder.parent / folder.name.swapcase()
        if other != folder and folder.exists():
            return other.exists() and other.samefile(folder)
    return False


def _tasks(films: Iterable[ArchiveFilm], known_as: KnownAs, under: str) -> list[Task]:
    """Each film with a name for its result that no other has, in the folder `under`."""
    films = list(films)
    shared = Counter(known_as(_bare(film.place)) for film in films)
    tasks = []
    for film in films:
        bare = _bare(film.place)
        stem = film.out or f"{bare if shared[known_as(bare)] == 1 else film.place}.{ending(film.settings)}"
        tasks.append(Task(film, asked_of(film), under + stem))
    return tasks


def _bare(place: str) -> str:
    return str(PurePosixPath(place).with_suffix(""))


def _check_places(tasks: Iterable[Task], out: Store, known_as: KnownAs) -> None:
    """Raises SettingsError where two films would have one record, since OUT ignores the case of letters."""
    films: dict[str, str] = {}
    for task in tasks:
        other = films.setdefault(known_as(task.film.place), task.film.url)
        if other != task.film.url:
            what = f"differ only in the case of letters, which {out.root} ignores"
            raise SettingsError(f"{other} and {task.film.url}", what, "rename one of them, or name another --out")


def _check_results(tasks: Iterable[Task], out: Store, known_as: KnownAs) -> None:
    """Raises SettingsError where a result would take the place of a film of the run, or of another's result."""
    real: Real = cache(lambda folder: Path(os.path.realpath(folder)))
    films = {_known_by(task.film.store, task.film.name, real): task.film.url for task in tasks}
    results: dict[Any, str] = {}
    for task in tasks:
        own = [task.stem] if task.film.is_scans and not task.film.out else []  # a folder of pictures
        names = [*own, *possible_names(task.stem, has_suffix=bool(task.film.out)), record_of(task.stem).as_posix()]
        for name in names:
            film, place = films.get(_known_by(out, name, real)), known_as(_place(out, name, real))
            if film is not None:
                what = f"its result would be {out.url(name)}, and that is a film of this run ({film})"
                raise SettingsError(task.film.url, what, "name another `out` of it in a CSV manifest")
            if place in results:
                both = f"{results[place]} and {task.film.url}"
                raise SettingsError(both, f"would both become {out.url(name)}", "name `out` of each in a CSV manifest")
            results[place] = task.film.url


def _place(store: Store, name: str, real: Real) -> str:
    """One for all the ways to name a place, some of them through folders that are links."""
    if store.local is None:
        return store.url(name)
    path = store.local / name
    try:
        is_link = path.is_symlink()
    except OSError:  # its name is too long for a file
        is_link = False
    return os.path.realpath(path) if is_link else str(real(path.parent) / path.name)


def _known_by(store: Store, name: str, real: Real) -> Any:
    """A key that all names of one file have in common."""
    try:
        about = None if store.local is None else (store.local / name).stat()
    except OSError:  # nothing is there yet
        about = None
    return _place(store, name, real) if about is None else (about.st_dev, about.st_ino)


def name_of_result(task: Task, job: Job) -> str:
    """The name under OUT of the result that was decided on."""
    return str(PurePosixPath(task.stem).with_name(job.out.name))


def check_free(task: Task, name: str, out: Store) -> None:
    """Raises OutputError where a file is at the result's place that nothing shows to be the film's result."""
    if out.about(name):
        what = f"{name} exists already, and no record tells how it was made"
        hint = "--overwrite replaces it, another `out` in a CSV manifest leaves it"
        raise OutputError(task.film.url, what, hint)


def make_plan(
    gathered: Gathered,
    out: Store,
    retry_failed: bool = False,
    overwrite: bool = False,
    under: str = "",
) -> Plan:
    """Sorts films by what earlier runs left.

    Args:
        gathered: the films.
        out: where results go, with the records of earlier runs.
        retry_failed: try again what failed.
        overwrite: make anew what has changed, and try again what could not be written.
        under: folder of the results in OUT, with a slash behind.

    Raises:
        SettingsError: a result would take the place of a film, or of another result.
    """
    known_as: KnownAs = str.casefold if _ignores_case(out) else str
    tasks = _tasks(gathered.films, known_as, under)
    _check_places(tasks, out, known_as)
    _check_results(tasks, out, known_as)
    records, wholes, sizes = Ended(Records(out).load()), Records(out).wholes(), _sizes(out.files())
    todo: list[Task] = []
    done: list[Done] = []
    failed: list[Failed] = []
    changed: list[Done] = []
    relabelled: list[Record] = []
    for task in tasks:
        record = records.get(task.film.place)
        if record and record.asked.columns != task.asked.columns:
            record = replace(record, asked=replace(record.asked, columns=task.asked.columns))
            relabelled.append(record)
        if isinstance(record, Failed) and not (retry_failed or _may_do_now(record, task, overwrite)):
            failed.append(record)
        elif isinstance(record, Done) and record.asked.out == task.asked.out and _is_whole(record, sizes):
            agrees = record.asked.agrees(task.asked)
            if not agrees and overwrite:
                todo.append(task)
            else:
                (done if agrees else changed).append(record)
        else:
            todo.append(replace(task, found=_result_of(task, wholes.get(task.film.place), sizes)))
    todo.sort(key=lambda task: (-task.film.size, task.film.place))
    return Plan(
        tuple(todo), tuple(done), tuple(failed), tuple(changed), gathered.left_out, gathered.notes, tuple(relabelled)
    )


def _is_whole(record: Done, sizes: Mapping[str, int]) -> bool:
    return sizes.get(record.out) == record.look.bytes


def _sizes(files: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Bytes of each file by name, and of the files in each folder: a result may be one of pictures."""
    sizes = {name: int(about["size"]) for name, about in files.items()}
    folders: Counter[str] = Counter()
    for name, size in sizes.items():
        folders[str(PurePosixPath(name).parent)] += size
    return dict(folders) | sizes


def _may_do_now(record: Failed, task: Task, overwrite: bool) -> bool:
    """Whether what a film failed for may be otherwise now."""
    return not record.asked.agrees(task.asked) or (overwrite and record.error == OutputError.__name__)


def _result_of(task: Task, whole: Whole | None, sizes: Mapping[str, int]) -> str:
    """The result that a run wrote which was killed right after; empty where there is none."""
    if whole is None or not whole.asked.agrees(task.asked):
        return ""
    return whole.out if sizes.get(whole.out) == whole.bytes else ""
