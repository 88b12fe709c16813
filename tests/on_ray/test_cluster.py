"""How a run joins a cluster or starts Ray, and that one that is not there is named in one line."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from pipelines.errors import SettingsError

ray = pytest.importorskip("ray", reason="needs the extra ray")
from pipelines.on_ray.cluster import cluster  # noqa: E402

Calls = list[dict[str, Any]]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """The calls of `ray.init` and `ray.shutdown`, which do nothing here."""
    asked: Calls = []
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", lambda **how: asked.append(how))
    monkeypatch.setattr(ray, "shutdown", lambda: asked.append({"ends": True}))
    return asked


@pytest.mark.parametrize(
    ("address", "error", "message"),
    [
        ("", Exception("The current node timed out during startup.\nmore"), "Ray did not start on this machine"),
        ("local", Exception("The current node timed out during startup."), "Ray did not start on this machine"),
        ("10.0.0.1:6379", ConnectionError("Could not find any running Ray instance."), "at 10.0.0.1:6379"),
    ],
)
def test_ray_that_does_not_start_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, calls: Calls, address: str, error: Exception, message: str
) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(ray, "init", fail)
    with pytest.raises(SettingsError, match=message) as caught, cluster(address):
        pass
    assert "\n" not in str(caught.value)
    assert calls == []


@pytest.mark.parametrize("address", ["", "local"])
def test_without_an_address_ray_starts_on_this_machine_and_ends_with_the_block(calls: Calls, address: str) -> None:
    with cluster(address):
        assert [how["address"] for how in calls] == ["local"]
    assert calls[1:] == [{"ends": True}]


def printer() -> Callable[..., None]:
    """Prints what Ray passes on of other processes."""
    return ray._private.worker.print_to_stdstream  # type: ignore[no-any-return]


@pytest.mark.parametrize(("shows", "level"), [(False, logging.ERROR), (True, logging.INFO)])
def test_what_other_processes_print_is_shown_where_that_is_asked_for(calls: Calls, shows: bool, level: int) -> None:
    before = printer()
    with cluster("10.0.0.1:6379", log_to_driver=shows):
        assert (printer() is before) == shows
    assert printer() is before
    assert calls[0] == {"address": "10.0.0.1:6379", "log_to_driver": shows, "logging_level": level}
