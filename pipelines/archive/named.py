"""A film of an archive, by its path or URL."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.archive.storage import Store, open_store
from pipelines.media.scans import beside, pattern_of
from pipelines.settings import Settings
from pipelines.source import SCAN_SUFFIXES


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
    columns: tuple[tuple[str, str], ...] = ()
    """A manifest's own columns and their cells, which go into the report."""

    @property
    def url(self) -> str:
        """As the user would name it."""
        return self.store.url(self.name)

    @property
    def path(self) -> Path | None:
        """The file, or the scans, where they are on this machine."""
        return None if self.store.local is None else self.store.local / self.name


def film_at(url: str, settings: Settings) -> ArchiveFilm:
    """A film that was named on its own."""
    folder, _, name = url.rstrip("/").rpartition("/")
    store = open_store(folder or ("/" if url.startswith("/") else "."))
    path = None if store.local is None else store.local / name
    if path is not None and (path.is_dir() or pattern_of(path) is not None):
        inside = name if path.is_dir() else ""
        pictures = {each: about for each, about in store.files(inside).items() if _is_scan_of(path, store, each)}
        place = name if path.is_dir() else beside(path, path.suffix[1:]).name
        return ArchiveFilm(store, name, place, settings, *about_all(pictures.values()), is_scans=True)
    return ArchiveFilm(store, name, name, settings, *about_of(store.about(name)))


def _is_scan_of(path: Path, store: Store, name: str) -> bool:
    """Whether a file of a store on this machine is a picture of the scans that a path names."""
    picture, names = Path(store.path) / name, pattern_of(path)
    if names is None:
        return picture.parent == path and picture.suffix.lower() in SCAN_SUFFIXES
    is_named = picture.name.startswith(names.prefix) and picture.suffix == names.suffix
    return picture.parent == path.parent and is_named


def about_all(abouts: Iterable[dict[str, Any]]) -> tuple[int, str]:
    """Bytes of several files, and what changes when one of them does; no version where there are none."""
    each = [about_of(about) for about in abouts]
    return sum(size for size, _ in each), f"{len(each)} {max(version for _, version in each)}" if each else ""


def about_of(about: dict[str, Any]) -> tuple[int, str]:
    """Bytes and version from what a file system tells of a file."""
    versions = (about.get(key) for key in ("ETag", "etag", "mtime", "LastModified", "updated", "created"))
    return int(about.get("size") or 0), str(next((each for each in versions if each is not None), ""))
