"""The look file of a film, as the page has it: JSON of the very tables that the file has."""

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any

from pipelines.places import written_whole

Look = dict[str, Any]
"""`film`: a table; `shot` and `range`: lists of tables. docs/looks.md has their keys."""
HEAD = "# For restore FILM --look {file}; docs/looks.md has all keys.\n"


def look_path(film: Path) -> Path:
    """The place of a film's look: beside the film."""
    return film.with_name(f"{film.stem}.look.toml")


def stamp_of(path: Path) -> str:
    """sha256 of a file, by which a change is seen; empty: there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def read_look(path: Path) -> Look:
    """The tables of a look file; none where there is no file.

    Raises:
        ValueError: it is not TOML.
    """
    return tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}


def write_look(look: Look, path: Path) -> None:
    """Writes a look file.

    Raises:
        OutputError: it cannot be written.
        ValueError: a value has no form in TOML.
    """
    text = HEAD.format(file=json.dumps(path.name)) + look_text(look)
    with written_whole(path) as part:
        part.write_text(text, "utf-8")


def look_text(look: Look) -> str:
    """The look as TOML.

    Raises:
        ValueError: a value has no form in TOML.
    """
    parts = []
    for name, content in look.items():
        for table in content if isinstance(content, list) else [content]:
            if not isinstance(table, dict):
                raise ValueError(f"{name} is no table")
            if table or isinstance(content, list):
                header = f"[[{name}]]" if isinstance(content, list) else f"[{name}]"
                parts.append("\n".join(["", header, *(f"{_key(key)} = {_value(each)}" for key, each in table.items())]))
    return "\n".join(parts) + "\n"


def _key(key: str) -> str:
    return key if key.isascii() and key.replace("_", "").replace("-", "").isalnum() else _value(key)


def _value(value: Any) -> str:
    """A value as TOML has it: text as in JSON, but for the letters that JSON lets stand."""
    match value:
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case bool() | int() | float():
            return json.dumps(value, allow_nan=False)
        case list():
            return f"[{', '.join(map(_value, value))}]"
        case dict():
            return f"{{ {', '.join(f'{_key(key)} = {_value(each)}' for key, each in value.items())} }}"
    raise ValueError("a look holds text, numbers, true, false and lists of these")
