"""`--set NAME=VALUE`: settings of any dataclass from the command line."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import click

T = TypeVar("T")


def assigned(defaults: T, assignments: Sequence[str], given: Mapping[str, object]) -> T:
    """Settings, a dataclass, with what the command line changes.

    Args:
        defaults: the settings.
        assignments: NAME=VALUE each, the value as JSON writes it or as bare text.
        given: values of options of their own by the setting's name; None: not given.

    Raises:
        click.BadParameter: a setting is unknown, or its value is none that it takes.
    """
    known = {field.name: getattr(defaults, field.name) for field in dataclasses.fields(defaults)}  # type: ignore[arg-type]
    changed = {name: value for name, value in given.items() if value is not None}
    for assignment in assignments:
        name, _, text = assignment.partition("=")
        if name not in known:
            raise click.BadParameter(f"--set {name}: no such setting; there are {', '.join(known)}")
        value = _value(text)
        if type(value) is int and type(known[name]) is float:
            with suppress(OverflowError):
                value = float(value)
        if type(value) is not type(known[name]):
            raise click.BadParameter(f"--set {assignment}: takes a value like {json.dumps(known[name])}")
        changed[name] = value
    try:
        return dataclasses.replace(defaults, **changed)  # type: ignore[type-var]
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _value(text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return tuple(value) if isinstance(value, list) else value
