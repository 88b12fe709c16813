"""The working folder of a run: finished segments and the manifest by which a run that was killed goes on."""

import dataclasses
import hashlib
import json
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

from pipelines.batch import EncodedSegment, Segment
from pipelines.stages.mux import SegmentFile

SAMPLE = 1 << 20
"""Bytes read at the film's head, middle and tail to know it again."""


def fingerprint(path: Path) -> str:
    """Size and sha256 of the film's head, middle and tail, 1 MiB each."""
    size = path.stat().st_size
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for start in (0, max(0, size // 2), max(0, size - SAMPLE)):
            file.seek(start)
            digest.update(file.read(SAMPLE))
    return f"{size}-{digest.hexdigest()}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def flattened(value: Any, name: str = "") -> dict[str, str]:
    """Nested settings as flat text, so that two runs can be told apart by name: {"motion.steady": "1", ...}."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if not isinstance(value, dict):
        return {name: str(float(value)) if isinstance(value, Fraction) else str(value)}
    flat: dict[str, str] = {}
    for key, inner in value.items():
        flat |= flattened(inner, f"{name}.{key}" if name else key)
    return flat


class WorkFolder:
    """Segments on disk: a segment is done when the manifest names it and its file's sha256 agrees."""

    def __init__(self, out: Path, about: dict[str, str]) -> None:
        self.folder = out.with_name(out.name + ".restore")
        self.manifest = self.folder / "manifest.json"
        self.about = about
        self.segments: dict[str, Any] = {}
        self.differs: list[str] = []
        """What differs from the run that left the folder, in words; then it is started over."""

    def __enter__(self) -> "WorkFolder":
        """Makes the folder, or takes up the one that an earlier run left."""
        self.folder.mkdir(exist_ok=True)
        try:
            self._take_up()
        except OSError:
            self.__exit__()
            raise
        return self

    def _take_up(self) -> None:
        try:
            found = json.loads(self.manifest.read_text())
            before, segments = dict(found["about"]), dict(found["segments"])
        except (OSError, ValueError, KeyError, TypeError):
            before, segments = {}, {}
        if before and before != self.about:
            keys = [key for key in {**before, **self.about} if before.get(key) != self.about.get(key)]
            self.differs = [f"{key} was {before.get(key, 'unset')}, is {self.about.get(key, 'unset')}" for key in keys]
        self.segments = segments if before == self.about else {}
        for file in self.folder.iterdir():
            if file != self.manifest and file.name not in {entry["file"] for entry in self.segments.values()}:
                file.unlink()
        self._write()

    def __exit__(self, *error: object) -> None:
        """Removes what is half written, and the whole folder where no segment is done."""
        for segment in self.folder.glob("*.part"):
            segment.unlink(missing_ok=True)
        if not any(entry["sha256"] for entry in self.segments.values()):
            self.remove()

    def path(self, segment: Segment) -> Path:
        """Where a segment is written until it is done."""
        return self.folder / f"{segment.number:05d}.part"

    def finished(self, segment: Segment) -> SegmentFile | None:
        """The segment as an earlier run finished it."""
        entry = self.segments.get(str(segment.number))
        if entry is None:
            return None
        path = self.folder / entry["file"]
        if entry["sha256"] and (not path.is_file() or _digest(path) != entry["sha256"]):
            return None
        was = entry["encoded"]
        held, cuts = tuple(was["held"]), tuple(was["cuts"])
        encoded = EncodedSegment(tuple(was["pts"]), was["last_duration"], was["reorder"], held, cuts)
        return SegmentFile(path, encoded)

    def finish(self, segment: Segment, encoded: EncodedSegment) -> SegmentFile:
        """Puts a written segment in its place and into the manifest."""
        part, path = self.path(segment), self.folder / f"{segment.number:05d}.segment"
        if encoded.pts:
            part.replace(path)
        digest = _digest(path) if encoded.pts else ""
        self.segments[str(segment.number)] = {
            "file": path.name,
            "sha256": digest,
            "encoded": dataclasses.asdict(encoded),
        }
        try:
            self._write()
        except OSError:  # a segment that the manifest does not name is none
            del self.segments[str(segment.number)]
            path.unlink(missing_ok=True)
            raise
        return SegmentFile(path, encoded)

    def _write(self) -> None:
        part = self.manifest.with_suffix(".part")
        part.write_text(json.dumps({"about": self.about, "segments": self.segments}))
        part.replace(self.manifest)

    def remove(self) -> None:
        """Removes the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
