"""Folders and films wherever fsspec reaches: local paths, and URLs such as s3://bucket/reels."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec

from pipelines.errors import FilmError, InputError, OutputError, SettingsError

APPEARS_WHOLE = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"}
"""Protocols under which an object has its name only when all of it is there; elsewhere it is renamed."""
SPARE = 1 << 26
"""Bytes that staging leaves free on the local disk."""


def is_url(where: str) -> bool:
    """Whether a film or folder is named by URL."""
    return "://" in where


def with_slashes(where: str, separator: str = os.sep) -> str:
    """A path as file systems of fsspec name it: people on Windows write backslashes."""
    return where if is_url(where) else where.replace(separator, "/")


@contextmanager
def _raised_as(where: str, what: str, kind: type[FilmError]) -> Iterator[None]:
    try:
        yield
    except FilmError:
        raise
    except ImportError as error:
        protocol = where.partition("://")[0]
        raise SettingsError(
            where, f"{protocol}:// needs another package ({error})", "pip install 'restore-film[s3]'"
        ) from error
    except Exception as error:  # each file system raises errors of its own kind
        raise kind(where, f"{what} ({_reason(error)})", "check its name and your right to it") from error


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


@dataclass(frozen=True)
class Store:
    """A folder, local or behind a URL; what lies in it is named relative to it, with slashes."""

    root: str
    """As the user named it."""
    fs: Any
    path: str
    """In the words of its file system."""

    @property
    def local(self) -> Path | None:
        """The folder, where it is one of this machine."""
        return None if is_url(self.root) else Path(self.path)

    def url(self, name: str) -> str:
        """The path or URL of a file in it, as the user would name it."""
        return f"{self.root.rstrip('/')}/{name}"

    def _at(self, name: str) -> str:
        return f"{self.path.rstrip('/')}/{name}" if name else self.path

    def files(self, under: str = "") -> dict[str, dict[str, Any]]:
        """All files in it or in one of its folders, by name, as fsspec describes them; none where it does not exist."""
        with _raised_as(self.root, "cannot be listed", InputError):
            self.fs.invalidate_cache()
            found = self.fs.find(self._at(under), detail=True)
            return {str(PurePosixPath(path).relative_to(self.path)): about for path, about in found.items()}

    def matching(self, pattern: str) -> dict[str, dict[str, Any]]:
        """The files that a glob names, which begins with the folder as the user named it, or lies in it."""
        with _raised_as(pattern, "cannot be listed", InputError):
            self.fs.invalidate_cache()
            whole = pattern if is_url(pattern) else str(Path(pattern).absolute())
            found = self.fs.glob(self.fs._strip_protocol(whole), detail=True)
            files = {path: about for path, about in found.items() if about["type"] == "file"}
            return {str(PurePosixPath(path).relative_to(self.path)): about for path, about in files.items()}

    def about(self, name: str) -> dict[str, Any]:
        """Facts of a file as fsspec gives them; empty where there is no such file."""
        with _raised_as(self.url(name), "cannot be looked at", InputError):
            try:
                return dict(self.fs.info(self._at(name)))
            except FileNotFoundError:
                return {}

    def is_folder(self) -> bool:
        """Whether it is there, and no file."""
        with _raised_as(self.root, "cannot be looked at", InputError):
            return bool(self.fs.isdir(self.path))

    def holds(self, other: "Store") -> bool:
        """Whether another folder is this one, or lies in it."""
        return type(self.fs) is type(other.fs) and PurePosixPath(other.path).is_relative_to(self.path)

    def name_of(self, other: "Store") -> str:
        """Another folder's name in this one; empty where it does not lie in it."""
        path = PurePosixPath(other.path)
        return str(path.relative_to(self.path)) if self.holds(other) and path != PurePosixPath(self.path) else ""

    def fetch(self, name: str, to: Path) -> None:
        """Copies a file to this machine, under its name only when it is whole; a folder file by file.

        Raises:
            OutputError: the local disk has no room for it.
            InputError: it cannot be read.
        """
        if self.fs.isdir(self._at(name)):
            to.mkdir(exist_ok=True)
            for each in self.files(name):
                self.fetch(each, to / PurePosixPath(each).name)
            return
        part = to.with_name(to.name + ".part")
        with _raised_as(self.url(name), "cannot be fetched", InputError):
            size = self.fs.size(self._at(name))
            check_room(to.parent, size)
            try:
                self.fs.get_file(self._at(name), str(part))
                if part.stat().st_size != size:
                    raise InputError(self.url(name), f"came as {part.stat().st_size} bytes of {size}", "start again")
                part.replace(to)
            finally:
                part.unlink(missing_ok=True)

    @contextmanager
    def open(self, name: str) -> Iterator[Any]:
        """A file to read parts of."""
        with _raised_as(self.url(name), "cannot be read", InputError), self.fs.open(self._at(name)) as file:
            yield file

    def put(self, path: Path, name: str) -> None:
        """Copies a local file into it, under its name only when it is whole; a folder file by file.

        Raises:
            OutputError: it cannot be written.
        """
        if path.is_dir():
            for each in sorted(path.iterdir()):
                self.put(each, f"{name}/{each.name}")
            return
        with _raised_as(self.url(name), "cannot be written", OutputError), self._named_when_whole(name) as part:
            self.fs.put_file(str(path), part)
            size = self.fs.size(part)
            if size != path.stat().st_size:
                raise OutputError(self.url(name), f"came as {size} bytes of {path.stat().st_size}", "start again")

    def read(self, names: list[str]) -> dict[str, bytes]:
        """The bytes of small files, by name, read many at a time."""
        with _raised_as(self.root, "cannot be read", InputError):
            # unlike `cat`, this takes names with brackets and stars for what they are
            found = self.fs.cat_ranges([self._at(name) for name in names], None, None, on_error="raise")
            return dict(zip(names, found, strict=True))

    def write(self, name: str, data: bytes) -> None:
        """Writes a small file, whole or not at all."""
        with _raised_as(self.url(name), "cannot be written", OutputError), self._named_when_whole(name) as part:
            self.fs.pipe_file(part, data)

    def remove(self, name: str) -> None:
        """Removes a file, if it is there."""
        with _raised_as(self.url(name), "cannot be removed", OutputError), suppress(FileNotFoundError):
            self.fs.rm_file(self._at(name))

    @contextmanager
    def _named_when_whole(self, name: str) -> Iterator[str]:
        """Where to write; it gets its name when the block ends well."""
        if self._is_atomic():
            yield self._at(name)
            self.fs.invalidate_cache()
            return
        self.fs.makedirs(str(PurePosixPath(self._at(name)).parent), exist_ok=True)
        part = self._at(name) + ".part"
        try:
            yield part
        except BaseException:
            if self.fs.exists(part):
                self.fs.rm_file(part)
            raise
        if self.local is not None:  # replaces in one step, as no other file system promises
            Path(part).replace(self._at(name))
        else:
            self.fs.mv(part, self._at(name))

    def _is_atomic(self) -> bool:
        protocols = {self.fs.protocol} if isinstance(self.fs.protocol, str) else set(self.fs.protocol)
        return bool(protocols & APPEARS_WHOLE)


def open_store(where: str) -> Store:
    """The folder at a path or URL; it need not exist.

    Raises:
        SettingsError: the URL's protocol is unknown, or its package is not installed.
    """
    try:
        with _raised_as(where, "cannot be opened", SettingsError):
            folder = f"{where}/" if where.endswith(":") else where  # a drive's own folder, not the one last used on it
            fs, path = fsspec.url_to_fs(where if is_url(where) else str(Path(folder).absolute()))
            return Store(where, fs, path)
    except ValueError as error:
        raise SettingsError(where, str(error), "give a path, or a URL that fsspec knows") from error


def check_room(folder: Path, size: int) -> None:
    """Raises OutputError where a local folder's disk has no room for so many bytes."""
    free = shutil.disk_usage(folder).free
    if free < size + SPARE:
        what = f"{size / 1e9:.2f} GB must be staged and {free / 1e9:.2f} GB are free"
        raise OutputError(folder, what, "free some, or name another folder with --scratch")
