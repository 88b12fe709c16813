"""Results as archives hand them over: a BagIt bag (Kunze et al., RFC 8493), with PREMIS."""

import shutil
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import bagit

from pipelines import DISTRIBUTION, product_version
from pipelines.archive.premis import SUFFIX, write_premis
from pipelines.archive.records import FOLDER, Done, Records
from pipelines.archive.storage import Store
from pipelines.errors import OutputError, SettingsError
from pipelines.job.beside import files_beside, lumas_of, record_of
from pipelines.places import WORK, written_whole

PAYLOAD, METADATA = "data/", "metadata/"
"""Under a bag: its results, and what lies beside these elsewhere."""
DIGEST = "sha256"
DECLARED, TAGS = "bagit.txt", f"tagmanifest-{DIGEST}.txt"
DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"


@dataclass(frozen=True)
class Packaging:
    """The form in which results are handed over."""

    bag: bool = False
    """Whether OUT is a BagIt bag. One that is a bag already stays one."""
    premis: bool = False
    """Whether each result has a PREMIS document."""


def is_bag(out: Store, packaging: Packaging) -> bool:
    """Whether OUT is a bag, or becomes one.

    Raises:
        SettingsError: it cannot be one.
    """
    wanted = packaging.bag or bool(out.about(DECLARED))
    if wanted and out.local is None:
        raise SettingsError("--bag", "needs OUT on this machine", "copy the bag to its URL when it is whole")
    return wanted


def open_package(out: Store, packaging: Packaging, is_changed: bool) -> None:
    """Makes OUT ready to become a package: results of earlier runs go to the payload.

    Args:
        out: where they are.
        packaging: the form.
        is_changed: whether the run will make some. The bag is none until it is closed.
    """
    folder = out.local
    if not is_bag(out, packaging) or folder is None:
        return
    if is_changed:
        (folder / TAGS).unlink(missing_ok=True)
    for record in _done(out):
        if not record.out.startswith(PAYLOAD) and (folder / record.out).exists():
            moved = replace(record, out=PAYLOAD + record.out)
            Records(out).save(moved)
            old, new = folder / record.out, folder / moved.out
            new.parent.mkdir(parents=True, exist_ok=True)
            for path in (old, *files_beside(old)):
                path.rename(new.with_name(path.name))


def close_package(out: Store, packaging: Packaging) -> None:
    """Brings results into the form in which they are handed over; bytes that would not change stay as they are.

    Args:
        out: where they are.
        packaging: the form.

    Raises:
        OutputError: something cannot be written.
    """
    folder, is_one = out.local, is_bag(out, packaging)
    for record in _done(out):
        held = record_of(record.out).as_posix()
        if is_one and folder is not None:
            held = METADATA + held.removeprefix(PAYLOAD)
            _move_beside(folder / record.out, folder / held)
        if packaging.premis and out.about(held):  # a run without side-cars leaves nothing to tell
            write_premis(out, held)
    if is_one and folder is not None:
        try:
            _write_bag(folder)
        except (bagit.BagError, OSError, UnicodeError) as error:
            raise OutputError(out.root, f"cannot be written as a bag ({error})", "check its folder") from error


def _done(out: Store) -> Iterator[Done]:
    return (record for record in Records(out).load() if isinstance(record, Done))


def _move_beside(result: Path, record: Path) -> None:
    """Moves the files beside a result to where its record goes."""
    record.parent.mkdir(parents=True, exist_ok=True)
    for path in (record_of(result), lumas_of(result), record_of(result).with_suffix(SUFFIX)):
        if path.is_file():
            path.replace(record.with_name(path.name))


def _write_bag(folder: Path) -> None:
    """Writes manifests of the payload, unless they hold, and of all else but the records of the run."""
    payload, is_whole = folder / PAYLOAD, (folder / TAGS).exists()
    payload.mkdir(exist_ok=True)
    for left in [path for path in payload.rglob(f"*{WORK}") if path.is_dir()]:
        shutil.rmtree(left)  # begun segments of films that failed
    (folder / DECLARED).write_text(DECLARATION)
    bag = bagit.Bag(str(folder.absolute()))
    bag.algorithms = [DIGEST]
    if not is_whole:
        agent, day = f"{DISTRIBUTION} {product_version()}", f"{datetime.now(UTC):%Y-%m-%d}"
        bag.info |= {"Bag-Software-Agent": agent, "Bagging-Date": day}
    with chdir(folder):  # bagit changes it, and not back where it fails
        bag.save(manifests=not is_whole)
    lines = (folder / TAGS).read_text("utf-8").splitlines(keepends=True)
    with written_whole(folder / TAGS) as part:
        part.write_text("".join(line for line in lines if not line.split(" ", 1)[1].startswith(f"{FOLDER}/")), "utf-8")
