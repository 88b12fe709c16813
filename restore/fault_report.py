"""The report of a fault: facts of this machine and of a film, without paths and names."""

import platform
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pipelines import product_version
from pipelines.errors import FilmError
from pipelines.media.probe import probe
from pipelines.settings import ScanSettings
from pipelines.source import Film, Picture

PLACE = re.compile(
    r"(?<![\w.])(?:[a-z][a-z0-9+.-]*:/|[A-Za-z]:(?=[\\/])|~(?=[\\/]))?(?:[\\/]+[^\s\\/:;,'\"()<>]+)+[\\/]*"
)
"""A path or URL, as far as a blank; what blanks can be in is left out beforehand, word for word."""
INSTEAD = "..."
PICTURE_FACTS = (
    "codec", "pixel_format", "bits", "is_full_range", "matrix", "primaries", "transfer", "time_base", "frame_rate",
    "base_rate", "sample_aspect_ratio", "field_order", "has_captions", "is_timed_by_dts",
)  # fmt: skip
"""Fields of `Picture` that a report has; none of them is the film's own words."""


def without_places(text: str, *known: Path) -> str:
    """The text with three dots for each path and URL in it.

    Args:
        text: any text.
        known: paths that are left out even where there are blanks in them, or where only their last part is named.
    """
    folders = [Path.cwd(), Path.home(), Path(tempfile.gettempdir())]
    words = {word for path in known for word in (str(path), str(path.absolute()), path.name) if word}
    words |= {str(folder) for folder in folders if folder.name}
    for word in sorted(words, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", INSTEAD, text)
    return PLACE.sub(INSTEAD, text)


def film_facts(path: Path) -> Iterator[str]:
    """Facts of a film, or why it cannot be read; no path, name, title or other words of the film's own."""
    try:
        film = probe(path, ScanSettings())
    except FilmError as error:
        yield f"film: {type(error).__name__}: {without_places(error.what, path)}"
        return
    times = f"{float(film.duration):.3f} s from {float(film.start):.3f} s"
    yield f"film: {film.container}, {times}, {film.chapters} chapters"
    yield f"picture: {_picture(film.picture)}"
    yield from (f"stream: {other.kind}, {other.codec}" for other in film.others)
    if film.scans:
        yield f"scans: {film.scans.names.suffix}, {film.scans.frames} frames, {len(film.scans.missing)} missing"
    yield from (f"note: {without_places(note, *_files(film))}" for note in film.notes)


def _picture(picture: Picture) -> str:
    facts = [f"{picture.width}x{picture.height}", *(f"{name} {getattr(picture, name)}" for name in PICTURE_FACTS)]
    return ", ".join([*facts, f"turns {picture.display_matrix.turns}", *picture.left_out])


def _files(film: Film) -> list[Path]:
    """The film's files that a note may name."""
    sound = film.path_of_others
    return [film.path, *([sound] if sound else [])]


def fault_report(film: Path | None) -> Iterator[str]:
    """Lines for a report of a fault: the machine's facts, then the film's where one is given."""
    from restore.doctor import examine

    yield f"restore {product_version()}, Python {platform.python_version()} on {platform.platform()}"
    for is_right, fact in examine():
        yield without_places(fact if is_right else f"BAD {fact}")
    if film is not None:
        yield from film_facts(film)
