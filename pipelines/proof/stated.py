"""The record of a result, read back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

from pipelines.errors import InputError, MissingError
from pipelines.job.beside import record_of
from pipelines.places import sha256_of
from pipelines.proof.framemd5 import Track, load
from pipelines.proof.record import FORM
from pipelines.settings import Codec, EncodeSettings, ScanSettings, Settings

AGAIN = "copy it again beside the result"


@dataclass(frozen=True)
class Stated:
    """Statements of a record about its result."""

    path: Path
    """Of the record."""
    facts: Mapping[str, Any]
    """As in docs/restored.schema.json."""
    lumas: Track
    """The luma of each frame as it entered the encoder."""
    packets: Track
    """The picture's packets as the result held them."""
    outside: Track | None = None
    """The luma of each frame outside its mask; None: no masks were written."""

    @property
    def source(self) -> str:
        """sha256 of the film."""
        return str(self.facts["source"]["sha256"])

    @property
    def result(self) -> Mapping[str, Any]:
        """Facts of the result."""
        return dict(self.facts["result"])

    @property
    def is_mended(self) -> bool:
        """Whether repairs were asked for, by which luma may differ from the film's."""
        return any(shot["repairs"] for shot in self.facts["shots"])

    def mask(self, named: Path | None, result: Path) -> Path | None:
        """The film of masks of what was mended: the one that a person names, or the one beside the result.

        Raises:
            InputError: it is not the one of the record.
        """
        facts = self.facts["mask"]
        path = named or (facts and result.with_name(facts["name"]))
        if facts is None or path is None or (named is None and not path.is_file()):
            return None
        if not path.is_file() or sha256_of(path) != facts["sha256"]:
            raise InputError(path, "is not the film of masks that the record names", "--mask names another")
        return Path(path)

    def settings(self, sound: Path | None) -> Settings:
        """The settings on which it depends how the film is read, and what the result holds beside its picture.

        Args:
            sound: of scans, the file with theirs.
        """
        read = self.facts["read"]
        start, end, fps = (None if read[name] is None else Fraction(read[name]) for name in ("start", "end", "fps"))
        return Settings(
            encode=self._encode,
            start=start,
            end=end,
            scans=ScanSettings(fps, sound),
            first_timecode=read.get("first_timecode", ""),
            keep_start=read["keep_start"],
            skip_damaged=read["skip_damaged"],
            deinterlace=read["deinterlace"],
            recolour=True,
        )

    @property
    def _encode(self) -> EncodeSettings:
        """The picture's form; pictures in a folder have no codec."""
        if self.result["codec"] not in get_args(Codec):
            return EncodeSettings()
        form: dict[str, Any] = {"profile": self.result.get("profile"), "layer": bool(self.result.get("layer"))}
        return EncodeSettings(self.result["codec"], **form)

    @property
    def origin(self) -> dict[str, str]:
        """Of the result, see `origin.origin_of`."""
        return dict(self.facts["origin"])


def load_record(result: Path, record: Path | None) -> Stated:
    """The record of a result.

    Args:
        result: a file, or a folder of pictures.
        record: None: it lies beside the result.

    Raises:
        InputError: there is none, or it is damaged; or there is no result.
    """
    path = record or record_of(result)
    if not result.exists():
        raise MissingError(result, "no such file", "check its name and folder")
    if not path.is_file():
        hint = "a run with --sidecar writes one; --record names one that lies elsewhere"
        raise MissingError(path, "no such file, and without its record a result cannot be verified", hint)
    try:
        facts = json.loads(path.read_text("utf-8"))
        form = facts["form"]
        lumas, digest = path.with_name(facts["luma"]["file"]), facts["luma"]["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(path, "is no record of a result", AGAIN) from error
    if form != FORM:
        raise InputError(path, f"has the form {form!r}, and {FORM!r} is read", "take the version that wrote it")
    if lumas.is_file() and sha256_of(lumas) != digest:
        raise InputError(lumas, "is not the file that the record names: its sha256 differs", AGAIN)
    return Stated(path, facts, *load(lumas))
