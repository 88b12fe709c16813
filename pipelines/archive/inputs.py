"""Which films an archive run is about: folders, globs, list files and CSV manifests, each film with its place."""

import csv
import io
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.archive.scans import scan_folders
from pipelines.archive.storage import Store, is_url, open_store
from pipelines.errors import SettingsError
from pipelines.media.scans import beside, pattern_of
from pipelines.settings import ScanSettings, Settings
from pipelines.source import SCAN_SUFFIXES

FILM_SUFFIXES = {
    ".3gp", ".asf", ".avi", ".divx", ".dv", ".f4v", ".flv", ".m2t", ".m2ts", ".m2v", ".m4v", ".mj2", ".mkv", ".mov",
    ".mp4", ".mpeg", ".mpg", ".mts", ".mxf", ".nut", ".ogm", ".ogv", ".qt", ".rm", ".rmvb", ".ts", ".vob", ".webm",
    ".wmv", ".y4m",
}  # fmt: skip
"""Suffixes of films in a folder; a film that is named is taken whatever its suffix."""
LISTS = {".txt", ".lst", ".list"}
RESULT = ".restored"
"""Before the suffix of a result; in a folder such films are no sources."""
SettingsOf = Callable[[dict[str, str]], Settings]
"""Settings from the cells of a manifest's row; raises ValueError."""


@dataclass(frozen=True)
class ArchiveFilm:
    """A film of an archive: where it lies, what of OUT it becomes, and how."""

    store: Store
    name: str
    """In its store."""
    place: str
    """Under OUT, with its own suffix, slashes between folders."""
    settings: Settings
    size: int = 0
    """Bytes; 0 where it is not there."""
    version: str = ""
    """Changes when the file does: time of writing, or ETag."""
    out: str = ""
    """The result's name under OUT; empty: from its place, with the suffix of the container that is chosen."""
    is_scans: bool = False
    """Whether it is a folder of pictures, or the pattern of their names."""

    @property
    def url(self) -> str:
        """As the user would name it."""
        return self.store.url(self.name)

    @property
    def path(self) -> Path | None:
        """The file, or the scans, where they are on this machine."""
        return None if self.store.local is None else self.store.local / self.name


@dataclass(frozen=True)
class Gathered:
    """The films of an archive run."""

    films: tuple[ArchiveFilm, ...]
    left_out: tuple[str, ...]
    """Paths or URLs of films in folders, whose names say that they are results."""


def gather(wanted: Sequence[str], out: Store, settings_of: SettingsOf) -> Gathered:
    """The films that were named, each once.

    A folder's films keep their places in its tree; of several folders, each has its own name above them. Films that
    would share a place have the places that a manifest's `out` gives their results.

    Args:
        wanted: folders, globs, films, list files (.txt) and manifests (.csv), as paths or URLs.
        out: the archive's results; films in it are no sources.
        settings_of: settings of a film from its row in a manifest; of others from {}.

    Raises:
        SettingsError: nothing is there, a manifest cannot be understood, or two films would have one place.
    """
    left_out: list[str] = []
    named = [film for each in wanted for film in _named(each, out, settings_of, len(wanted) > 1, left_out)]
    films = [film if film.is_scans else replace(film, settings=_of_file(film.settings)) for film in named]
    shared = Counter(film.place for film in films)
    films = [replace(film, place=film.out) if film.out and shared[film.place] > 1 else film for film in films]
    twice = [place for place, count in Counter(film.place for film in films).items() if count > 1]
    if twice:
        both = " and ".join(film.url for film in films if film.place == twice[0])
        raise SettingsError(
            both, f"would both be {twice[0]} under {out.root}", "give each an `out` of its own in a CSV manifest"
        )
    return Gathered(tuple(films), tuple(dict.fromkeys(left_out)))


def _of_file(settings: Settings) -> Settings:
    """The settings of a film that is one file: its rate and sound are its own."""
    return replace(settings, scans=ScanSettings())


def _named(
    wanted: str, out: Store, settings_of: SettingsOf, is_one_of_several: bool, left_out: list[str]
) -> Iterator[ArchiveFilm]:
    path = PurePosixPath(wanted)
    exists = is_url(wanted) or Path(wanted).exists()
    if path.suffix.lower() == ".csv":
        yield from _in_manifest(wanted, settings_of)
    elif path.suffix.lower() in LISTS:
        lines = (line.strip() for line in _text(wanted).splitlines())
        yield from _listed(wanted, [line for line in lines if line and not line.startswith("#")], settings_of({}))
    elif set(wanted) & set("*?[") and not (exists and not is_url(wanted)):
        yield from _in_folder(_above_stars(wanted), out, settings_of({}), is_one_of_several, left_out, wanted)
    elif open_store(wanted).is_folder():
        yield from _in_folder(wanted, out, settings_of({}), is_one_of_several, left_out)
    else:
        film = _film(wanted, settings_of({}))
        if not film.version:
            raise SettingsError(wanted, "no such file or folder", "check its name")
        yield film


def _in_folder(
    folder: str, out: Store, settings: Settings, is_one_of_several: bool, left_out: list[str], pattern: str = ""
) -> Iterator[ArchiveFilm]:
    """The films in a folder and the folders in it, or those of them that a pattern names; results go to `left_out`."""
    store = open_store(folder)
    names = store.files() if not pattern else store.matching(pattern)
    results = store.name_of(out)
    above = f"{PurePosixPath(store.path).name}/" if is_one_of_several else ""
    listed = {
        name: names[name] for name in sorted(names) if not (results and PurePosixPath(name).is_relative_to(results))
    }
    found = [*_files(store, listed, above, settings), *_scans(store, listed, above, settings)]
    made = [film.url for film in found if _is_result(film)]
    if not found:
        hint = "films are known by their suffix, such as .mp4 or .mkv, scans by numbers, at least ten in a folder"
        raise SettingsError(pattern or folder, "no film in it", hint)
    if len(made) == len(found):
        what = f"no film in it but {len(made)} named *{RESULT}.* as results are"
        raise SettingsError(pattern or folder, what, "name such a film itself to restore it")
    left_out += made
    yield from (film for film in found if film.url not in made)


def _files(store: Store, listed: Mapping[str, Any], above: str, settings: Settings) -> Iterator[ArchiveFilm]:
    """The films among files; `above` goes in front of their places."""
    for name in filter(_is_film, listed):
        yield ArchiveFilm(store, name, above + name, settings, *_about(listed[name]))


def _scans(store: Store, listed: Mapping[str, Any], above: str, settings: Settings) -> Iterator[ArchiveFilm]:
    """The folders of scans among files; `above` goes in front of their places."""
    own = PurePosixPath(store.path).name
    for scans in scan_folders(listed, own):
        size, version = _about_all(listed[name] for name in scans.pictures)
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


def _film(url: str, settings: Settings) -> ArchiveFilm:
    """A film that was named on its own."""
    folder, _, name = url.rstrip("/").rpartition("/")
    store = open_store(folder or ("/" if url.startswith("/") else "."))
    path = None if store.local is None else store.local / name
    if path is not None and (path.is_dir() or pattern_of(path) is not None):
        inside = name if path.is_dir() else ""
        pictures = {each: about for each, about in store.files(inside).items() if _is_scan_of(path, store, each)}
        place = name if path.is_dir() else beside(path, path.suffix[1:]).name
        return ArchiveFilm(store, name, place, settings, *_about_all(pictures.values()), is_scans=True)
    return ArchiveFilm(store, name, name, settings, *_about(store.about(name)))


def _is_scan_of(path: Path, store: Store, name: str) -> bool:
    """Whether a file of a store on this machine is a picture of the scans that a path names."""
    picture, names = Path(store.path) / name, pattern_of(path)
    if names is None:
        return picture.parent == path and picture.suffix.lower() in SCAN_SUFFIXES
    is_named = picture.name.startswith(names.prefix) and picture.suffix == names.suffix
    return picture.parent == path.parent and is_named


def _about_all(abouts: Iterable[dict[str, Any]]) -> tuple[int, str]:
    """Bytes of several files, and what changes when one of them does; no version where there are none."""
    each = [_about(about) for about in abouts]
    return sum(size for size, _ in each), f"{len(each)} {max(version for _, version in each)}" if each else ""


def _about(about: dict[str, Any]) -> tuple[int, str]:
    """Bytes and version from what a file system tells of a file."""
    versions = (about.get(key) for key in ("ETag", "etag", "mtime", "LastModified", "updated", "created"))
    return int(about.get("size") or 0), str(next((each for each in versions if each is not None), ""))


def _text(wanted: str) -> str:
    folder, _, name = wanted.rpartition("/")
    try:
        text = open_store(folder or ".").read([name])[name].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(wanted, f"is not UTF-8 ({error})", "save it as UTF-8") from error
    if "\0" in text:
        raise SettingsError(wanted, "is not text: it holds zero bytes", "save it as UTF-8")
    return text


def _resolved(listed: str, beside: str) -> str:
    """A film named in a list: relative to the folder of the list."""
    if is_url(listed) or listed.startswith("/"):
        return listed
    folder = beside.rpartition("/")[0]
    return f"{folder}/{listed}" if folder else listed


def _listed(wanted: str, lines: Iterable[str], settings: Settings) -> Iterator[ArchiveFilm]:
    """The films of a list, with places below the folder that holds them all."""
    films = [_film(_resolved(line, wanted), settings) for line in lines]
    if not films:
        raise SettingsError(wanted, "no film in it", "write one path or URL a line")
    yield from _placed(films)


def _placed(films: list[ArchiveFilm]) -> Iterator[ArchiveFilm]:
    folders = [film.store.root if is_url(film.store.root) else film.store.path for film in films]
    top = os.path.commonpath(folders) if len({is_url(folder) for folder in folders}) == 1 else ""
    for film, folder in zip(films, folders, strict=True):
        below = folder.removeprefix(top).strip("/") if top else ""
        yield replace(film, place=f"{below}/{film.name}" if below else film.name)


def _in_manifest(wanted: str, settings_of: SettingsOf) -> Iterator[ArchiveFilm]:
    """The films of a CSV file: `film`, perhaps `out`, and options of `restore FILM` by their long names."""
    rows = csv.DictReader(io.StringIO(_text(wanted)), strict=True)
    films = []
    try:
        for row in rows:
            cells = {key: cell.strip() for key, cell in row.items() if key and cell and cell.strip()}
            films.append(_of_row(cells, wanted, settings_of))
    except (ValueError, csv.Error) as error:
        what = f"is not CSV ({str(error).partition(' - ')[0]})" if isinstance(error, csv.Error) else str(error)
        raise SettingsError(f"{wanted} line {rows.line_num}", what, "see restore archive --help") from error
    if not films:
        raise SettingsError(wanted, "no film in it", "its first line names the columns, one of them `film`")
    yield from _placed(films)


def _of_row(cells: dict[str, str], wanted: str, settings_of: SettingsOf) -> ArchiveFilm:
    if "film" not in cells:
        raise ValueError("no film named; a column must be called `film`")
    out = cells.pop("out", "")
    if "%" in out:
        raise ValueError(f"an archive's results are films; restore FILM -o {out} writes pictures")
    if out.startswith("/") or ".." in PurePosixPath(out).parts:
        raise ValueError(f"out must lie under OUT, got {out}")
    film = _resolved(cells.pop("film"), wanted)
    return replace(_film(film, settings_of(cells)), out=str(PurePosixPath(out)) if out else "")
