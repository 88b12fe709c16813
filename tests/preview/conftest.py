"""What the tests of looks at a film share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def small(network: Path) -> list[str]:
    """A network that takes little time, on few anchors."""
    return ["--network", str(network), "--device", "cpu", "--anchors", "1"]
