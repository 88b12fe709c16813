"""Python's collector rests while a command imports, and works while it runs and after it."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipelines.errors import InputError
from restore.cli import main


def test_collector_works_while_a_film_is_restored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def prepare(path: Path, *_: object, **__: object) -> None:
        seen.append(gc.isenabled())
        raise InputError(path, "is none", "name another")

    monkeypatch.setattr("restore.api.prepare", prepare)
    assert CliRunner().invoke(main, [str(tmp_path / "film.mp4")]).exit_code == 1
    assert seen == [True]
    assert gc.isenabled()


def test_collector_is_on_again_after_a_command_that_imports_little() -> None:
    assert CliRunner().invoke(main, ["weights", "where"]).exit_code == 0
    assert gc.isenabled()
