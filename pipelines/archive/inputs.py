"""Which films an archive run is about: folders, globs, list files and CSV manifests, each film with its place."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.archive.manifest import SettingsOf, in_list, in_manifest
from pipelines.archive.named import ArchiveFilm, about_all, about_of, film_at
from pipelines.archive.scans import scan_folders
from pipelines.archive.storage import Store, is_url, open_store, with_slashes
from pipelines.errors import EmptyError, SettingsError
from pipelines.settings import ScanSettings, Settings

FILM_SUFFIXES = {
    ".3gp", ".asf", ".avi", ".divx", ".dv", ".f4v", ".flv", ".m2t", ".m2ts", ".m2v", ".m4v", ".mj2", ".mkv", ".mov",
    ".mp4", ".mpeg", ".mpg", ".mts", ".mxf", ".nut", ".ogm", ".ogv", ".qt", ".rm", ".rmvb", ".ts", ".vob", ".webm",
    ".wmv", ".y4m",
}  # fmt: skip
"""Suffixes of films in a folder; a film that is named is taken whatever its suffix."""
LISTS = {".txt", ".lst", ".list"}
RESULT = ".restored"
"""Before the suffix of a result; in a folder such films are no sources."""


@dataclass(frozen=True)
class Selection:
    """Which of the films that are named are taken, and a manifest's own columns.

    A pattern names a film by its path under IN, by its name, or by a folder above it.
    """

    include: tuple[str, ...] = ()
    """Patterns; a film must match one of them, where there are any."""
    exclude: tuple[str, ...] = ()
    """Patterns; a film that matches one of them is left out."""
    columns: tuple[str, ...] = ()
    """Names of a manifest's own columns, beside those that begin with `x-`."""

    def takes(self, place: str) -> bool:
        """Whether the film of this place is taken."""
        return (not self.include or _matches(place, self.include)) and not _matches(place, self.exclude)


def _matches(place: str, patterns: Sequence[str]) -> bool:
    path = PurePosixPath(place)
    names = (place, path.name, *map(str, path.parents))
    return any(fnmatchcase(name, pattern.rstrip("/")) for name in names for pattern in patterns)


@dataclass(frozen=True)
class Gathered:
    """The films of an archive run."""

    films: tuple[ArchiveFilm, ...]
    left_out: tuple[str, ...]
    """Paths or URLs of films in folders, whose names say that they are results."""
    notes: tuple[str, ...] = ()
    """Sentences the user should see."""


def gather(wanted: Sequence[str], out: Store, settings_of: SettingsOf, selection: Selection = Selection()) -> Gathered:
    """The films that were named, each once.

    A folder's films keep their places in its tree; of several folders, each has its own name above them. Films that
    would share a place have the places that a manifest's `out` gives their results.

    Args:
        wanted: folders, globs, films, list files (.txt) and manifests (.csv), as paths or URLs.
        out: the archive's results; films in it are no sources.
        settings_of: settings of a film from its row in a manifest; of others from {}.
        selection: which of them are taken.

    Raises:
        EmptyError: no film is there, or none is taken.
        SettingsError: nothing is there, a manifest cannot be understood, or two films would have one place.
    """
    left_out: list[str] = []
    reader = _Reader(out, settings_of, len(wanted) > 1, selection.columns, left_out)
    found = [film for each in wanted for film in reader(each)]
    named = [film for film in found if selection.takes(film.place)]
    if not named:
        raise EmptyError("--include and --exclude", f"leave none of {len(found)} films", "see which with --dry-run")
    films = [film if film.is_scans else replace(film, settings=_of_file(film.settings)) for film in named]
    shared = Counter(film.place for film in films)
    films = [replace(film, place=film.out) if film.out and shared[film.place] > 1 else film for film in films]
    twice = [place for place, count in Counter(film.place for film in films).items() if count > 1]
    if twice:
        both = " and ".join(film.url for film in films if film.place == twice[0])
        raise SettingsError(
            both, f"would both be {twice[0]} under {out.root}", "give each an `out` of its own in a CSV manifest"
        )
    notes = (*_excluded_note(len(found) - len(named)), *_place_note(films, out))
    return Gathered(tuple(films), tuple(dict.fromkeys(left_out)), notes)


def _excluded_note(count: int) -> list[str]:
    return [f"--include and --exclude leave out {count} of the films"] if count else []


def _place_note(films: Sequence[ArchiveFilm], out: Store) -> list[str]:
    """A note where results go into a folder of films."""
    folder = next((film.store for film in films if film.store.holds(out)), None)
    if folder is None:
        return []
    return [f"results go to {out.root}, inside the films' folder {folder.root}: another --out keeps masters apart"]


def _of_file(settings: Settings) -> Settings:
    """The settings of a film that is one file: its rate and sound are its own."""
    return replace(settings, scans=ScanSettings())


@dataclass(frozen=True)
class _Reader:
    """Finds the films that an argument names."""

    out: Store
    settings_of: SettingsOf
    is_one_of_several: bool
    """Whether there are other arguments, so that each folder's name stands above its films."""
    columns: tuple[str, ...]
    left_out: list[str]
    """Takes films in folders whose names say that they are results."""

    def __call__(self, wanted: str) -> Iterator[ArchiveFilm]:
        """The films that an argument names."""
        wanted = with_slashes(wanted)
        path, plain = PurePosixPath(wanted), self.settings_of({}, "")
        exists = is_url(wanted) or Path(wanted).exists()
        if path.suffix.lower() == ".csv":
            yield from in_manifest(wanted, self.settings_of, self.columns)
        elif path.suffix.lower() in LISTS:
            yield from in_list(wanted, plain)
        elif set(wanted) & set("*?[") and not (exists and not is_url(wanted)):
            yield from self._in_folder(_above_stars(wanted), plain, wanted)
        elif open_store(wanted).is_folder():
            yield from self._in_folder(wanted, plain)
        else:
            film = film_at(wanted, plain)
            if not film.version:
                raise SettingsError(wanted, "no such file or folder", "check its name")
            yield film

    def _in_folder(self, folder: str, settings: Settings, pattern: str = "") -> Iterator[ArchiveFilm]:
        """The films in a folder and the folders in it, or those of them that a pattern names."""
        store = open_store(folder)
        names = store.files() if not pattern else store.matching(pattern)
        results = store.name_of(self.out)
        above = f"{PurePosixPath(store.path).name}/" if self.is_one_of_several else ""
        listed = {
            name: names[name] for name in sorted(names) if not (results and PurePosixPath(name).is_relative_to(results))
        }
        found = [*_files(store, listed, above, settings), *_scans(store, listed, above, settings)]
        made = [film.url for film in found if _is_result(film)]
        if not found:
            hint = "films are known by their suffix, such as .mp4 or .mkv, scans by numbers, at least ten in a folder"
            raise EmptyError(pattern or folder, "no film in it", hint)
        if len(made) == len(found):
            what = f"no film in it but {len(made)} named *{RESULT}.* as results are"
            raise EmptyError(pattern or folder, what, "name such a film itself to restore it")
        self.left_out.extend(made)
        yield from (film for film in found if film.url not in made)


def _files(store: Store, listed: Mapping[str, Any], above: str, settings: Settings) -> Iterator[ArchiveFilm]:
    """The films among files; `above` goes in front of their places."""
    for name in filter(_is_film, listed):
        yield ArchiveFilm(store, name, above + name, settings, *about_of(listed[name]))


def _scans(store: Store, listed: Mapping[str, Any], above: str, settings: Settings) -> Iterator[ArchiveFilm]:
    """The folders of scans among files; `above` goes in front of their places."""
    own = PurePosixPath(store.path).name
    for scans in scan_folders(listed, own):
        size, version = about_all(listed[name] for name in scans.pictures)
        place = above + scans.place if scans.name else own
        yield ArchiveFilm(store, scans.name, place, settings, size, version, is_scans=True)


def _is_result(film: ArchiveFilm) -> bool:
    """Whether its name says that it is a result."""
    return film.name.endswith(RESULT) if film.is_scans else PurePosixPath(film.name).stem.endswith(RESULT)


def _is_film(name: str) -> bool:
    path = PurePosixPath(name)
    is_hidden = any(part.startswith(".") for part in path.parts)
    return path.suffix.lower() in FILM_SUFFIXES and not is_hidden


def _above_stars(pattern: str) -> str:
    """The folder above the first part with a star."""
    head = pattern[: min(pattern.index(star) for star in "*?[" if star in pattern)]
    return head.rpartition("/")[0] or ("/" if pattern.startswith("/") else ".")
