"""`restore doctor` tells what this machine has."""

from __future__ import annotations

from importlib.metadata import version

import pytest
from click.testing import CliRunner

from restore import doctor
from restore.cli import main


def test_names_every_package_of_a_plain_installation_and_none_of_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    required = ["pillow>=11.3", "opencv-python<6,>=5", "pytest>=9; extra == 'dev'", "ray[train]<3,>=2; extra == 'ray'"]
    monkeypatch.setattr(doctor, "requires", lambda _: required)
    assert doctor.packages() == ["pillow", "opencv-python"]
    said = CliRunner().invoke(main, ["doctor"]).output.splitlines()
    assert f"ok   pillow {version('pillow')}" in said


def test_a_package_that_is_missing_is_reported_and_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "packages", lambda: ["pillow", "no-such-package"])
    result = CliRunner().invoke(main, ["doctor"])
    assert (result.exit_code, result.output.count("BAD")) == (1, 1)
    assert "BAD  no-such-package is not installed; pip install no-such-package" in result.output
