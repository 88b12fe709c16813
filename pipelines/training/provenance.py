"""Provenance of weights: data by digest, code by version."""

import hashlib
import subprocess
from collections.abc import Sequence
from pathlib import Path

from pipelines import product_version
from pipelines.media.pictures import pictures_in


def digest_of(paths: Sequence[Path]) -> str:
    """sha256, in hex, over files' contents, whatever their order; folders count by their pictures' names and sizes."""
    lines = []
    for path in paths:
        if path.is_dir():
            listed = sorted((str(p.relative_to(path)), p.stat().st_size) for p in pictures_in(path))
            lines.append(hashlib.sha256(repr(listed).encode()).hexdigest())
        else:
            with path.open("rb") as file:
                lines.append(hashlib.file_digest(file, "sha256").hexdigest())
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def code_version() -> str:
    """This package's version and, where it runs from a checkout, the commit."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        commit = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return product_version()
    return f"{product_version()} {commit}"
