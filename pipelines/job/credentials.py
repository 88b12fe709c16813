"""Whether a result can be signed, and what becomes of the film's own content credentials (C2PA)."""

import os
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from pipelines.errors import SettingsError
from pipelines.settings import Settings
from pipelines.source import Film

SIGNED = ("mp4", "mov")
"""Containers whose results are signed."""
BOX = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
"""UUID of the box of content credentials in MP4 and MOV (C2PA 2.2, A.5)."""
MAX_BOXES = 10_000
"""Read at the top of a file; a file in fragments has more, behind its credentials."""


def with_credentials_note(film: Film, settings: Settings) -> Film:
    """The film with a note where its own content credentials are left out."""
    if settings.c2pa_cert or film.scans is not None or not has_credentials(film.path):
        return film
    note = "left out: its content credentials (C2PA), which only a signed result keeps; --c2pa-cert and --c2pa-key sign"
    return replace(film, notes=(*film.notes, note))


def check_credentials(film: Film, container: str, settings: Settings, option: str = "-o") -> None:
    """Raises SettingsError where a result that is to be signed cannot be; `option` names another."""
    if settings.c2pa_cert is None:
        return
    if container not in SIGNED:
        raise SettingsError(
            film.path, f"results in {container} cannot be signed", f"name an .mp4 or .mov with {option}"
        )
    if find_spec("c2pa") is None:
        raise SettingsError("--c2pa-cert", "needs c2pa-python", "pip install 'restore-film[c2pa]'")
    for name, path in (("--c2pa-cert", settings.c2pa_cert), ("--c2pa-key", settings.c2pa_key)):
        if path is None or not os.access(path, os.R_OK):
            raise SettingsError(name, f"{path} cannot be read", "name a PEM file")


def has_credentials(path: Path) -> bool:
    """Whether an MP4 or MOV has content credentials."""
    with path.open("rb") as file:
        for _ in range(MAX_BOXES):
            head = file.read(32)
            if len(head) < 8 or (file.tell() <= 32 and head[4:8] not in (b"ftyp", b"moov", b"mdat", b"wide")):
                return False
            size, used = int.from_bytes(head[:4]), 8
            if size == 1:
                size, used = int.from_bytes(head[8:16]), 16
            if head[4:8] == b"uuid" and head[used : used + 16] == BOX:
                return True
            if size < used:
                return False
            file.seek(size - len(head), os.SEEK_CUR)
    return False
