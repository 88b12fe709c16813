"""A cluster that is not there is told in words."""

from __future__ import annotations

import pytest

from pipelines.errors import SettingsError


@pytest.mark.parametrize(
    ("address", "error", "told"),
    [
        ("", Exception("The current node timed out during startup.\nmore"), "Ray did not start on this machine"),
        ("10.0.0.1:6379", ConnectionError("Could not find any running Ray instance."), "at 10.0.0.1:6379"),
    ],
)
def test_ray_that_does_not_start_is_reported_in_one_line(
    monkeypatch: pytest.MonkeyPatch, address: str, error: Exception, told: str
) -> None:
    ray = pytest.importorskip("ray", reason="needs the extra ray")
    from pipelines.on_ray.cluster import cluster

    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", fail)
    with pytest.raises(SettingsError, match=told) as caught, cluster(address):
        pass
    assert "\n" not in str(caught.value)
