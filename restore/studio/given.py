"""Pictures that a person gives on the page, kept beside the film and named from there, as its look names them."""

import hashlib
import re
from pathlib import Path

from pipelines.errors import OutputError
from pipelines.places import written_whole
from restore.studio.jobs import JobError

PAINTED = {b"\x89PNG": ".png", b"II*\0": ".tif", b"MM\0*": ".tif"}
"""Suffixes of painted frames by their first bytes."""
PHOTOGRAPHS = PAINTED | {b"\xff\xd8\xff": ".jpg"}
"""Suffixes of pictures whose colours are taken by likeness."""
MAX_NAME = 40
"""Letters that are kept of a photograph's name."""


def keep_painted(picture: bytes, film: Path, frame: int) -> str:
    """Keeps a frame that a person painted; gives its path from the film's folder.

    Raises:
        JobError: it is no PNG or TIFF, or cannot be written.
    """
    return _kept(picture, PAINTED, film, f"f{frame}", "a painted frame is a PNG or TIFF")


def keep_photograph(picture: bytes, film: Path, name: str) -> str:
    """Keeps a picture whose colours parts of the film take; gives its path from the film's folder.

    Args:
        picture: the file.
        film: whose it is.
        name: of the person's own file; its plain letters are kept.

    Raises:
        JobError: it is no picture that is read, or cannot be written.
    """
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", name.rpartition(".")[0]).strip("-")[:MAX_NAME] or "photograph"
    return _kept(picture, PHOTOGRAPHS, film, plain, "a photograph is a JPEG, PNG or TIFF")


def _kept(picture: bytes, kinds: dict[bytes, str], film: Path, name: str, rule: str) -> str:
    suffix = next((kind for begins, kind in kinds.items() if picture.startswith(begins)), None)
    if suffix is None:
        raise JobError(rule, "save it as one of these")
    folder = film.with_name(f"{film.stem}.stills")
    place = folder / f"{name}-{hashlib.sha256(picture).hexdigest()[:8]}{suffix}"
    try:
        folder.mkdir(exist_ok=True)
        with written_whole(place) as part:
            part.write_bytes(picture)
    except (OSError, OutputError) as error:
        raise JobError(str(error), film=str(folder)) from error
    return f"{folder.name}/{place.name}"
