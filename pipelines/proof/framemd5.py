"""md5 of each frame in the form of FFmpeg's framemd5: its luma as encoded, and its packet as the result holds it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from pipelines.errors import InputError
from pipelines.proof.origin import tool

COLUMNS = "#stream#, dts,        pts, duration,     size, hash\n"


@dataclass(frozen=True)
class Row:
    """One frame, or one packet."""

    dts: int
    pts: int
    duration: int
    size: int
    """Bytes."""
    md5: str


@dataclass(frozen=True)
class Track:
    """The frames of a picture, or its packets, in order."""

    codec: str
    """rawvideo: frames; else of the packets."""
    tick: Fraction
    """Seconds."""
    size: tuple[int, int]
    """Width and height."""
    rows: Sequence[Row]

    @property
    def times(self) -> list[Fraction]:
        """Seconds at which each is shown."""
        return [row.pts * self.tick for row in self.rows]


def dump(tracks: Sequence[Track]) -> str:
    """The text of a file that holds these."""
    head = ["#format: frame checksums\n#version: 2\n#hash: MD5\n", f"#software: {tool()}\n"]
    for number, track in enumerate(tracks):
        head.append(f"#tb {number}: {track.tick.numerator}/{track.tick.denominator}\n#media_type {number}: video\n")
        head.append(f"#codec_id {number}: {track.codec}\n#dimensions {number}: {track.size[0]}x{track.size[1]}\n")
    lines = [line for number, track in enumerate(tracks) for line in _lines(number, track.rows)]
    return "".join([*head, COLUMNS, *lines])


def _lines(number: int, rows: Iterable[Row]) -> Iterable[str]:
    for row in rows:
        yield f"{number}, {row.dts:10}, {row.pts:10}, {row.duration:8}, {row.size:8}, {row.md5}\n"


def load(path: Path) -> list[Track]:
    """The tracks of a file.

    Raises:
        InputError: it cannot be read, or is none of these.
    """
    try:
        return _parsed(path.read_text("utf-8").splitlines())
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "copy it again beside the result") from error
    except (ValueError, KeyError) as error:
        raise InputError(path, "is no framemd5 of a run", "copy it again beside the result") from error


def _parsed(lines: list[str]) -> list[Track]:
    facts = dict(line[1:].split(": ", 1) for line in lines if line.startswith("#") and ": " in line)
    rows: dict[int, list[Row]] = {}
    for line in lines:
        if not line.startswith("#"):
            number, dts, pts, duration, size, md5 = line.split(",")
            row = Row(int(dts), int(pts), int(duration), int(size), md5.strip())
            rows.setdefault(int(number), []).append(row)
    return [
        Track(facts[f"codec_id {number}"], Fraction(facts[f"tb {number}"]), _size(facts[f"dimensions {number}"]), found)
        for number, found in sorted(rows.items())
    ]


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)
