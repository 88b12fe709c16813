"""Folders of scans among an archive's files."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipelines.media.scans import sequences
from pipelines.places import WORK
from pipelines.source import SCAN_SUFFIXES, Numbered

MIN_SCANS = 10
"""Numbered pictures that are taken for a film; fewer are stills beside one."""


@dataclass(frozen=True)
class ScanFolder:
    """A sequence of scans in a store."""

    name: str
    """Of its folder, empty for the store itself; of one of several in a folder, the pattern of its pictures."""
    place: str
    """The stem of its result's name: the folder's, or the folder's and the pictures' prefix."""
    pictures: tuple[str, ...]
    """Their names in the store."""


def scan_folders(names: Mapping[str, object], folder: str) -> list[ScanFolder]:
    """The sequences of scans among files, by place.

    Args:
        names: of the files, with the folders that they are in.
        folder: the name of the folder that holds all.
    """
    folders: dict[str, list[str]] = defaultdict(list)
    for name in names:
        path = PurePosixPath(name)
        is_apart = any(part.startswith(".") or part.endswith(WORK) for part in path.parts)
        if path.suffix.lower() in SCAN_SUFFIXES and not is_apart:
            folders[str(path.parent)].append(path.name)
    return [found for above, pictures in sorted(folders.items()) for found in _in(above, pictures, folder)]


def _in(above: str, pictures: list[str], folder: str) -> list[ScanFolder]:
    """The sequences in one folder."""
    found = sequences(pictures)
    inside = "" if above == "." else above
    made = []
    for (prefix, suffix), numbers in sorted(found.items()):
        if not numbers[0] or len(numbers) < MIN_SCANS:
            continue
        own = tuple(str(PurePosixPath(above) / f"{prefix}{number}{suffix}") for number in numbers)
        if len(found) == 1:
            made.append(ScanFolder(inside, inside or folder, own))
        else:
            pattern = Numbered(Path(above), prefix, min(map(len, numbers)), suffix)
            stem = prefix.rstrip("._- ") or folder
            made.append(
                ScanFolder(str(PurePosixPath(above) / str(pattern)), str(PurePosixPath(above) / f"{stem}{suffix}"), own)
            )
    return made
