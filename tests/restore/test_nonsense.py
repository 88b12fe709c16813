"""Numbers beyond all measure and files nested without end are refused in one line."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from restore.cli import main
from restore.exits import shown_by
from restore.show.events import Opened
from restore.show.lines import Lines

HUGE = "9" * 500
DEEP = "[" * 100_000
LONG = f"{'x' * 300}.mp4"


def line_of(*args: str) -> str:
    """The last line of a command that ends with exit code 2."""
    result = CliRunner().invoke(main, args)
    assert result.exit_code == 2, result.output
    return result.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("option", "value", "what"),
    [
        ("--start", HUGE, "is not a time"),
        ("--end", f"{HUGE}:00:00", "is not a time"),
        ("--start", f"f{HUGE}", "is not a time"),
        ("--shot", HUGE, "--shot"),
        ("--steady", HUGE, "is not a time"),
        ("--anchors", HUGE, "is neither seconds"),
        ("--anchors", "1e999999999", "is neither seconds"),
        ("--fps", "1e999999999", "is not a number of pictures"),
    ],
)
def test_numbers_beyond_all_measure_are_refused(option: str, value: str, what: str) -> None:
    assert what in line_of("film.mp4", option, value)


@pytest.mark.parametrize("change", [{"x": 10**400}, {"y": 1e400}, {"time": 10**400}, {"time": f"f{HUGE}"}])
def test_hints_beyond_all_measure_are_refused(tmp_path: Path, change: dict[str, object]) -> None:
    hints = tmp_path / "hints.json"
    hints.write_text(json.dumps([{"time": 0, "x": 1, "y": 2, "colour": "#b04030", **change}]))
    assert "hints.json: hint 1: " in line_of("film.mp4", "--hints", str(hints))


def test_files_nested_without_end_are_refused(tmp_path: Path) -> None:
    for name, text in {"hints.json": DEEP, "restore.toml": f"codec = {DEEP}"}.items():
        (tmp_path / name).write_text(text)
    assert "no JSON (" in line_of("film.mp4", "--hints", str(tmp_path / "hints.json"))
    assert "cannot be read as TOML: " in line_of("film.mp4", "--config", str(tmp_path / "restore.toml"))


@pytest.mark.parametrize("value", [DEEP, "9" * 400])
def test_settings_of_training_beyond_all_measure_are_refused(value: str) -> None:
    assert "--set" in line_of("train", "compact", "--images", ".", "--out", "out", "--set", f"learning_rate={value}")


@pytest.mark.parametrize("args", [[LONG], ["archive", LONG, "--out", "o"], ["still", LONG, "--at", "0", "-o", "a.png"]])
def test_names_longer_than_the_system_takes_are_refused(args: list[str]) -> None:
    assert "so long a name; choose a shorter one" in line_of(*args)


def test_a_command_that_ends_by_any_error_says_nothing_later() -> None:
    show = Lines()

    def refused() -> None:
        with shown_by(show):
            show(Opened(Path(LONG)))
            raise click.UsageError("no such thing")

    with pytest.raises(click.UsageError):
        refused()
    assert show.slow is None
