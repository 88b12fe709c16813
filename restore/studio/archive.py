"""An archive's run over all films of a studio, each with its look."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from pipelines.errors import OutputError
from pipelines.places import written_whole
from restore.options.guides import SHOT
from restore.options.manifest import SEVERAL
from restore.studio.jobs import JobError
from restore.studio.look import look_path

OF_FILMS = ("--hints", "--still", "--still-at", "--reference")
"""Options of the studio that an archive takes for each film: as columns of its manifest."""


def archive_words(films: Sequence[Path], out: str, words: Sequence[str], is_overwriting: bool) -> list[str]:
    """The words of the command, without its name.

    Args:
        films: those of the studio.
        out: the folder or URL of the results, as a person typed it; paths begin in the first film's folder.
        words: the studio's own options.
        is_overwriting: whether results are made again whose film or look has changed.

    Raises:
        JobError: no folder is named, or what the studio was given cannot be written to a manifest.
    """
    how = ["--overwrite"] if is_overwriting else []
    return ["archive", str(manifest_path(films, out)), "--out", _place(films, out), *_parted(words)[0], *how]


def manifest_path(films: Sequence[Path], out: str) -> Path:
    """The place of the manifest: beside the first film, by the name of the results' folder."""
    name = Path(_place(films, out)).name or "studio"
    return films[0].absolute().with_name(f"{name}.archive.csv")


def write_manifest(films: Sequence[Path], out: str, words: Sequence[str]) -> None:
    """Writes the films with the looks that they have by now, and with what the studio was given for all of them.

    Args:
        films: those of the studio.
        out: the folder or URL of the results.
        words: the studio's own options.

    Raises:
        JobError: it cannot be written.
    """
    text, given = io.StringIO(), _parted(words)[1]
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["film", "look", *given])
    for film in films:
        look = look_path(film.absolute())
        rows.writerow([film.absolute(), look if look.is_file() else "", *map(SEVERAL.join, given.values())])
    path = manifest_path(films, out)
    try:
        with written_whole(path) as part:
            part.write_text(text.getvalue(), "utf-8")
    except (OSError, OutputError, ValueError) as error:
        raise JobError(f"{path.name}: {error}", film=str(path)) from error


def _place(films: Sequence[Path], out: str) -> str:
    from pipelines.archive.storage import is_url  # with fsspec, for which the page need not wait

    out = out.strip()
    if not out or "\0" in out:
        raise JobError("the results need a folder", "name one, such as coloured")
    return out if is_url(out) else str(films[0].absolute().parent / Path(out).expanduser())


def _parted(words: Sequence[str]) -> tuple[list[str], dict[str, list[str]]]:
    """The options that an archive takes for all films, and the values of those it takes for each, by column.

    Raises:
        JobError: a value cannot be written to a manifest.
    """
    others: list[str] = []
    given: dict[str, list[str]] = {}
    left = iter(words)
    for word in left:
        if word in OF_FILMS:
            given.setdefault(word.removeprefix("--"), []).append(_cell(word, next(left)))
        else:
            others.append(word)
    return others, given


def _cell(option: str, value: str) -> str:
    """A value for a manifest, where files have their whole path."""
    if option == "--still-at" or (option == "--reference" and SHOT.fullmatch(value)):
        return value
    if SEVERAL in value and option != "--hints":  # hints are one file a film
        raise JobError(f"{value}: a manifest parts names at {SEVERAL}", "rename the file")
    return str(Path(value).absolute())
