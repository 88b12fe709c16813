"""A browser, its errors and a network, for tests of the studio's page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pipelines.settings import PaintSettings, Settings
from tests.made.browser import open_browser
from tests.made.runs import save_random_network


@pytest.fixture(scope="module")
def with_points(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a studio, with a network that takes points."""
    network = save_random_network(tmp_path_factory.mktemp("network") / "listens.safetensors", takes_hints=True)
    return Settings(PaintSettings(network=str(network), rows=64, device="cpu"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser for the tests of a module."""
    with open_browser() as opened:
        yield opened


@pytest.fixture
def faults() -> Iterator[list[str]]:
    """Errors of the browser's console; there must be none at the end."""
    found: list[str] = []
    yield found
    assert found == []
