"""Which devices make a pool: several, or one GPU with cores for segments side by side."""

from __future__ import annotations

import pytest

from restore.devices import Devices


@pytest.mark.parametrize(
    ("devices", "cores", "has_films", "is_pool"),
    [
        (Devices(), 64, False, False),
        (Devices(gpus=1), 4, False, False),
        (Devices(gpus=1), 5, False, True),
        (Devices(gpus=1), 2, True, True),
        (Devices(gpus=2), 2, False, True),
        (Devices(workers=1), 64, False, False),
        (Devices(workers=1), 2, True, True),
        (Devices(workers=2), 2, False, True),
        (Devices(gpus=1, address="10.0.0.1:6379"), 2, False, True),
    ],
)
def test_one_gpu_is_a_pool_where_there_are_cores_to_feed_it(
    monkeypatch: pytest.MonkeyPatch, devices: Devices, cores: int, has_films: bool, is_pool: bool
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    assert devices.is_pool(has_films) is is_pool
