"""The working folder of a run: finished segments and the entries by which a run that was killed goes on."""

import dataclasses
import json
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.errors import OutputError
from pipelines.frames import EncodedSegment, ShotRepair
from pipelines.media.join import SegmentFile
from pipelines.places import WORK, remove, sha256_of
from pipelines.source import Segment

ENTRIES = "[0-9]*.json"
"""Names of the entries of finished segments."""


class WorkFolder:
    """Segments on disk: a segment is done when its entry lies beside it and its file's sha256 agrees.

    Each entry is a file of its own, written by the process that finished the segment. What was finished before a run
    was killed is found again, in whatever order. The folder pickles.

    Args:
        out: the result.
        about: the identity of the run.
        starts_over: whether finished segments of a run of another identity may be lost.
        own: identities of segments by their numbers; of those that have none, nothing was given.
    """

    def __init__(
        self, out: Path, about: dict[str, str], starts_over: bool, own: Mapping[int, str] | None = None
    ) -> None:
        self.out, self.starts_over, self.own = out, starts_over, own or {}
        self.folder = out.with_name(out.name + WORK)
        self.manifest = self.folder / "manifest.json"
        self.lock = self.folder / "lock"
        """Held by the run that is at work, see `places.only_run`."""
        self.about = about
        self.differs: list[str] = []
        """Differences from the run that left the folder, in words; where there are any, the run starts over."""

    def __enter__(self) -> "WorkFolder":
        """Makes the folder, or takes up the one that an earlier run left.

        Raises:
            OutputError: it has finished segments of a run that differs, and may not start over.
        """
        self.folder.mkdir(exist_ok=True)
        try:
            self._take_up()
        except OSError:
            self.__exit__()
            raise
        return self

    def _take_up(self) -> None:
        before = _read(self.manifest).get("about", {})
        before = before if isinstance(before, dict) else {}
        if before and before != self.about:
            keys = [key for key in {**before, **self.about} if before.get(key) != self.about.get(key)]
            self.differs = [
                f"{key.rpartition('.')[2]} was {before.get(key, 'unset')}, is {self.about.get(key, 'unset')}"
                for key in keys
            ]
            self._check_lost()
        kept = {self.manifest, self.lock}
        if before == self.about:
            kept |= {path for entry in self._entries() for path in (entry, entry.with_suffix(".segment"))}
        for file in set(self.folder.iterdir()) - kept:
            remove(file)
        _write(self.manifest, {"about": self.about})

    def _check_lost(self) -> None:
        if self.done and not self.starts_over:
            what = f"{self.done} finished segment{'s' * (self.done > 1)} would be lost: {', '.join(self.differs)}"
            raise OutputError(self.out, what, "--overwrite starts over; with the settings of before it goes on")

    def __exit__(self, *error: object) -> None:
        """Removes what is half written, and the whole folder where no segment is done."""
        for segment in self.folder.glob("*.part"):
            remove(segment)
        if not any(self.folder.glob("*.segment")):
            self.remove()

    def _entries(self) -> list[Path]:
        return list(self.folder.glob(ENTRIES))

    @property
    def done(self) -> int:
        """Finished segments."""
        return len(self._entries())

    def part(self, name: str) -> Path:
        """Where something is written until it is whole."""
        return _part(self.folder / name)

    def finished(self, segment: Segment, is_any: bool = False) -> SegmentFile | None:
        """The segment as an earlier run finished it.

        Args:
            segment: of the film.
            is_any: whether it may be of another identity, such as under another look.
        """
        path = self._path(segment)
        entry = _read(path.with_suffix(".json"))
        if self.has_changed(segment) and not is_any:
            return None
        if not entry or (entry["sha256"] and (not path.exists() or sha256_of(path) != entry["sha256"])):
            return None
        encoded = encoded_of(entry["encoded"])
        is_whole = len(encoded.lumas) == len(encoded.pts)
        return SegmentFile(path, encoded, entry.get("about", "")) if is_whole else None

    def has_changed(self, segment: Segment) -> bool:
        """Whether an earlier run finished the segment with another identity."""
        entry = _read(self._path(segment).with_suffix(".json"))
        return bool(entry) and entry.get("about", "") != self.own.get(segment.number, "")

    def _path(self, segment: Segment) -> Path:
        return self.folder / f"{segment.number:05d}.segment"

    def finish(self, segment: Segment, encoded: EncodedSegment, part: Path, own: str | None = None) -> SegmentFile:
        """Puts a segment that was written to `part` in its place, with its entry.

        Args:
            segment: of the film.
            encoded: facts of what was written.
            part: where that lies.
            own: its identity; None: the one that it has in this run.
        """
        path, own = self._path(segment), self.own.get(segment.number, "") if own is None else own
        digest = sha256_of(part) if encoded.pts else ""
        if encoded.pts:
            if path.is_dir():  # no folder takes the place of another with files in it
                remove(path)
            part.replace(path)
        try:
            entry = {"sha256": digest, "encoded": dataclasses.asdict(encoded)} | ({"about": own} if own else {})
            _write(path.with_suffix(".json"), entry)
        except OSError:  # without its entry a segment does not count
            remove(path)
            raise
        return SegmentFile(path, encoded, own)

    def remove(self) -> None:
        """Removes the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def finished_segments(out: Path) -> int:
    """How many segments of the result `out` are finished, and wait for a run to go on."""
    return len(list(out.with_name(out.name + WORK).glob(ENTRIES)))


def encoded_of(written: Mapping[str, Any]) -> EncodedSegment:
    """The facts of a segment from the object of JSON that they were written as."""
    was = {name: tuple(value) if isinstance(value, list) else value for name, value in written.items()}
    was["repairs"] = tuple(ShotRepair._make([*shot[:-1], tuple(shot[-1])]) for shot in was.get("repairs", ()))
    return EncodedSegment(**was)  # type: ignore[arg-type]  # as it was written


def _read(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty where the file is missing or not whole."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _part(path: Path) -> Path:
    """Another name at each call: a process that is being killed, or a machine cut off, may still write to its own."""
    return path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")


def _write(path: Path, content: dict[str, Any]) -> None:
    part = _part(path)
    part.write_text(json.dumps(content), "utf-8")
    part.replace(path)
