"""Places of files to write: checks, one run at a time, files written whole or not at all, sha256."""

import errno
import hashlib
import os
import shlex
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

from filelock import FileLock, Timeout

from pipelines.errors import OutputError
from pipelines.source import Film, Numbered

MIN_ROOM = 1 << 16
"""Free bytes that the manifest of a run needs."""
NEW = ".new"
"""Suffix of a name that nothing has, for trials."""
WORK = ".restore"
"""Suffix of a result's name for its working folder."""
SAMPLE = 1 << 20
"""Bytes read at a film's head, middle and tail, by which it is known again."""
TRIES = 100
"""Attempts to take a lock whose file or folder is removed in between."""


def check_place(out: Path, film: Path, overwrite: bool, option: str = "-o") -> None:
    """Raises OutputError where the result cannot be written at `out`, which `option` names."""
    folder = out.parent
    if not folder.is_dir():
        raise OutputError(out, "its folder does not exist", f"make it: mkdir -p {shlex.quote(str(folder))}")
    if _is_too_long(out):
        raise OutputError(out, "its name is too long", f"{option} names another")
    if out.is_dir():
        raise OutputError(out, "is a folder", f"name a file with {option}")
    if out.exists() and film.exists() and out.samefile(film):
        raise OutputError(out, "is the film itself, which is never written to", f"name another file with {option}")
    if out.exists() and not overwrite:
        raise OutputError(out, "exists already", f"--overwrite replaces it, {option} names another")
    if not _may_be_written_to(folder):
        raise OutputError(out, "its folder may not be written to", f"name a file elsewhere with {option}")
    if shutil.disk_usage(folder).free < MIN_ROOM:
        raise OutputError(out, "the disk is full", f"free some of it, or name a file elsewhere with {option}")


def check_folder(out: Path, names: Numbered, film: Path, overwrite: bool, option: str = "-o") -> None:
    """Raises OutputError where a folder of pictures with these names cannot be written at `out`."""
    own = f"name pictures in a folder of their own with {option}, such as coloured/{names}"
    if out.absolute() == Path.cwd() or (out.exists() and not out.is_dir()):
        raise OutputError(out, "is no folder for a film's pictures alone", own)
    folder = film if film.is_dir() else film.absolute().parent
    if out.exists() and folder.exists() and out.samefile(folder):
        raise OutputError(out, "is the folder of the film, which is never written to", own)
    found = [each.name for each in out.iterdir()] if out.exists() else []
    if not all(name.startswith(names.prefix) and name.endswith(names.suffix) for name in found):
        raise OutputError(out, "holds other files", own)
    if found and not overwrite:
        raise OutputError(out, "holds pictures already", f"--overwrite replaces them, {option} names another folder")
    check_place(out.with_name(out.name + NEW), film, overwrite, option)


def is_taken(out: Path) -> bool:
    """Whether something is there that a result would replace; an empty folder is nothing."""
    return out.exists() and not (out.is_dir() and not any(out.iterdir()))


def put(whole: Path, out: Path) -> None:
    """Gives a file or folder that is whole its name; a folder that has it goes away with the folder of `whole`."""
    if out.is_dir():
        out.replace(whole.with_name("replaced"))
    whole.replace(out)


def remove(path: Path) -> None:
    """Removes a file or folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _is_too_long(out: Path) -> bool:
    """Whether the name of its working folder is too long for the file system."""
    try:
        out.with_name(out.name + WORK).lstat()
    except OSError as error:
        return error.errno == errno.ENAMETOOLONG
    return False


def _may_be_written_to(folder: Path) -> bool:
    """Whether files can be made there, by trial: a folder's permissions do not hold for all users and file systems."""
    try:
        TemporaryFile(dir=folder).close()
    except OSError as error:
        return error.errno == errno.ENOSPC
    return True


@contextmanager
def only_run(lock: Path, result: Path | str) -> Iterator[None]:
    """Keeps other runs out while the block runs. The system frees the lock of a process that was killed.

    Args:
        lock: a file that is there while a run is, and tells whose it is; its folder is made.
        result: named in the error.

    Raises:
        OutputError: another run holds it.
    """
    own = list[os.stat_result]()
    held = FileLock(lock, on_acquired=lambda file: own.append(_signed(file)))
    _take(held, lock, result)
    try:
        yield
    finally:
        # Windows removes no open file: there the release does it
        with suppress(FileNotFoundError, PermissionError):
            if os.path.samestat(lock.stat(), own[0]):  # not that of a run that began when this one's folder was removed
                lock.unlink()
        held.release()
        if lock.parent.name.endswith(WORK):
            with suppress(OSError):  # it is not empty; on Windows a run cannot remove it while the lock is in it
                lock.parent.rmdir()


def _take(held: FileLock, lock: Path, result: Path | str) -> None:
    """Takes the lock.

    Raises:
        OutputError: another run holds it.
    """
    for left in reversed(range(TRIES)):
        try:
            held.acquire(blocking=False)
            return
        except (Timeout, FileExistsError, FileNotFoundError):
            if os.path.lexists(lock):
                break
            if not left:  # before, whoever held it had just ended, and removed it or its folder
                raise
    what = f"another run is at work on it ({_holder(lock) or 'it has just begun'})"
    raise OutputError(result, what, "wait for it, or end it and start again")


def _signed(file: int) -> os.stat_result:
    """The status of a lock's open file, into which this process has been written as its holder.

    The first line is empty: on Windows nobody else can read the byte that is locked.
    """
    line = f"\nprocess {os.getpid()} on {socket.gethostname()}, since {time.ctime()}\n"
    with suppress(OSError):  # a full disk keeps the name out, and not the lock open
        os.ftruncate(file, 0)
        os.write(file, line.encode())
    return os.fstat(file)


def _holder(lock: Path) -> str:
    """Who holds a lock, as `_signed` wrote it; "" where nothing is written."""
    with suppress(OSError), lock.open("rb", buffering=0) as file:
        file.seek(1)
        return file.read().decode(errors="replace").strip()
    return ""


@contextmanager
def written_whole(out: Path) -> Iterator[Path]:
    """Yields a temporary path, which is renamed to `out` when the block ends, or removed where it fails.

    Raises:
        OutputError: it cannot be written.
    """
    part = out.with_name(out.name + ".part")
    try:
        yield part
        part.replace(out)
    except OSError as error:
        what = "the disk is full" if error.errno == errno.ENOSPC else f"cannot be written ({error.strerror or error})"
        raise OutputError(out, what, "check its folder, or name a file elsewhere with -o") from error
    finally:
        part.unlink(missing_ok=True)


def stamp_of(path: Path) -> tuple[int, int]:
    """Size and time of a file, by which a change is seen; (0, 0): it is not there."""
    try:
        about = path.stat()
    except OSError:
        return 0, 0
    return about.st_size, about.st_mtime_ns


def size_of(path: Path) -> int:
    """Bytes of a file; of a folder, of the files in it."""
    return sum(each.stat().st_size for each in (path.iterdir() if path.is_dir() else [path]))


def sha256_of(path: Path) -> str:
    """sha256 of a file's bytes, in hex; of a folder's, that of the names and sha256 of its files."""
    if path.is_dir():
        listed = "".join(f"{each.name} {sha256_of(each)}\n" for each in sorted(path.iterdir()))
        return hashlib.sha256(listed.encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def film_fingerprint(film: Film) -> str:
    """The fingerprint of a film's file; of scans that of the sizes of all pictures, and of the first and the last."""
    if film.scans is None:
        return fingerprint(film.path)
    scans, digest = film.scans, hashlib.sha256()
    there = [path for path in scans.files if path != scans.sound]
    for path in there:
        digest.update(f"{path.name} {path.stat().st_size}\n".encode())
    ends = [fingerprint(path) for path in (there[0], there[-1], scans.sound) if path]
    return f"{len(there)}-{digest.hexdigest()}-{'-'.join(ends)}"


def fingerprint(path: Path) -> str:
    """Size and sha256 of the film's head, middle and tail, 1 MiB each."""
    size = path.stat().st_size
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for start in (0, max(0, size // 2), max(0, size - SAMPLE)):
            file.seek(start)
            digest.update(file.read(SAMPLE))
    return f"{size}-{digest.hexdigest()}"


def film_mark(film: Film) -> str:
    """12 digits, hex, by which a film is known again in the pictures made of it."""
    return hashlib.sha256(film_fingerprint(film).encode()).hexdigest()[:12]
