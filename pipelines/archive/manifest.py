"""List files and CSV manifests: films by name, and what is asked for each."""

import csv
import io
import posixpath
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from pathlib import Path, PurePath

from pipelines.archive.named import ArchiveFilm, film_at
from pipelines.archive.storage import is_url, open_store, with_slashes
from pipelines.errors import SettingsError
from pipelines.settings import Settings

SettingsOf = Callable[[dict[str, str], str], Settings]
"""Settings from the cells of a manifest's row, and the folder that its paths may begin in; raises ValueError."""
OWN = "x-"
"""Begins the names of a manifest's own columns."""


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
    listed = with_slashes(listed)
    if is_url(listed) or Path(listed).is_absolute():
        return listed
    folder = _folder(beside)
    return f"{folder}/{listed}" if folder else listed


def in_list(wanted: str, settings: Settings) -> Iterator[ArchiveFilm]:
    """The films of a list file, one path or URL a line, with places below the folder that holds them all."""
    lines = (line.strip() for line in _text(wanted).splitlines())
    films = [film_at(_resolved(line, wanted), settings) for line in lines if line and not line.startswith("#")]
    if not films:
        raise SettingsError(wanted, "no film in it", "write one path or URL a line")
    yield from _placed(films)


def _placed(films: list[ArchiveFilm]) -> Iterator[ArchiveFilm]:
    folders = [film.store.root if is_url(film.store.root) else film.store.path for film in films]
    top = posixpath.commonpath(folders) if len({is_url(folder) for folder in folders}) == 1 else ""
    for film, folder in zip(films, folders, strict=True):
        below = folder.removeprefix(top).strip("/") if top else ""
        yield replace(film, place=f"{below}/{film.name}" if below else film.name)


def in_manifest(wanted: str, settings_of: SettingsOf, columns: Collection[str] = ()) -> Iterator[ArchiveFilm]:
    """The films of a CSV file: `film`, perhaps `out`, options of `restore FILM`, and columns of its own.

    Args:
        wanted: the file, as path or URL; commas or semicolons part its cells.
        settings_of: settings of a film from its row.
        columns: names of its own columns, beside those that begin with `x-`.

    Raises:
        SettingsError: it cannot be understood; the message says which line.
    """
    text = _text(wanted)
    head = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text), strict=True, delimiter=max(",;", key=head.count))
    films = []
    try:
        for row in rows:
            cells = {key: cell.strip() for key, cell in row.items() if key and cell and cell.strip()}
            own = {key: cells.pop(key) for key in tuple(cells) if key.startswith(OWN) or key in columns}
            films.append(replace(_of_row(cells, wanted, settings_of), columns=tuple(own.items())))
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
    if not is_below(out):
        raise ValueError(f"out must lie under OUT, got {out}")
    film = _resolved(cells.pop("film"), wanted)
    return replace(film_at(film, settings_of(cells, _folder(wanted))), out=PurePath(out).as_posix() if out else "")


def is_below(out: str, kind: type[PurePath] = PurePath) -> bool:
    """Whether a name lies under the folder that it is put into, as paths of this system (`kind`) go."""
    path = kind(out)
    return not path.anchor and ".." not in path.parts


def _folder(wanted: str) -> str:
    """The folder that a list lies in; empty where it is the current one."""
    return wanted.rpartition("/")[0]
