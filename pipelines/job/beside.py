"""Files beside a result: their names, and how they get these once the result has its own."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from pipelines import DISTRIBUTION
from pipelines.errors import OutputError
from pipelines.media.containers import OTHER_SUFFIXES, SUFFIXES
from pipelines.places import WORK
from pipelines.settings import Settings

FOLDER = "beside"
"""Of the working folder: files that are whole and wait for the result to get its name."""
HEAD = 4096
"""Bytes of a file by which it is known as one of ours."""


def record_of(result: Path | str) -> Path:
    """The side-car of a result: film.restored.json of film.restored.mkv, coloured.json of a folder coloured."""
    return _beside(Path(result), ".json")


def lumas_of(result: Path) -> Path:
    """The file of md5 of a result's frames: film.restored.framemd5."""
    return _beside(result, ".framemd5")


def checksum_of(result: Path, kind: str) -> Path:
    """The file of checksums of a result, such as film.restored.mkv.sha256."""
    return result.with_name(f"{result.name}.{kind}")


def _beside(result: Path, suffix: str) -> Path:
    is_file = result.suffix.lower() in {*SUFFIXES.values(), *OTHER_SUFFIXES}
    return result.with_suffix(suffix) if is_file else result.with_name(result.name + suffix)


def names_beside(result: Path, settings: Settings) -> list[Path]:
    """The files that a run writes beside its result."""
    checksum = [checksum_of(result, settings.checksum)] if settings.checksum else []
    return [*([record_of(result), lumas_of(result)] if settings.has_record else []), *checksum]


def check_beside(result: Path, settings: Settings, overwrite: bool, option: str = "-o") -> None:
    """Raises OutputError where a file beside the result would be lost, which `option` can name otherwise."""
    other = _other_recorded(result) if settings.has_record else None
    if other is not None:
        hint = f"move both away, or name another result with {option}"
        raise OutputError(record_of(result), f"is the record of {other.name}", hint)
    for path in names_beside(result, settings):
        if path.exists() and not overwrite:
            raise OutputError(path, "exists already", f"--overwrite replaces it, {option} names another result")
        if path.exists() and not _is_ours(path, result):
            raise OutputError(path, "is no file of restore's", f"move it away, or name another result with {option}")


def _is_ours(path: Path, result: Path) -> bool:
    """Whether a file is one that a run wrote beside this result."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(HEAD)
    return DISTRIBUTION.encode() in head or result.name.encode() in head


def _other_recorded(result: Path) -> Path | None:
    """Another result, which is there, and whose record lies where this one's would; None: there is no such."""
    try:
        other = result.with_name(json.loads(record_of(result).read_text("utf-8"))["result"]["name"])
    except (OSError, ValueError, KeyError, TypeError):  # it is missing, or no record
        return None
    is_this = result.exists() and other.exists() and other.samefile(result)
    return other if other.exists() and not is_this else None


def waiting(result: Path) -> Path:
    """The folder of files that wait for the result to get its name."""
    return result.with_name(result.name + WORK) / FOLDER


def put_beside(result: Path) -> None:
    """Gives files that wait their names, each whole; those of an earlier result of this name go."""
    folder = waiting(result)
    whole = sorted(folder.iterdir()) if folder.is_dir() else []
    kept = {result.with_name(path.name) for path in whole}
    if _other_recorded(result) is not None:
        kept |= {record_of(result), lumas_of(result)}
    for path in files_beside(result):
        if path not in kept and _is_ours(path, result):
            path.unlink()
    for path in whole:
        path.replace(result.with_name(path.name))


def files_beside(result: Path) -> Iterator[Path]:
    """The files that lie beside a result."""
    known = (record_of(result), lumas_of(result), *(checksum_of(result, kind) for kind in ("md5", "sha256")))
    yield from (path for path in known if path.is_file())


def checksums(kind: str, files: dict[str, Path]) -> str:
    """Lines as `md5sum -c` and `sha256sum -c` read them.

    Args:
        kind: md5 or sha256.
        files: where each lies, by its name in the line; of a folder each file in it.
    """
    lines = []
    for name, path in files.items():
        each = {f"{name}/{inner.name}": inner for inner in sorted(path.iterdir())} if path.is_dir() else {name: path}
        lines += [f"{_digest(kind, at)}  {under}\n" for under, at in each.items()]
    return "".join(lines)


def _digest(kind: str, path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()
