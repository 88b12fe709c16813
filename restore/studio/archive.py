"""An archive's run over all films of a studio, each with its look."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from pipelines.errors import OutputError
from pipelines.places import written_whole
from restore.studio.jobs import JobError
from restore.studio.look import look_path


def archive_words(films: Sequence[Path], out: str, words: Sequence[str], is_overwriting: bool) -> list[str]:
    """The words of the command, without its name.

    Args:
        films: those of the studio.
        out: the folder or URL of the results, as a person typed it; paths begin in the first film's folder.
        words: the studio's own options.
        is_overwriting: whether results are made again whose film or look has changed.

    Raises:
        JobError: no folder is named.
    """
    how = ["--overwrite"] if is_overwriting else []
    return ["archive", str(manifest_path(films, out)), "--out", _place(films, out), *words, *how]


def manifest_path(films: Sequence[Path], out: str) -> Path:
    """The place of the manifest: beside the first film, by the name of the results' folder."""
    name = Path(_place(films, out)).name or "studio"
    return films[0].absolute().with_name(f"{name}.archive.csv")


def write_manifest(films: Sequence[Path], out: str) -> None:
    """Writes the films with the looks that they have by now.

    Raises:
        JobError: it cannot be written.
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["film", "look"])
    for film in films:
        look = look_path(film.absolute())
        rows.writerow([film.absolute(), look if look.is_file() else ""])
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
