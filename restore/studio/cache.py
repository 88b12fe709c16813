"""Pictures that were made, kept on disk as long as there is room."""

import os
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

LIMIT = 2 << 30
"""Bytes: some 400 frames of 1080p, before and after."""


@dataclass(frozen=True)
class Cache:
    """A folder of files by keys; the one that was asked for longest ago makes room."""

    folder: Path
    limit: int = LIMIT
    """Bytes."""

    def place(self, key: str, suffix: str) -> Path:
        """The path of the file with this key, whether it is there or not."""
        return self.folder / f"{sha256(key.encode()).hexdigest()[:32]}{suffix}"

    def find(self, path: Path) -> bytes | None:
        """The bytes of a file; None: it is not there."""
        with suppress(FileNotFoundError):
            found = path.read_bytes()
            os.utime(path)
            return found
        return None

    def trim(self) -> None:
        """Removes files until the rest is within the limit."""
        files = sorted(((path, path.stat()) for path in self.folder.iterdir()), key=lambda each: each[1].st_mtime_ns)
        too_much = sum(about.st_size for _, about in files) - self.limit
        for path, about in files:
            if too_much <= 0:
                break
            path.unlink(missing_ok=True)
            too_much -= about.st_size
