"""Weights by name: those that ship, those that others published, where each lies, and whether a file is the right one.

Those that others published are downloaded by fetch.py, when `restore weights pull` asks for them. Imports no torch, so
that weights are listed at once.
"""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHIPPED = Path(__file__).parent
"""The folder of the weights that ship."""
LIST = SHIPPED / "weights.toml"
DEFAULT_NETWORK = "compact"
"""The network that ships."""
CLASS_NETWORK = "efficientnet-lite0"
"""The network that tells which of ImageNet's classes a shot shows, for networks that take one."""
HEAD = 512
"""Bytes read to recognise web pages and Git LFS pointers."""


@dataclass(frozen=True)
class Published:
    """One entry of `weights.toml`."""

    name: str
    paper: str
    licence: str
    noncommercial: bool
    """Whether its licence forbids commercial use."""
    megabytes: int
    """Size of the file, shown before it is fetched."""
    sha256: str
    """In hex; its first digits where the publisher gives no more; empty where nobody states it: then the file is known
    by its tensors alone."""
    urls: tuple[str, ...]
    """In the order in which they are tried."""
    bytes: int | None = None
    """Size of the file, where it is known exactly."""
    same: tuple[str, ...] = ()
    """sha256 of other files with the same weights, which some of the addresses give."""
    by_hand: str = ""
    """Where its files are fetched by hand, and what then, where no address gives one file."""
    paints: bool = True
    """Whether it colours films; the others find instances, or judge results."""

    def is_of(self, digest: str) -> bool:
        """Whether a file with this sha256 may be it."""
        return digest.startswith((self.sha256, *self.same))

    def __str__(self) -> str:
        use = ", non-commercial use only" if self.noncommercial else ""
        return f"{self.name}: {self.paper}; {self.megabytes} MB, licence {self.licence}{use}"


@functools.cache
def published() -> dict[str, Published]:
    """All of them by name."""
    import tomllib  # with hashlib a tenth of the time that --help takes

    entries = tomllib.loads(LIST.read_text("utf-8"))
    return {name: Published(name, **_with_tuples(entry)) for name, entry in entries.items()}


def _with_tuples(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}


def weights_digest(path: Path) -> str:
    """sha256 of a weights file, in hex."""
    import hashlib

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def identify(path: Path) -> Published | None:
    """The published file that this is, by its sha256; None where it is none of them."""
    digest = weights_digest(path)
    return next((one for one in published().values() if one.sha256 and one.is_of(digest)), None)


def no_weights(path: Path) -> str | None:
    """A description of a file that is not weights, such as a web page; None where it could be weights."""
    with path.open("rb") as file:
        head = file.read(HEAD).lstrip().lower()
    if not head:
        return "an empty file"
    if head.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer, not the file that it points to"
    if head.startswith((b"<!doctype html", b"<html", b"<?xml")):
        return "a web page, not weights"
    return None


def fault_of(path: Path, wanted: Published) -> str | None:
    """The reason that this is not the file wanted; None where it is."""
    other, size = no_weights(path), path.stat().st_size
    if other:
        return other
    if wanted.bytes is not None and size < wanted.bytes:
        return f"cut short: {size} of {wanted.bytes} bytes"
    digest = weights_digest(path)
    if not wanted.is_of(digest):
        return f"another file: sha256 {digest[:16]}..., not {wanted.sha256[:16]}{'...' * (len(wanted.sha256) > 16)}"
    return None


def default_folder() -> Path:
    """The folder of fetched weights by default, in the user's cache."""
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("restore")) / "weights"


def find_weights(name: str, folder: Path | None = None) -> Path:
    """The file of the weights `name` (one that ships, or that lies in `folder`) or at the path `name`.

    Args:
        name: without suffix, or a path.
        folder: of fetched weights; None takes `default_folder`.

    Raises:
        FileNotFoundError: there is no such file; the message says what to do.
    """
    ships = SHIPPED / f"{name}.safetensors"
    if ships.is_file():
        return ships
    folder = folder or default_folder()
    path = next((path for path in (folder / f"{name}.safetensors", Path(name)) if path.is_file()), None)
    if path is not None:
        return path
    if name in published():
        raise FileNotFoundError(f"weights of {name} are not in {folder}; fetch them: restore weights pull {name}")
    known = ", ".join(sorted({DEFAULT_NETWORK, *(name for name, one in published().items() if one.paints)}))
    raise FileNotFoundError(f"no network {name!r}: neither a file nor one that is known ({known})")
