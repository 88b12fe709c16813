"""A look file, read strictly: each fault is told by its line and its key. docs/looks.md has the keys."""

import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path
from typing import Any

from pipelines.look import Look, LookEntry, LookValues
from pipelines.ranges import Place, Range, Ranges, When, place_of, range_of
from pipelines.repair_settings import RepairSettings
from pipelines.settings import Hint, Reference, Settings, Still
from restore.options.hints import hint_of, read_hints
from restore.options.look_lines import Table, tables

ALIASES = {"temperature": "sharpen"}
GIVEN = ("hints", "stills", "references")
OWN = {"film": ("name", "mark"), "shot": ("number", "start", "end", "state", "note"), "range": ("at",)}
"""Keys of each kind of table beside its settings and what is given in it; state and note are for people."""


def with_look(settings: Settings, path: Path) -> Settings:
    """The settings with a look file, and with the hints, stills and references that it gives.

    Raises:
        ValueError: it is not one; the message says file, line and key.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: is not TOML ({error})") from error
    return with_look_text(settings, text, path)


def with_look_text(settings: Settings, text: str, path: Path) -> Settings:
    """The settings with the text of a look file, which need not be there. Raises what `with_look` does."""
    try:
        held = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: is not TOML ({error})") from error
    readers = [_Reader(path, table, content) for table, content in _paired(path, tables(text), held)]
    readers.sort(key=lambda reader: reader.table.name != "film")  # wherever it stands, it lies under all others
    entries = [reader.entry() for reader in readers]
    mark = next((reader.content.get("mark", "") for reader in readers if reader.table.name == "film"), "")
    return replace(
        settings,
        look=Look(path, tuple(entries), str(mark)),
        hints=(*settings.hints, *(hint for reader in readers for hint in reader.hints())),
        stills=(*settings.stills, *(still for reader in readers for still in reader.stills())),
        references=(*settings.references, *(each for reader in readers for each in reader.references())),
    )


def _paired(path: Path, found: list[Table], held: dict[str, Any]) -> Iterator[tuple[Table, dict[str, Any]]]:
    """The tables of a file, each with its content."""
    top, *found = found
    for key, line in top.keys.items():
        raise ValueError(f"{path} line {line}: {key} stands in no table; write it under [film], [[shot]] or [[range]]")
    left = {name: [content] if isinstance(content, dict) else list(content) for name, content in held.items()}
    for table in found:
        if table.name not in OWN:
            raise ValueError(f"{path} line {table.line}: no table {table.name!r}; known: [film], [[shot]], [[range]]")
        if isinstance(held[table.name], list) == (table.name == "film"):
            written = "[film]" if table.name == "film" else f"[[{table.name}]]"
            raise ValueError(f"{path} line {table.line}: is written {written}")
        yield table, left[table.name].pop(0)
    if any(left.values()):
        raise ValueError(f"{path}: write each [film], [[shot]] and [[range]] on a line of its own")


@dataclass(frozen=True)
class _Reader:
    """Reads one table of a look."""

    path: Path
    table: Table
    content: dict[str, Any]

    def entry(self) -> LookEntry:
        """Its settings, and where they hold."""
        values, shot = LookValues(), self.content.get("number")
        for key, written in self.content.items():
            with self._named(key):
                name = self._known(key)
                if name in VALUES:
                    value = VALUES[name](self._file(written) if name == "network" else written)
                    values = replace(values, **{name: value})
        given = tuple(name for name in GIVEN if name in self.content)
        return LookEntry(self.where(), values, shot, self.table.line, given)

    def where(self) -> Ranges:
        """The parts of the film that the table is about; none: all of it."""
        if self.table.name == "film":
            return ()
        key = "at" if self.table.name == "range" else "number"
        with self._named(key):
            if key not in self.content:
                raise ValueError("is missing")
            if key == "at":
                return tuple(range_of(_text(each)) for each in _list(self.content["at"]))
            whole = When(f"shot {_count(self.content[key])}")
        first, last = self._place("start"), self._place("end")
        if (first is None) != (last is None):
            with self._named("start" if last is None else "end"):
                raise ValueError("says where the shot is only with both, start and end")
        with self._named("end"):
            return (Range(whole, whole) if first is None else Range(first, last),)

    def _place(self, key: str) -> Place | None:
        with self._named(key):
            return place_of(_text(self.content[key])) if key in self.content else None

    def hints(self) -> Iterator[Hint]:
        """The hints that it gives; one that says no time is of the first frame."""
        for number, each in enumerate(_list(self.content.get("hints", [])), start=1):
            with self._named("hints"):
                if isinstance(each, str):
                    yield from read_hints(self._existing(each))
                else:
                    first = {} if (place := self._first()) is None else {"time": place}
                    yield hint_of(first | each if isinstance(each, dict) else each, f"hint {number}", self.path.parent)

    def _first(self) -> Place | None:
        """The place where the table's first range begins; None where the table is about all of the film."""
        where = self.where()
        if not where or where[0].is_outside:
            return None
        start = where[0].start
        return Fraction(0) if start is None else start

    def stills(self) -> Iterator[Still]:
        """The painted frames that it gives."""
        for each in _list(self.content.get("stills", [])):
            with self._named("stills"):
                named = each if isinstance(each, dict) else {"file": each}
                if named.keys() - {"time"} != {"file"}:
                    raise ValueError("takes names of pictures, or { file = NAME, time = TIME }")
                time = place_of(_text(named["time"])) if "time" in named else None
                yield Still(self._existing(named["file"]), time)

    def references(self) -> Iterator[Reference]:
        """The pictures and shots that its part of the film takes colours from."""
        for each in _list(self.content.get("references", [])):
            with self._named("references"):
                source = place_of(_text(each)) if str(each).startswith("shot ") else self._existing(each)
                assert not isinstance(source, Fraction)
                yield Reference(source, self.where())

    def _known(self, key: str) -> str:
        """The name of a key that a table of this kind may have."""
        known = [*OWN[self.table.name], *VALUES, *GIVEN]
        name = ALIASES.get(key, key)
        if name in known:
            return name
        near = get_close_matches(key, known, n=1)
        raise ValueError(
            f"is no key of a look; did you mean {near[0]}?" if near else f"is no key; known: {', '.join(known)}"
        )

    def _file(self, written: Any) -> Any:
        """A file by its path from the look's own folder, where there is one; else as it is written."""
        there = self.path.parent / written if isinstance(written, str) else None
        return str(there) if there is not None and there.is_file() else written

    def _existing(self, written: Any) -> Path:
        there = self.path.parent / _text(written)
        if not there.is_file():
            raise ValueError(f"no such file: {there}")
        return there

    @contextmanager
    def _named(self, key: str) -> Iterator[None]:
        """Raises a fault with the file, the line and the key."""
        try:
            yield
        except ValueError as error:
            said = str(error)
            fault = (
                said if said.startswith(f"{key} ") else f"{key} {said}" if said.startswith(VERBS) else f"{key}: {said}"
            )
            where = f"{self.path} line {self.table.keys.get(key, self.table.line)}"
            raise ValueError(said if said.startswith(str(self.path)) else f"{where}: {fault}") from error


VERBS = ("must ", "is ", "takes ", "says ")


def _list(written: Any) -> list[Any]:
    return written if isinstance(written, list) else [written]


def _text(written: Any) -> str:
    """Text, or a number as it would be written."""
    if isinstance(written, bool) or not isinstance(written, str | int | float):
        raise ValueError(f"must be text, got {written!r}")
    return str(written)


def _count(written: Any) -> int:
    if type(written) is not int or written < 1:
        raise ValueError(f"must be a number from 1, got {written!r}")
    return written


def _number(written: Any) -> float:
    if type(written) not in (int, float):
        raise ValueError(f"must be a number, got {written!r}")
    return float(written)


def _bool(written: Any) -> bool:
    if type(written) is not bool:
        raise ValueError(f"must be true or false, got {written!r}")
    return written


def _rectangles(written: Any) -> tuple[tuple[int, ...], ...]:
    areas = _list(written)
    if areas and not isinstance(areas[0], list):
        areas = [areas]
    if not all(isinstance(area, list) and len(area) == 4 and all(type(n) is int for n in area) for area in areas):
        raise ValueError(f"must be [left, top, width, height] in pixels, or a list of these, got {written!r}")
    return tuple(tuple(area) for area in areas)


VALUES: dict[str, Callable[[Any], Any]] = {
    "network": _text,
    "sharpen": _number,
    "steady": lambda written: Fraction(str(_number(written))),
    "saturation": _number,
    "warmth": _number,
    "neutral": _bool,
    "keep_colour": _rectangles,
    "repair": RepairSettings.from_table,
}
"""Keys that are settings, as fields of LookValues, and how each is read."""
