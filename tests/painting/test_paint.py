"""Where a device's memory is short, a batch is coloured in parts, or fails in words; never gray."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.errors import BrokenError, SettingsError, StageError
from pipelines.frames import AnchorBatch, Painted
from pipelines.media.probe import probe
from pipelines.painting import device, paint, painter
from pipelines.painting.choice import Chosen, choose
from pipelines.painting.colorize import Colorize
from pipelines.painting.paint import Paint, PaintOrder
from pipelines.painting.painter import Loaded
from pipelines.settings import PaintSettings, Settings
from tests.made import clips
from tests.made.runs import save_random_network

FULL = (
    torch.OutOfMemoryError("CUDA out of memory"),
    RuntimeError("GET was unable to find an engine to execute this computation"),
    torch.AcceleratorError("CUDA error: out of memory"),
)


@pytest.fixture
def order(settings: Settings, tmp_path: Path) -> PaintOrder:
    """A whole batch of four anchors, a second from each to the next."""
    lightness = np.random.default_rng(0).integers(0, 256, (4, 64, 96), np.uint8)
    film = probe(clips.plain(tmp_path / "film.mp4"))
    second = int(1 / film.picture.time_base)
    return PaintOrder(
        film, choose(settings.paint), AnchorBatch(tuple(n * second for n in range(1, 5)), (0,) * 4, lightness)
    )


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Memory for as many anchors as its first item says; the sizes that were tried are added to it."""
    sizes, errors = [4], cycle(FULL)

    class Short(Colorize):
        def __call__(self, *batch: object) -> Painted:
            sizes.append(self.painter.batch)
            if self.painter.batch > sizes[0]:
                raise next(errors)
            return super().__call__(*batch)  # type: ignore[arg-type]

    monkeypatch.setattr(paint, "Colorize", Short)
    return sizes


@pytest.mark.parametrize(("room", "sizes"), [(4, [4]), (2, [4, 2, 2]), (1, [4, 2, 1, 1, 1, 1])])
def test_a_batch_is_coloured_in_parts_where_memory_is_short(
    order: PaintOrder, tried: list[int], room: int, sizes: list[int]
) -> None:
    tried[0] = room
    paint = Paint()
    painted = paint(order)
    assert tried[1:] == sizes
    assert len(painted.ab) == len(order.anchors.pts)
    assert painted.parts == 4 // room
    assert np.array_equal(paint(order).ab, painted.ab)
    assert tried[1 + len(sizes) :] == [room] * painted.parts  # what does not fit is not tried again
    one = Paint()
    alone = [
        one(replace(order, anchors=AnchorBatch((pts,), (0,), order.anchors.lightness[n : n + 1]))).ab[0]
        for n, pts in enumerate(order.anchors.pts)
    ]
    assert np.abs(painted.ab - np.stack(alone)).max() < 1
    assert np.abs(painted.ab).max(axis=(1, 2, 3)).min() > 1


def test_networks_of_other_films_are_dropped_before_a_batch_is_parted(
    order: PaintOrder, tried: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    loaded = count_loads(monkeypatch)
    paint, other = Paint(), save_random_network(tmp_path / "other.safetensors", seed=1)
    paint(replace(order, chosen=choose(replace(order.chosen.asked, network=str(other)))))
    tried[0] = 2
    rooms = iter([2, 4])  # the second time, when nothing is loaded
    monkeypatch.setattr("torch.cuda.empty_cache", lambda: tried.__setitem__(0, next(rooms)))
    assert paint(order).parts == 1
    assert tried[1:] == [4, 4, 4]
    assert loaded == [str(other), order.chosen.asked.network, order.chosen.asked.network]


def test_a_network_is_loaded_once_for_all_settings_of_how_it_is_run(
    order: PaintOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded, paint = count_loads(monkeypatch), Paint()
    for saturation in (0.5, 0.75, 1.0, 1.25, 1.5) * 2:
        paint(replace(order, chosen=choose(replace(order.chosen.asked, saturation=saturation, temperature=saturation))))
    paint(replace(order, chosen=choose(replace(order.chosen.asked, batch=2, rows=32))))
    assert len(loaded) == 1


def count_loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of networks that are loaded from now on."""
    loaded: list[str] = []

    def load(chosen: Chosen) -> Loaded:
        loaded.append(chosen.asked.network)
        return painter.load(chosen)

    monkeypatch.setattr(paint, "load", load)
    return loaded


class Failing(Colorize):
    """A network whose GPU has failed."""

    def __call__(self, *batch: object) -> Painted:
        raise torch.AcceleratorError("CUDA error: unspecified launch failure\nCUDA kernel errors might be")


def test_a_gpu_that_fails_is_reported_with_what_to_do(order: PaintOrder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paint, "Colorize", Failing)
    with pytest.raises(BrokenError) as caught:
        Paint()(order)
    assert str(caught.value.as_film_error("film.mp4")) == (
        "film.mp4 at 00:00:01.000: the GPU failed (CUDA error: unspecified launch failure); "
        "start again: the run goes on where it stopped"
    )


def test_other_errors_stay_as_they_are(order: PaintOrder, monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong(Colorize):
        def __call__(self, *batch: object) -> Painted:
            raise RuntimeError("The size of tensor a (3) must match")

    monkeypatch.setattr(paint, "Colorize", Wrong)
    with pytest.raises(RuntimeError, match="The size of tensor a"):
        Paint()(order)


def test_a_device_that_is_gone_is_not_taken_for_a_fault_of_the_network(
    order: PaintOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device, "unusable_cuda", lambda: "no CUDA device here")
    chosen = replace(order.chosen, device=torch.device("cuda"))
    with pytest.raises(SettingsError, match=r"film\.mp4: no CUDA device here; --device cpu runs without one$"):
        Paint()(replace(order, chosen=chosen))


@pytest.mark.parametrize(("batch", "sizes"), [(4, [4, 2, 1]), (3, [3, 2, 1]), (2, [2, 1]), (1, [1])])
def test_memory_for_not_even_a_part_of_a_batch_is_reported_with_its_time(
    order: PaintOrder, tried: list[int], batch: int, sizes: list[int]
) -> None:
    tried[0] = 0
    with pytest.raises(StageError) as caught:
        Paint()(replace(order, chosen=replace(order.chosen, batch=batch)))
    assert tried[1:] == sizes
    assert str(caught.value.as_film_error("film.mp4")) == (
        "film.mp4 at 00:00:01.000: the device's memory does not hold 1 anchor at a time; "
        "end what else uses it, or take --device cpu"
    )
    assert order.at == Fraction(1)


def test_the_default_batch_can_be_halved_twice() -> None:
    assert PaintSettings().batch % 4 == 0
