"""The commands that look at a film, as a person types them."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from restore.cli import main


def restore(*args: str | Path) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def done(*args: str | Path) -> list[str]:
    """The lines of a command that must succeed."""
    result = restore(*args)
    assert result.exit_code == 0, result.output
    return result.output.splitlines()
