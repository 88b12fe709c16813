"""`restore doctor` tells what this machine has."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest
from click.testing import CliRunner

from restore import doctor
from restore.cli import main
from tests.made.published import save_about


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


def test_tells_the_memory_of_each_network_whose_weights_are_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("models.weights.catalogue.default_folder", lambda: tmp_path)
    for name in ("ddcolor", "eccv16"):
        save_about(name, tmp_path)
    told = [line for is_well, line in doctor.examine() if is_well and "weights are here" in line]
    assert [line.partition(":")[0] for line in told] == ["network ddcolor", "network eccv16"]
    assert told[0].endswith("about 1.9 GB of memory at 512 rows")
