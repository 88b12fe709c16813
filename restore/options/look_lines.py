"""Where the tables of a TOML file and their keys stand: `tomllib` tells it of faults in TOML alone."""

import re
from dataclasses import dataclass, field

_TABLE = re.compile(r"\s*\[\[?\s*([A-Za-z][\w-]*)((?:\s*\.\s*[\w-]+)*)\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"\s*([A-Za-z][\w-]*)(?:\s*\.\s*[\w-]+)*\s*=")


@dataclass
class Table:
    """A table of a file: [film], or one of [[shot]]."""

    name: str
    line: int
    """Of its header; lines count from 1."""
    keys: dict[str, int] = field(default_factory=dict)
    """The line of each key."""


def tables(text: str) -> list[Table]:
    """The tables of a file, in order; one whose header has a dot belongs to that before it, as [shot.repair] does.

    Args:
        text: valid TOML, with each header on a line of its own.
    """
    found = [Table("", 1)]
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _TABLE.fullmatch(line):
            if header[2]:
                found[-1].keys.setdefault(header[2].strip(" ."), number)
            else:
                found.append(Table(header[1], number))
        elif key := _KEY.match(line):
            found[-1].keys.setdefault(key[1], number)
    return found
